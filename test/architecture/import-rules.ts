/** Who may import whom: DESIGN, "Rooms". */
import ts from 'typescript';
import type { Rule } from './rule.ts';
import { isRelative, placeOf, type Source, targetOf } from './source.ts';

/** From the ground up. A room imports from itself and from rooms above it in this list. */
const ROOMS = [
  /^(assert|errors)\.ts$/,
  /^bytes\//,
  /^codec\//,
  /^fs\//,
  /^wal\//,
  /^snapshot\//,
  /^memtable\//,
  /^options\.ts$/,
  /^store\//,
  /^transaction\//,
  /^store\.ts$/,
  /^browser\//,
  /^remote\//,
  /^facade\//,
  /^testing\//,
  /^inspect\//,
  /^index(-node)?\.ts$/,
  /^cli\//,
];

/** The packages that are bundled, each with the only file that may import it. */
const PACKAGES: { readonly [name: string]: string } = {
  '@noble/hashes': 'bytes/checksum.ts',
  'hash-wasm': 'bytes/checksum.ts',
  'proper-lockfile': 'fs/node-lock-file.ts',
};

/** The packages that users bring along, each with the files of the facade that is made for it. */
const PEERS: { readonly [name: string]: RegExp } = {
  'abstract-level': /^facade\/level(-\w+)?\.ts$/,
};

const NODE_FILES =
  /^(fs\/node[^/]*\.ts|store\/host-node\.ts|facade\/kvstore[^/]*\.ts|cli\/.*|index-node\.ts)$/;
const ENTRIES = [
  'index.ts',
  'index-node.ts',
  'fs/node.ts',
  'fs/memory.ts',
  'fs/opfs.ts',
  'fs/indexed-db.ts',
  'fs/cordova.ts',
  'browser/open-best.ts',
  'testing/index.ts',
  'remote/index.ts',
  'inspect/index.ts',
  'facade/level-node.ts',
  'facade/simple-db-node.ts',
  'facade/storage-backend-node.ts',
  'facade/kvstore.ts',
  'cli/main.ts',
];

export const importRules: readonly Rule[] = [
  {
    sentence: 'every file stands in a room',
    find: (sources) =>
      sources.filter(({ path }) => roomOf(path) < 0).map(({ path }) => `src/${path}`),
    broken: [{ 'elsewhere/file.ts': '' }],
  },
  {
    sentence: 'a room imports only from itself and from rooms above it, types included',
    find: (sources) =>
      eachImport(sources, (source, specifier) => {
        return isRelative(specifier) && roomOf(targetOf(source, specifier)) > roomOf(source.path);
      }),
    broken: [{ 'wal/frame.ts': "import type { Store } from '../store.ts';" }],
  },
  {
    sentence: 'relative imports end in .ts',
    find: (sources) =>
      eachImport(
        sources,
        (_source, specifier) => isRelative(specifier) && !specifier.endsWith('.ts'),
      ),
    broken: [{ 'wal/frame.ts': "import { assert } from '../assert';" }],
  },
  {
    sentence: 'only the Node file system, the command line and the entries for Node know Node',
    find: (sources) =>
      eachImport(sources, ({ path }, specifier) => {
        return specifier.startsWith('node:') && !NODE_FILES.test(path);
      }),
    broken: [{ 'store.ts': "import { open } from 'node:fs';" }],
  },
  {
    sentence:
      'each bundled package is imported by one file, a peer by its facade, and no other package by any',
    find: (sources) =>
      eachImport(sources, ({ path }, specifier) => {
        const isHost = isRelative(specifier) || specifier.startsWith('node:');
        return !isHost && ownerOf(specifier) !== path && PEERS[specifier]?.test(path) !== true;
      }),
    broken: [
      { 'snapshot/block.ts': "import { blake3 } from '@noble/hashes/blake3.js';" },
      { 'codec/cbor-value.ts': "import { encode } from 'cbor-x';" },
      { 'facade/simple-db.ts': "import { AbstractLevel } from 'abstract-level';" },
    ],
  },
  {
    sentence: 'index.ts only re-exports',
    find: (sources) =>
      sources
        .filter(({ path }) => path === 'index.ts')
        .flatMap((source) =>
          source.tree.statements
            .filter((statement) => !ts.isExportDeclaration(statement))
            .map((statement) => placeOf(source, statement)),
        ),
    broken: [{ 'index.ts': 'export const version = 1;' }],
  },
  {
    sentence: 'every file is reachable from an entry',
    find: (sources) => {
      const reached = reachableFrom(ENTRIES, sources);
      return sources.filter(({ path }) => !reached.has(path)).map(({ path }) => `src/${path}`);
    },
    broken: [
      { 'index.ts': "export * from './errors.ts';", 'errors.ts': '', 'wal/forgotten.ts': '' },
    ],
  },
];

function roomOf(path: string): number {
  return ROOMS.findIndex((room) => room.test(path));
}

function ownerOf(specifier: string): string | undefined {
  const name = Object.keys(PACKAGES).find((known) => `${specifier}/`.startsWith(`${known}/`));
  return name === undefined ? undefined : PACKAGES[name];
}

function eachImport(
  sources: readonly Source[],
  isBroken: (source: Source, specifier: string) => boolean,
): string[] {
  return sources.flatMap((source) =>
    source.imports
      .filter((specifier) => isBroken(source, specifier))
      .map((specifier) => `src/${source.path} imports ${specifier}`),
  );
}

function reachableFrom(entries: readonly string[], sources: readonly Source[]): Set<string> {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Set(entries);
  for (const path of reached) {
    const source = byPath.get(path);
    for (const specifier of source?.imports ?? []) {
      if (source !== undefined && isRelative(specifier)) reached.add(targetOf(source, specifier));
    }
  }
  return reached;
}
