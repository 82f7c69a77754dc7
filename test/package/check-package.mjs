/** Packs dist/, installs it in an empty folder, and holds it to what docs promise of the package. */
import { ok } from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundleForNode, checkWebviewSize } from './bundles.mjs';
import { checkInstalledFiles } from './installed-files.mjs';
import { installPeer } from './peers.mjs';
import { run, step } from './run.mjs';
import { checkSource } from './source.mjs';

const OTHER_NODE_VERSIONS = ['18', '24'];
const SMOKE_SCRIPTS = ['import.mjs', 'require.cjs', 'portable.mjs', 'webassembly.mjs'];
const LEVEL_SCRIPTS = ['level-import.mjs', 'level-require.cjs', 'level-alone.mjs'];

const folder = mkdtempSync(join(tmpdir(), 'onewal-package-'));
try {
  await checkPackage(folder);
  console.log('\nThe package is what it promises to be.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function checkPackage(directory) {
  const tarball = step('npm pack', () => pack(directory));
  const app = join(directory, 'app');
  const installed = join(app, 'node_modules', 'onewal');
  step('npm install in an empty folder', () => install(app, tarball));
  step('no dependencies, no native files', () => checkInstalledFiles(installed));
  step('syntax, eval, node: and Buffer', () => checkSource(installed));
  step('publint', () => run(tool('publint'), ['run', installed, '--strict']));
  step('are the types wrong', () => run(tool('attw'), [tarball, '--format', 'table-flipped']));
  await step('size of a webview bundle', () => checkWebviewSize(app));
  await step('bundled for Node', () => smokeBundled(app, 'import.mjs'));
  step('without abstract-level', () => runAll(app, [process.execPath], ['level-without-peer.mjs']));
  step('abstract-level installed beside it', () => installPeer(app, 'abstract-level'));
  await step('the Level entry bundled for Node', () => smokeBundled(app, 'level-alone.mjs'));
  step(`Node ${process.version}`, () => smoke(app, [process.execPath]));
  for (const version of OTHER_NODE_VERSIONS) smokeOn(version, app);
}

function pack(directory) {
  run('npm', ['pack', resolve('dist'), '--pack-destination', directory]);
  const name = readdirSync(directory).find((file) => file.endsWith('.tgz'));
  ok(name, 'npm pack made no tarball');
  return join(directory, name);
}

function install(app, tarball) {
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--offline', '--ignore-scripts', tarball], { cwd: app });
  cpSync(resolve('test/package/smoke'), app, { recursive: true });
}

async function smokeBundled(cwd, script) {
  await bundleForNode(cwd, script);
  run(process.execPath, [join('bundled', script)], { cwd });
}

function smokeOn(version, app) {
  const node = ['npx', '-y', '-p', `node@${version}`, 'node'];
  try {
    run(node[0], [...node.slice(1), '--version']);
  } catch {
    console.log(
      `\n!!!! SKIPPED: npx cannot get Node ${version}; the package is not tried on it !!!!`,
    );
    return;
  }
  step(`Node ${version}`, () => smoke(app, node));
}

function smoke(cwd, node) {
  runAll(cwd, node, [...SMOKE_SCRIPTS, ...LEVEL_SCRIPTS]);
  runAll(cwd, node, ['node_modules/onewal/cli.mjs'], ['--help']);
}

function runAll(cwd, [command, ...prefix], scripts, args = []) {
  for (const script of scripts) run(command, [...prefix, script, ...args], { cwd });
}

function tool(name) {
  return resolve('node_modules', '.bin', name);
}
