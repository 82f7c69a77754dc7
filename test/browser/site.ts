/** The pages that the tests open: bundled once, served from this machine. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const PAGE = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
const STRICT_POLICY = "default-src 'self'";

export interface Site {
  readonly url: string;
  /** The same page under a content policy that allows neither eval nor WebAssembly. */
  readonly strictUrl: string;
  /** The same page under another name of this machine: an origin with storage of its own. */
  at(host: string): URL;
  /** The largest number that a page has posted. */
  readonly acknowledged: number;
  /** As if none had been posted. */
  forget(): void;
  close(): Promise<void>;
}

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export async function serveSite(): Promise<Site> {
  const scripts = new Map<string, string>();
  for (const name of ['page', 'worker', 'store-worker'])
    scripts.set(`/${name}.js`, await bundle(`page/${name}.ts`));
  let acknowledged = 0;
  const server = createServer((asked, response) => {
    if (asked.method === 'POST') {
      asked.on('data', (number) => {
        acknowledged = Math.max(acknowledged, Number(number));
      });
      asked.on('end', () => response.end());
      return;
    }
    const [path = '', policy] = (asked.url ?? '').split('?');
    const script = scripts.get(path);
    // A worker has the policy of its own script, whatever that of its page.
    const headers = policy === 'strict' ? { 'content-security-policy': STRICT_POLICY } : {};
    const type = script === undefined ? 'text/html' : 'text/javascript';
    response.writeHead(path === '/' || script !== undefined ? 200 : 404, {
      ...headers,
      'content-type': type,
    });
    response.end(script ?? PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    strictUrl: `${url}?strict`,
    at: (host) => new URL(url.replace('127.0.0.1', host.toLowerCase())),
    get acknowledged() {
      return acknowledged;
    },
    forget: () => {
      acknowledged = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bundle(path: string): Promise<string> {
  const made = await rolldown({
    input: source(path),
    platform: 'browser',
    logLevel: 'warn',
    resolve: { alias: { vitest: source('page/vitest.ts') } },
  });
  const { output } = await made.generate({ format: 'esm', codeSplitting: false });
  await made.close();
  return output[0].code;
}
