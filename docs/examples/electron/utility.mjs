// @ts-check
/**
 * Instead of the main process, a utility process may own the store: then its reads and syncs do not
 * keep the main process busy. The main process starts it with the location as argument, and posts it
 * the one end of each MessageChannelMain, the other end of which it posts to the page:
 *
 *     const owner = utilityProcess.fork(join(HERE, 'utility.mjs'), [location]);
 *     owner.postMessage(null, [port1]);
 */
import { Store } from 'onewal';
import { serve } from 'onewal/remote';
import { PAGE_POLICY } from './application.mjs';

const { parentPort } = /** @type {{ parentPort: import('electron').ParentPort }} */ (
  /** @type {unknown} */ (process)
);
const store = await Store.open(process.argv[2] ?? 'wallet');

parentPort.on('message', ({ ports: [port] }) => {
  if (port !== undefined) serve(store, port, PAGE_POLICY);
});
