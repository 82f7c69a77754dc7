/**
 * Makes dist/ the package that is published. Its type is commonjs: a file `node.js` at
 * its root is what `require('onewal/node')` finds in bundlers that know no `exports`.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';

const SUBPATHS = ['node', 'memory', 'testing'];

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

const published = {
  ...shared,
  type: 'commonjs',
  // They name the file system of Node: a bundler must not drop that with what is only re-exported.
  sideEffects: [
    ...['./index-node.js', './index-node.mjs', './chunks/index-node*'],
    ...['./level.js', './level.mjs'],
  ],
  main: './index-node.js',
  module: './index.mjs',
  types: './index-node.d.ts',
  browser: {
    './index-node.js': './index.js',
    './level.js': './level-portable.js',
    './node.js': false,
  },
  bin: { onewal: './cli.mjs' },
  exports: {
    '.': { node: entry('index-node'), default: entry('index') },
    './level': { node: entry('level'), default: entry('level-portable') },
    ...Object.fromEntries(SUBPATHS.map((path) => [`./${path}`, entry(path)])),
    './package.json': './package.json',
  },
};

writeFileSync('dist/package.json', `${JSON.stringify(published, null, 2)}\n`);
for (const file of ['README.md', 'LICENSE']) copyFileSync(file, `dist/${file}`);
