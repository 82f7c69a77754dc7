/** What bundlers make of the package: it stays small in a webview, and whole on Node. */
import { ok } from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'tsdown';

/** For everything a webview needs, minified and gzipped (DESIGN: budgets). */
const BUDGET_BYTES = 40 * 1024;

export async function checkWebviewSize(app) {
  writeFileSync(join(app, 'webview.mjs'), "export * from 'onewal';\n");
  await bundle(app, { entry: 'webview.mjs', outDir: 'webview', platform: 'browser', minify: true });
  const outputs = readdirSync(join(app, 'webview')).map((name) => join(app, 'webview', name));
  const size = outputs.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
  console.log(`  ${(size / 1024).toFixed(1)} KiB of ${BUDGET_BYTES / 1024} KiB`);
  ok(size <= BUDGET_BYTES, 'the webview bundle is over its budget');
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
