// @ts-check
/** Makes plain JavaScript of the prover, which is TypeScript. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/** Some gates make bundles of their own, of the programs in it that they start. */
const PROGRAMS = 'test/processes';

/**
 * @typedef {object} Place
 * @property {string} workerFile The bundle of worker.ts.
 * @property {string} fingerprint Of everything that a piece runs.
 */

/**
 * Writes main.mjs and worker.mjs, with what they share, to a directory that should be empty.
 *
 * @param {string} directory
 * @param {import('rolldown').RolldownPluginOption} [plugins]
 * @returns {Promise<Place>}
 */
export async function bundleProver(directory, plugins) {
  const input = { main: 'test/prove/main.ts', worker: 'test/prove/worker.ts' };
  const external = ['rolldown'];
  const bundle = await rolldown({ input, platform: 'node', logLevel: 'warn', external, plugins });
  await bundle.write({ dir: directory, format: 'esm', entryFileNames: '[name].mjs' });
  await bundle.close();
  const hash = createHash('sha256');
  for (const file of [...filesIn(directory), ...filesIn(PROGRAMS)]) hash.update(readFileSync(file));
  return { workerFile: join(directory, 'worker.mjs'), fingerprint: hash.digest('hex') };
}

/** @param {string} directory */
function filesIn(directory) {
  return readdirSync(directory)
    .sort()
    .map((name) => join(directory, name));
}
