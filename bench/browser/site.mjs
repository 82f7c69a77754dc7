// @ts-check
/** The page and its worker: bundled once, served from this machine. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const PEERS = fileURLToPath(new URL('peers', import.meta.url));
const PAGE = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
/** Clocks of pages that share nothing with others are finer. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};
const TYPES = { js: 'text/javascript', wasm: 'application/wasm', html: 'text/html' };

export async function serveSite() {
  const files = new Map([
    ['/', { type: TYPES.html, content: PAGE }],
    ['/page.js', { type: TYPES.js, content: await bundle('page.mjs') }],
    ['/worker.js', { type: TYPES.js, content: await bundle('worker.mjs') }],
    [
      '/sqlite3.wasm',
      {
        type: TYPES.wasm,
        content: readFileSync(peer('@sqlite.org/sqlite-wasm/dist/sqlite3.wasm')),
      },
    ],
  ]);
  const server = createServer((asked, response) => {
    const file = files.get(asked.url ?? '');
    response.writeHead(file === undefined ? 404 : 200, {
      ...ISOLATED,
      'content-type': file?.type ?? TYPES.html,
    });
    response.end(file?.content);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** @param {string} path */
const peer = (path) => join(PEERS, 'node_modules', path);

/** @param {string} name */
export const versionOfPeer = (name) =>
  JSON.parse(readFileSync(peer(`${name}/package.json`), 'utf8')).version;

/** @param {string} path */
async function bundle(path) {
  const source = (/** @type {string} */ file) =>
    fileURLToPath(new URL(`../../src/${file}`, import.meta.url));
  const made = await rolldown({
    input: fileURLToPath(new URL(path, import.meta.url)),
    platform: 'browser',
    logLevel: 'silent',
    // Its paths lead to what is for Node.
    tsconfig: false,
    resolve: {
      modules: [peer('.'), 'node_modules'],
      alias: {
        'onewal/indexed-db': source('fs/indexed-db.ts'),
        'onewal/opfs': source('fs/opfs.ts'),
        onewal: source('index.ts'),
        // What browser-level takes from Node.
        buffer: peer('buffer/index.js'),
        events: peer('events/events.js'),
      },
    },
  });
  const { output } = await made.generate({ format: 'esm', codeSplitting: false, minify: true });
  await made.close();
  return output[0].code;
}
