/** What bundlers make of the package: it stays small in a webview, and whole on Node. */
import { ok } from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'tsdown';

/** For everything a webview needs, minified and gzipped: where it is to get to, and what it must not pass. */
const GOAL_BYTES = 40 * 1024;
const LIMIT_BYTES = 72 * 1024;

export async function checkWebviewSize(app) {
  writeFileSync(join(app, 'webview.mjs'), "export * from 'onewal';\n");
  await bundle(app, { entry: 'webview.mjs', outDir: 'webview', platform: 'browser', minify: true });
  const outputs = readdirSync(join(app, 'webview')).map((name) => join(app, 'webview', name));
  const size = outputs.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
  const [found, goal, limit] = [size, GOAL_BYTES, LIMIT_BYTES].map((bytes) =>
    (bytes / 1024).toFixed(1),
  );
  console.log(`  ${found} KiB; the goal is ${goal}, the limit ${limit}`);
  ok(size <= LIMIT_BYTES, 'the webview bundle has grown past its limit');
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
