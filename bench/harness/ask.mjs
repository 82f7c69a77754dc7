// @ts-check
/** Asks a question, here or in a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { engineNamed } from '../engines/all.mjs';
import { questionNamed } from '../questions/all.mjs';
import { Entries } from './entries.mjs';

/** @import { Figures, Scale } from './types.ts' */

/** @typedef {{ question: string, engine: string, directory: string, scale: Scale, isBare?: boolean }} Request */

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url));

/** @param {Request} request @returns {Promise<Figures>} */
export async function ask({ question, engine, directory, scale, isBare }) {
  const { measure, bare } = questionNamed(question);
  const run = isBare ? bare : measure;
  const entries = new Entries({ seed: scale.seed });
  return (await run?.({ kind: engineNamed(engine), directory, scale, entries })) ?? {};
}

/** @param {Request} request @param {string[]} [flags] for Node @returns {Figures} */
export function askInProcess(request, flags = []) {
  const { node } = engineNamed(request.engine);
  const { status, signal, output } = spawnSync(
    node?.() ?? process.execPath,
    ['--expose-gc', '--no-warnings', ...flags, CHILD, JSON.stringify(request)],
    { stdio: ['ignore', 'inherit', 'inherit', 'pipe'], encoding: 'utf8' },
  );
  if (status === 0) return JSON.parse(output[3] ?? '');
  throw new Error(`${request.engine} did not answer ${request.question}: ${signal ?? status}`);
}
