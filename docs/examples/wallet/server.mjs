// @ts-check
/**
 * A server of files: the page, and the built package under /onewal/. Any other will do that does the
 * two things a bundler would do otherwise: give bare names an address, and send the content policy.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../input-error.mjs';

const PAGE = fileURLToPath(new URL('page/', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../../dist/', import.meta.url));
const PACKAGE_PATH = '/onewal/';
const BARE_NAME = /(from |import )'onewal(?:\/([\w-]+))?'/g;

/** @type {Readonly<Record<string, string>>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
};
/** Of the page and, since it is sent with its script too, of the worker: no eval, no WebAssembly. */
const HEADERS = {
  'content-security-policy': "default-src 'self'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/**
 * Resolves when it listens, on this machine alone. Throws InputError.
 *
 * @param {{ readonly port: number }} options
 */
export async function serveWallet({ port }) {
  if (!existsSync(join(PACKAGE, 'index.mjs'))) {
    throw new InputError('the package is not built: npm run build');
  }
  const server = createServer(answer);
  await new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new InputError(`cannot listen: ${error.message}`)));
    server.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}/`,
    /** @returns {Promise<void>} */
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * @param {import('node:http').IncomingMessage} asked
 * @param {import('node:http').ServerResponse} response
 */
async function answer(asked, response) {
  const path = asked.method === 'GET' ? pathOf(asked.url ?? '/') : undefined;
  const type = path === undefined ? undefined : TYPES[extname(path)];
  const content = path === undefined || type === undefined ? undefined : await contentOf(path);
  if (content === undefined || type === undefined) {
    response.writeHead(404, { ...HEADERS, 'content-type': 'text/plain' }).end('not here\n');
    return;
  }
  response.writeHead(200, { ...HEADERS, 'content-type': type }).end(content);
}

/**
 * Undefined for what is in neither of the two folders.
 *
 * @param {string} address
 */
function pathOf(address) {
  const { pathname } = new URL(address, 'http://localhost');
  const isPackage = pathname.startsWith(PACKAGE_PATH);
  const root = isPackage ? PACKAGE : PAGE;
  const name = isPackage ? pathname.slice(PACKAGE_PATH.length) : pathname.slice(1);
  const path = join(root, name === '' ? 'index.html' : name);
  return path.startsWith(root.endsWith(sep) ? root : root + sep) ? path : undefined;
}

/** @param {string} path */
async function contentOf(path) {
  try {
    const text = await readFile(path, 'utf8');
    if (!path.startsWith(PAGE)) return text;
    return text.replace(BARE_NAME, (_, before, name = 'index') => {
      return `${before}'${PACKAGE_PATH}${name}.mjs'`;
    });
  } catch {
    return undefined;
  }
}
