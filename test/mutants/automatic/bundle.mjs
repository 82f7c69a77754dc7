// @ts-check
/** Builds the tests together with an engine that holds all mutants. */
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { instrument } from './instrument.mjs';

/** @import { AutomaticMutant } from './mutants.mjs' */

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const SWITCH = here('switch.mjs');
/** How the text asks whether a mutant is there. */
const ASKS = {
  /** Says, too, that its place was reached. */
  covering: (/** @type {number} */ id) => `$mutant.at(${id})`,
  fast: (/** @type {number} */ id) => `($mutant.id === ${id})`,
};

/**
 * Returns the paths of the built test files, and of the switch that they share.
 *
 * @param {object} plan
 * @param {string} plan.root
 * @param {string} plan.directory
 * @param {readonly string[]} plan.tests
 * @param {readonly AutomaticMutant[]} plan.mutants
 * @param {keyof typeof ASKS} plan.asks
 */
export async function bundleTests({ root, directory, tests, mutants, asks }) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'dir');
  const names = tests.map((test) => test.replaceAll('/', '-').replace(/\.ts$/, ''));
  const build = await rolldown({
    cwd: root,
    input: {
      ...Object.fromEntries(tests.map((test, i) => [names[i], join(root, test)])),
      switch: SWITCH,
    },
    platform: 'node',
    logLevel: 'silent',
    resolve: { alias: { vitest: here('test-library.mjs') } },
    external: (id) => !id.startsWith('.') && !id.startsWith('/') && !/^onewal|^vitest$/.test(id),
    plugins: [switches({ root, mutants, asks }), ownUrl()],
  });
  await build.write({ dir: directory, format: 'esm', entryFileNames: '[name].mjs' });
  await build.close();
  return {
    files: tests.map((test, i) => ({ test, path: join(directory, `${names[i]}.mjs`) })),
    switchPath: join(directory, 'switch.mjs'),
  };
}

/** @param {{ root: string, mutants: readonly AutomaticMutant[], asks: keyof typeof ASKS }} plan */
function switches({ root, mutants, asks }) {
  return {
    name: 'switches',
    /** @param {string} id */
    load(id) {
      const file = relative(root, id);
      const inFile = mutants.filter((mutant) => mutant.file === file);
      if (inFile.length === 0) return null;
      const text = instrument(readFileSync(id, 'utf8'), inFile, ASKS[asks]);
      const code = `import { mutant as $mutant } from ${JSON.stringify(SWITCH)};\n${text}`;
      return { code, moduleType: /** @type {const} */ ('ts') };
    },
  };
}

/** Tests look for files beside themselves. */
function ownUrl() {
  return {
    name: 'own-url',
    /** @param {string} code @param {string} id */
    transform(code, id) {
      if (!code.includes('import.meta.url')) return null;
      const url = JSON.stringify(pathToFileURL(id).href);
      return { code: code.replaceAll('import.meta.url', url), map: null };
    },
  };
}
