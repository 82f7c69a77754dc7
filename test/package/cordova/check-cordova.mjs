/**
 * Builds an app of Cordova with the package in it, for the platform `browser`, and runs it in
 * Chromium, where the plugin's files are Chromium's own.
 */
import { deepEqual, ok } from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { BUNDLERS } from '../bundlers/bundlers.mjs';
import { run, step } from '../run.mjs';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
const PAGE =
  '<!doctype html><meta charset="utf-8">' +
  '<script src="cordova.js"></script><script src="app.js"></script>';
const COMMITS = 20;

const folder = mkdtempSync(join(tmpdir(), 'onewal-cordova-'));
try {
  const tools = step('npm install', () => install(folder));
  const www = step('cordova create, platform, plugin', () => create(tools));
  await step('browserify', () => bundle(tools, www));
  await step('Chromium', () => live(www));
  console.log('\nA store in the files of Cordova is there after a reload.');
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** @param {string} directory */
function install(directory) {
  const tools = join(directory, 'tools');
  mkdirSync(tools);
  cpSync('test/package/cordova/package.json', join(tools, 'package.json'));
  cpSync('test/package/cordova/app/main.cjs', join(tools, 'main.cjs'));
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: tools });
  run('npm', ['pack', resolve('dist'), '--pack-destination', directory]);
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  ok(tarball, 'npm pack made no tarball');
  const options = ['--no-save', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  run('npm', ['install', ...options, join(directory, tarball)], { cwd: tools });
  return tools;
}

/**
 * @param {string} tools
 * @returns {string} The folder that the platform serves.
 */
function create(tools) {
  const app = join(tools, 'app');
  const cordova = join(tools, 'node_modules', '.bin', 'cordova');
  const env = { ...process.env, CI: '1' };
  run(cordova, ['create', app, 'org.onewal.check', 'Check', '--no-telemetry'], { cwd: tools, env });
  for (const [kind, name] of [
    ['platform', 'cordova-browser'],
    ['plugin', 'cordova-plugin-file'],
  ]) {
    const source = join(tools, 'node_modules', name);
    run(cordova, [kind, 'add', source, '--no-telemetry'], { cwd: app, env });
  }
  return join(app, 'platforms', 'browser', 'www');
}

/**
 * @param {string} tools
 * @param {string} www
 */
async function bundle(tools, www) {
  await BUNDLERS.browserify?.({ app: tools, output: join(www, 'app.js') });
}

/** @param {string} www */
async function live(www) {
  const { url, close } = await serve(www);
  const browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: CHROMIUM,
    args: FLAGS,
    timeout: 120_000,
  });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    const first = await page.evaluate((count) => globalThis.app.commit(count), COMMITS);
    // Nothing was closed.
    await page.reload();
    const second = await page.evaluate((count) => globalThis.app.commit(count), COMMITS);
    await page.reload();
    const chosen = await page.evaluate(() => globalThis.app.choose());

    const sound = { isSound: true, damage: 0, durability: 'none' };
    deepEqual(first, { found: 0, ...sound });
    deepEqual(second, { found: COMMITS + 1, ...sound });
    deepEqual(chosen, { kind: 'cordova', reason: 'found', count: 2 * (COMMITS + 1) });
  } finally {
    await browser.close();
    close();
  }
}

/** @param {string} www */
async function serve(www) {
  const server = createServer(({ url = '/' }, response) => {
    const path = new URL(url, 'http://localhost').pathname;
    try {
      const content = path === '/' ? PAGE : readFileSync(join(www, path));
      const type = path.endsWith('.js') ? 'text/javascript' : 'text/html';
      response.writeHead(200, { 'content-type': type }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', () => listening(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}
