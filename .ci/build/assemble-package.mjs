/**
 * Makes dist/ the package that is published. Its type is commonjs: a file `node.js` at
 * its root is what `require('onewal/node')` finds in bundlers that know no `exports`.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';

const SUBPATHS = [
  'node',
  'memory',
  'opfs',
  'indexed-db',
  'cordova',
  'browser',
  'testing',
  'remote',
  'inspect',
  'kvstore',
];
/** With a file of their own for Node, where a location may be a path. */
const FACADES = ['simple-db', 'storage-backend', 'level'];

const { scripts, devDependencies, allowScripts, type, ...shared } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);

/** Both formats of the entry at `path`, each with types of its own. */
function entry(path) {
  return {
    import: { types: `./${path}.d.mts`, default: `./${path}.mjs` },
    require: { types: `./${path}.d.ts`, default: `./${path}.js` },
  };
}

/** Node has a file of its own; the other is for hosts without paths. */
function onEachHost(path) {
  return { node: entry(`${path}-node`), default: entry(path) };
}

const published = {
  ...shared,
  type: 'commonjs',
  // It names the file system of Node: a bundler must not drop that with what is only re-exported.
  sideEffects: ['./*-node.js', './*-node.mjs', './kvstore.js', './kvstore.mjs', './chunks/*-node*'],
  main: './index-node.js',
  module: './index.mjs',
  types: './index-node.d.ts',
  browser: { './index-node.js': './index.js', './node.js': false, './kvstore.js': false },
  bin: { onewal: './cli.mjs' },
  exports: {
    '.': onEachHost('index'),
    ...Object.fromEntries(FACADES.map((path) => [`./${path}`, onEachHost(path)])),
    ...Object.fromEntries(SUBPATHS.map((path) => [`./${path}`, entry(path)])),
    './package.json': './package.json',
  },
};

writeFileSync('dist/package.json', `${JSON.stringify(published, null, 2)}\n`);
for (const file of ['README.md', 'LICENSE']) copyFileSync(file, `dist/${file}`);
