/** Installs the package in an application of each bundler, bundles it for the web, and runs what comes out. */
import { deepEqual, ok } from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { run } from '../run.mjs';
import { evaluations, importedSource, isBuffer, parseFile } from '../source.mjs';
import { BUNDLERS } from './bundlers.mjs';
import { showFirstRead } from './first-read.mjs';
import { checkSizes } from './sizes.mjs';
import { runInPage } from './web-page.mjs';

const EXPECTED = {
  amount: '95',
  bytes: [1, 2],
  count: 7,
  inserted: [3],
  refusal: 'INVALID_ARGUMENT',
};

const folder = mkdtempSync(join(tmpdir(), 'onewal-bundlers-'));
try {
  const app = install(folder);
  for (const name of Object.keys(BUNDLERS)) await checkBundler(name, app);
  console.log('\nEvery bundler makes of it what runs in a page.');
  await checkSizes(app);
  showFirstRead(app);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @param {string} directory */
function install(directory) {
  const app = join(directory, 'app');
  mkdirSync(app);
  for (const file of [
    'package.json',
    'package-lock.json',
    ...readdirSync('test/package/bundlers/app').map((name) => `app/${name}`),
  ]) {
    cpSync(join('test/package/bundlers', file), join(app, file.replace(/^app\//, '')));
  }
  run('npm', ['ci', '--ignore-scripts'], { cwd: app });
  run('npm', ['pack', resolve('dist'), '--pack-destination', directory]);
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  ok(tarball, 'npm pack made no tarball');
  run('npm', ['install', '--no-save', '--offline', '--ignore-scripts', join(directory, tarball)], {
    cwd: app,
  });
  return app;
}

/**
 * @param {string} name
 * @param {string} app
 */
async function checkBundler(name, app) {
  const output = join(app, 'bundles', `${name}.js`);
  mkdirSync(join(output, '..'), { recursive: true });
  await BUNDLERS[name]?.({ app, output });
  const script = readFileSync(output, 'utf8');
  checkScript(name, output);
  for (const hasWebAssembly of [true, false]) {
    deepEqual(
      await runInPage(script, { hasWebAssembly }),
      EXPECTED,
      `${name}, WebAssembly: ${hasWebAssembly}`,
    );
  }
  console.log(
    `- ${name.padEnd(10)} ${(gzipSync(script).length / 1024).toFixed(1).padStart(6)} KiB gzipped`,
  );
}

/**
 * ES2020, nothing of Node, and no stand-in for Node's Buffer drawn in.
 *
 * @param {string} name
 * @param {string} path
 */
function checkScript(name, path) {
  const nodes = parseFile(path);
  deepEqual(nodes.filter(isBuffer), [], `${name}: it mentions Buffer`);
  deepEqual(evaluations(nodes), [], `${name}: it evaluates text`);
  const ofNode = nodes.flatMap(importedSource).filter((source) => source.startsWith('node:'));
  deepEqual(ofNode, [], `${name}: it asks for modules of Node`);
}
