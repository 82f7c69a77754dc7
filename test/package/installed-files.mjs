import { deepEqual, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const NATIVE = /\.node$|(^|[\\/])binding\.gyp$|\.(c|cc|cpp|h)$/;
const EXPECTED = [
  'LICENSE',
  'README.md',
  'THIRD_PARTY_LICENSES',
  'node.js',
  'memory.js',
  'opfs.js',
  'indexed-db.js',
  'cordova.js',
  'browser.js',
  'level.js',
  'testing.js',
  'remote.js',
  'simple-db.js',
  'storage-backend.js',
  'kvstore.js',
];

/** One package, nothing native, no scripts, every physical file that old bundlers look for. */
export function checkInstalledFiles(installed) {
  const neighbours = readdirSync(dirname(installed)).filter((name) => !name.startsWith('.'));
  deepEqual(neighbours, ['onewal'], 'something else was installed with it');

  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const field of ['dependencies', 'optionalDependencies', 'scripts', 'devDependencies']) {
    ok(!(field in manifest), `package.json has ${field}`);
  }

  const files = readdirSync(installed, { recursive: true }).map(String);
  deepEqual(
    files.filter((file) => NATIVE.test(file)),
    [],
    'native files',
  );
  for (const file of EXPECTED) ok(files.includes(file), `${file} is missing`);
}
