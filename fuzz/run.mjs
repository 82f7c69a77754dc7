/** Bundles the driver, which is TypeScript, and runs it: `npm run fuzz -- --help`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
// Beside node_modules: the driver itself bundles targets.
const directory = mkdtempSync(join(root, 'node_modules', '.onewal-fuzz-'));
try {
  const input = { main: 'fuzz/driver/main.ts', thread: 'fuzz/driver/thread.ts' };
  const external = ['rolldown', 'acorn'];
  const bundle = await rolldown({ input, platform: 'node', logLevel: 'warn', external });
  await bundle.write({ dir: directory, format: 'esm', entryFileNames: '[name].mjs' });
  await bundle.close();
  const { main } = await import(pathToFileURL(join(directory, 'main.mjs')).href);
  process.exitCode = await main(process.argv.slice(2), root);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
