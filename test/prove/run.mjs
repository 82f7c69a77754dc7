/** Bundles the prover, which is TypeScript, and runs it: `npm run prove -- --help`. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
process.chdir(root);
// Beside node_modules: a gate may bundle programs of its own.
const directory = mkdtempSync(join(root, 'node_modules', '.onewal-prove-'));
try {
  const input = { main: 'test/prove/main.ts', worker: 'test/prove/worker.ts' };
  const bundle = await rolldown({
    input,
    platform: 'node',
    logLevel: 'warn',
    external: ['rolldown'],
  });
  await bundle.write({ dir: directory, format: 'esm', entryFileNames: '[name].mjs' });
  await bundle.close();
  const { main } = await import(pathToFileURL(join(directory, 'main.mjs')).href);
  process.exitCode = await main(process.argv.slice(2), {
    workerFile: join(directory, 'worker.mjs'),
    fingerprint: fingerprint(),
    directory: join(root, 'node_modules', '.cache', 'onewal-prove'),
  });
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Of everything that a piece runs. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const name of readdirSync(directory).sort())
    hash.update(readFileSync(join(directory, name)));
  return hash.digest('hex');
}
