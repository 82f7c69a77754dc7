/** Bundles the prover and runs it: `npm run prove -- --help`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleProver } from './bundle.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
process.chdir(root);
// Beside node_modules: a gate may bundle programs of its own.
const directory = mkdtempSync(join(root, 'node_modules', '.onewal-prove-'));
const tidy = () => rmSync(directory, { recursive: true, force: true });
const stop = () => {
  tidy();
  process.exit(130);
};
process.once('SIGINT', stop).once('SIGTERM', stop);
try {
  const place = await bundleProver(directory);
  const { main } = await import(pathToFileURL(join(directory, 'main.mjs')).href);
  process.exitCode = await main(process.argv.slice(2), {
    ...place,
    directory: join(root, 'node_modules', '.cache', 'onewal-prove'),
  });
} finally {
  tidy();
}
