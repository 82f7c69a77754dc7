// @ts-check
/** The page, bundled with onewal/remote: it has no Node, and no file. */
import { connect } from 'onewal/remote';

/** @typedef {{ data: unknown, ports: import('onewal/remote').PortLike[] }} PortEvent */

const page = /** @type {EventTarget} */ (/** @type {unknown} */ (globalThis));

if ('document' in globalThis) {
  page.addEventListener('message', (event) => {
    const { data, ports } = /** @type {PortEvent} */ (/** @type {unknown} */ (event));
    if (data === 'onewal' && ports[0] !== undefined) usePort(ports[0]).then(console.log);
  });
}

/**
 * Shows what there is, and remembers when it was shown.
 *
 * @param {import('onewal/remote').PortLike} port
 */
export async function usePort(port) {
  const store = await connect(port);
  const balances = store.map('balances');
  const settings = store.map('settings');
  const visits = await store.transaction(async (transaction) => {
    const own = transaction.map(settings);
    const count = Number((await own.get('visits')) ?? 0) + 1;
    own.put('visits', count);
    return count;
  });
  const refused = await balances.put('alice', 1_000_000n).catch((error) => error.code);
  return { alice: await balances.get('alice'), visits, refused };
}
