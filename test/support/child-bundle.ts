/** TypeScript made runnable by a plain `node`: for tests that need processes of their own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';

const bundles = new Map<string, Promise<string>>();

/**
 * The path of an .mjs file that holds `entryFile` with everything it imports but Node's modules.
 * Made once per entry and removed when this process ends.
 */
export function bundleForNode(entryFile: string): Promise<string> {
  const bundle = bundles.get(entryFile) ?? makeBundle(entryFile);
  bundles.set(entryFile, bundle);
  return bundle;
}

async function makeBundle(entryFile: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'onewal-bundle-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, `${basename(entryFile, '.ts')}.mjs`);
  const bundle = await rolldown({ input: entryFile, platform: 'node', logLevel: 'warn' });
  await bundle.write({ file, format: 'esm' });
  await bundle.close();
  return file;
}
