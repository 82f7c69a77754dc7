/** What bundlers make of the package: it stays small in a webview, and whole on Node. */
import { ok } from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'tsdown';

/** For everything a webview needs, minified and gzipped: where it is to get to, and what it must not pass. */
const GOAL_BYTES = 40 * 1024;
const LIMIT_BYTES = 72 * 1024;

/** What a file system for browsers may add to it. */
const HOST_LIMIT_BYTES = 4 * 1024;
const HOSTS = ['opfs', 'indexed-db', 'cordova'];

export async function checkWebviewSize(app) {
  const size = await sizeOf(app, ['onewal']);
  console.log(`  ${kib(size)} KiB; the goal is ${kib(GOAL_BYTES)}, the limit ${kib(LIMIT_BYTES)}`);
  ok(size <= LIMIT_BYTES, 'the webview bundle has grown past its limit');
  for (const host of HOSTS) {
    const more = (await sizeOf(app, ['onewal', `onewal/${host}`])) - size;
    console.log(`  ${kib(more)} KiB more with ${host}; the limit is ${kib(HOST_LIMIT_BYTES)}`);
    ok(more <= HOST_LIMIT_BYTES, `${host} has grown past its limit`);
  }
}

async function sizeOf(app, entries) {
  const outDir = join('webview', entries.at(-1));
  const lines = entries.map((entry) => `export * from '${entry}';\n`);
  writeFileSync(join(app, 'webview.mjs'), lines.join(''));
  await bundle(app, { entry: 'webview.mjs', outDir, platform: 'browser', minify: true });
  const outputs = readdirSync(join(app, outDir), { withFileTypes: true })
    .filter((output) => output.isFile())
    .map(({ name }) => join(app, outDir, name));
  return outputs.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
}

function kib(bytes) {
  return (bytes / 1024).toFixed(1);
}

/** Leaves the script as a single file: what `sideEffects` lets go of is gone there. */
export async function bundleForNode(app, script) {
  await bundle(app, { entry: script, outDir: 'bundled', platform: 'node' });
}

async function bundle(app, options) {
  await build({
    config: false,
    cwd: app,
    format: 'esm',
    dts: false,
    deps: { alwaysBundle: [/./], neverBundle: [/^node:/], onlyBundle: false },
    logLevel: 'error',
    ...options,
  });
}
