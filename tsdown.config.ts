import { defineConfig, type UserConfig } from 'tsdown';
import { plainFields } from './.ci/build/plain-fields.ts';
import { leanHashWasm, thirdPartyLicenses } from './.ci/build/third-party.ts';

const libraries = {
  index: 'src/index.ts',
  'index-node': 'src/index-node.ts',
  node: 'src/fs/node.ts',
  memory: 'src/fs/memory.ts',
  opfs: 'src/fs/opfs.ts',
  'indexed-db': 'src/fs/indexed-db.ts',
  cordova: 'src/fs/cordova.ts',
  browser: 'src/browser/open-best.ts',
  testing: 'src/testing/index.ts',
  remote: 'src/remote/index.ts',
  inspect: 'src/inspect/index.ts',
  level: 'src/facade/level.ts',
  'level-node': 'src/facade/level-node.ts',
  'simple-db': 'src/facade/simple-db.ts',
  'simple-db-node': 'src/facade/simple-db-node.ts',
  'storage-backend': 'src/facade/storage-backend.ts',
  'storage-backend-node': 'src/facade/storage-backend-node.ts',
  kvstore: 'src/facade/kvstore.ts',
};

/** A database of ours is an `instanceof` what the user has: there must be one of them. */
const PEERS = ['abstract-level'];

type Extension = { readonly js: string; readonly dts: string };

// The type of dist/package.json is commonjs.
const commonJs: Extension = { js: '.js', dts: '.d.ts' };
const module: Extension = { js: '.mjs', dts: '.d.mts' };

function output(extension: Extension): UserConfig {
  return {
    outDir: 'dist',
    clean: false,
    hash: false,
    platform: 'node',
    outExtensions: () => extension,
    // In a folder of their own: `memory` is the name of an entry and of a chunk.
    outputOptions: { chunkFileNames: ({ name }) => `chunks/${chunkFile(name, extension)}` },
  };
}

/** The types of a chunk come under its name and `.d`. */
function chunkFile(name: string, { js, dts }: Extension): string {
  return name.endsWith('.d') ? `${name.slice(0, -2)}${dts}` : `${name}${js}`;
}

function scripts(extension: Extension): UserConfig {
  return {
    ...output(extension),
    dts: false,
    target: 'es2020',
    sourcemap: true,
    minify: false,
    deps: { alwaysBundle: [/^[^.]/], neverBundle: [/^node:/, ...PEERS], onlyBundle: false },
    // proper-lockfile needs of it what node:fs has too, and it patches the fs of the whole process.
    alias: { 'graceful-fs': 'node:fs' },
    inputOptions: { resolve: { mainFields: ['module', 'main'] } },
  };
}

function types(extension: Extension): UserConfig {
  return {
    ...output(extension),
    entry: libraries,
    format: 'esm',
    dts: { emitDtsOnly: true },
  };
}

export default defineConfig([
  {
    ...scripts(module),
    entry: { ...libraries, cli: 'src/cli/main.ts' },
    format: 'esm',
    plugins: [plainFields(), leanHashWasm(), thirdPartyLicenses()],
  },
  {
    ...scripts(commonJs),
    entry: libraries,
    format: 'cjs',
    plugins: [plainFields(), leanHashWasm()],
  },
  types(module),
  types(commonJs),
]);
