/**
 * What an application downloads: the engine and the file system of a browser, with everything that
 * they need, as each bundler minifies them, gzipped.
 */
import { ok } from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { BUNDLERS } from './bundlers.mjs';

/** Those that minify. */
const MINIFYING = ['esbuild', 'vite', 'webpack'];

/** KiB, of each bundler. It only goes down. */
const BUDGET = { opfs: 78 };

/** @param {string} app */
export async function checkSizes(app) {
  console.log('\nEngine and file system, minified and gzipped:');
  for (const entry of ['opfs', 'indexed-db']) {
    for (const bundler of MINIFYING) {
      const size = await bundledSize({ app, entry, bundler });
      console.log(`- ${entry.padEnd(10)} ${bundler.padEnd(10)} ${size.toFixed(1).padStart(6)} KiB`);
      const budget = entry === 'opfs' ? BUDGET.opfs : Number.POSITIVE_INFINITY;
      ok(size <= budget, `${entry} by ${bundler}: ${size.toFixed(2)} KiB, over ${budget} KiB`);
    }
  }
}

/** @param {{ readonly app: string, readonly entry: string, readonly bundler: string }} what */
async function bundledSize({ app, entry, bundler }) {
  const output = join(app, 'bundles', entry, `${bundler}.js`);
  mkdirSync(join(output, '..'), { recursive: true });
  await BUNDLERS[bundler]?.({ app, entry: `${entry}.mjs`, output });
  return gzipSync(readFileSync(output)).length / 1024;
}
