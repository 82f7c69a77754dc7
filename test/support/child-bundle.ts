/** TypeScript made runnable by a plain `node`: for tests that need processes of their own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll } from 'vitest';

const bundles = new Map<string, Promise<string>>();
const directories: string[] = [];

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/**
 * The path of an .mjs file that holds `entryFile` with everything it imports but Node's modules.
 * Made once per entry, and removed after the tests of the file that imports this.
 */
export function bundleForNode(entryFile: string): Promise<string> {
  const bundle = bundles.get(entryFile) ?? makeBundle(entryFile);
  bundles.set(entryFile, bundle);
  return bundle;
}

async function makeBundle(entryFile: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'onewal-bundle-'));
  directories.push(directory);
  const file = join(directory, `${basename(entryFile, '.ts')}.mjs`);
  const bundle = await rolldown({ input: entryFile, platform: 'node', logLevel: 'warn' });
  await bundle.write({ file, format: 'esm' });
  await bundle.close();
  return file;
}
