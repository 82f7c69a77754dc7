// @ts-check
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

/** @import { Figures, Question } from '../harness/types.ts' */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KIB = 1024;

const ENGINE = 'export { Store } from "dist/index.mjs";';

/** What is imported from the built package. */
const PARTS = /** @type {const} */ ([
  ['core, for a webview', ENGINE],
  ['core and OPFS', `${ENGINE} export { OpfsFileSystem } from "dist/opfs.mjs";`],
  ['files in memory', 'export { MemoryFileSystem } from "dist/memory.mjs";'],
  ['for Node', 'export { Store } from "dist/index-node.mjs";'],
  ['simple-db', 'export * from "dist/simple-db.mjs";'],
  ['storage-backend', 'export * from "dist/storage-backend.mjs";'],
  ['kvstore', 'export * from "dist/kvstore.mjs";'],
  ['level, with abstract-level', 'export * from "dist/level.mjs";'],
]);

/** @type {Question} */
export const size = {
  name: 'size',
  asks: 'How big is what a bundler takes, everything needed, minified and gzipped?',
  directory: 'empty',
  engines: 'onewal',
  rows: PARTS.map(([name]) => ({ name, unit: 'KiB' })),
  async measure() {
    const directory = mkdtempSync(join(ROOT, 'node_modules', '.onewal-size-'));
    try {
      /** @type {Figures} */
      const figures = {};
      for (const [name, script] of PARTS) {
        const entry = join(directory, 'entry.mjs');
        writeFileSync(entry, script.replaceAll('"dist/', `"${ROOT}dist/`));
        figures[name] = await bundledSize(entry);
      }
      return figures;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

/** @param {string} input */
async function bundledSize(input) {
  const bundle = await rolldown({
    input,
    platform: 'browser',
    external: [/^node:/],
    logLevel: 'silent',
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  const bytes = output.reduce(
    (sum, chunk) => sum + (chunk.type === 'chunk' ? gzipSync(chunk.code).length : 0),
    0,
  );
  return bytes / KIB;
}
