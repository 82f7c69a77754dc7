/** What is done to bundled packages: their licences are collected, their Buffer is taken away. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Rolldown } from 'tsdown';

/** Emits THIRD_PARTY_LICENSES for every package that has code in the bundle. */
export function thirdPartyLicenses(): Rolldown.Plugin {
  return {
    name: 'third-party-licenses',
    generateBundle(_options, bundle) {
      const directories = new Set<string>();
      for (const output of Object.values(bundle)) {
        if (output.type !== 'chunk') continue;
        for (const id of output.moduleIds) {
          if (id.includes('node_modules')) directories.add(packageDirectory(id));
        }
      }
      const source = [...directories]
        .sort()
        .map(notice)
        .join(`\n${'-'.repeat(80)}\n\n`);
      this.emitFile({ type: 'asset', fileName: 'THIRD_PARTY_LICENSES', source });
    },
  };
}

/**
 * A mention of Buffer makes old bundlers add a shim of it to a page. And WebAssembly in base64, whose
 * characters are no bytes, is a quarter larger when it is compressed than it is in hexadecimal.
 */
export function leanHashWasm(): Rolldown.Plugin {
  return {
    name: 'lean-hash-wasm',
    transform: {
      filter: { id: /node_modules[\\/]hash-wasm[\\/]/ },
      handler: (code) => ({
        code: inHex(code).replaceAll('globalObject.Buffer', 'undefined'),
        map: null,
      }),
    },
  };
}

function inHex(code: string): string {
  const decoding = 'decodeBase64(binary.data)';
  if (!code.includes(decoding)) throw new Error('hash-wasm decodes its modules in another way');
  const modules = code.replace(
    /^(var data(?:\$\w+)? = )"([\w+/=]+)";$/gm,
    (_, start, data) => `${start}"${Buffer.from(data, 'base64').toString('hex')}";`,
  );
  return `${modules.replace(decoding, 'decodeHex(binary.data)')}
function decodeHex(text) {
  const bytes = new Uint8Array(text.length / 2);
  writeHexToUInt8(bytes, text);
  return bytes;
}
`;
}

function packageDirectory(id: string): string {
  let directory = dirname(id.replace(/^\0/, '').replace(/\?.*$/, ''));
  while (!existsSync(join(directory, 'package.json')) || !hasName(directory)) {
    directory = dirname(directory);
  }
  return directory;
}

function hasName(directory: string): boolean {
  return readJson(join(directory, 'package.json')).name !== undefined;
}

function notice(directory: string): string {
  const { name, version, license } = readJson(join(directory, 'package.json'));
  const file = readdirSync(directory).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no licence file`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(directory, file), 'utf8').trim()}\n`;
}

function readJson(path: string): { name?: string; version?: string; license?: string } {
  return JSON.parse(readFileSync(path, 'utf8'));
}
