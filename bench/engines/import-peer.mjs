// @ts-check
/** Peers are installed in bench/peers: nothing native of theirs comes with this package. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const PEERS = fileURLToPath(new URL('../peers', import.meta.url));
const require = createRequire(join(PEERS, 'package.json'));

/** @param {string} name */
export function importPeer(name) {
  return import(pathToFileURL(require.resolve(name)).href);
}

/** @param {string} name @returns {string} */
export function versionOfPeer(name) {
  const manifest = join(PEERS, 'node_modules', name, 'package.json');
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}
