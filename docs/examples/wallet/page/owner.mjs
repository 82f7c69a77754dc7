// @ts-check
/**
 * The worker that has the store open, and the only one who does. The page gets ports: one to the
 * store, as far as the policy goes, and one on which the WALs are read aloud.
 */
import { Store } from 'onewal';
import { IndexedDbFileSystem } from 'onewal/indexed-db';
import { readWals } from 'onewal/inspect';
import { OpfsFileSystem } from 'onewal/opfs';
import { serve } from 'onewal/remote';
import { MAPS } from './money/bank.mjs';

/** @import { Policy } from 'onewal/remote' */
/** @typedef {{ readonly storePort: MessagePort, readonly walPort: MessagePort }} Ports */

/** @type {Policy} */
const PAGE_POLICY = {
  read: MAPS,
  write: MAPS,
  allow: ['info', 'stats'],
  rate: { perSecond: 2000, burst: 2000 },
};
const NAME = 'wallet';
/** The worker before this one may not be quite dead yet. */
const LOCK_TIMEOUT_MS = 5000;

const isDatabaseWanted = new URLSearchParams(location.search).get('store') === 'indexed-db';
const opening = openStore();

addEventListener('message', async ({ data }) => {
  try {
    const { store, files } = await opening;
    const { storePort, walPort } = /** @type {Ports} */ (data);
    serve(store, storePort, PAGE_POLICY);
    walPort.onmessage = () => {
      readWals(files).then(
        (wals) => walPort.postMessage({ wals }),
        (error) => walPort.postMessage({ message: error.message }),
      );
    };
    postMessage({ isOpen: true });
  } catch (error) {
    const { code, message } = /** @type {{ code?: string, message: string }} */ (error);
    postMessage({ isOpen: false, code, message });
  }
});

async function openStore() {
  const files =
    !isDatabaseWanted && (await hasPrivateFiles())
      ? new OpfsFileSystem(NAME)
      : new IndexedDbFileSystem(NAME);
  const store = await Store.open(files, { lockTimeout: LOCK_TIMEOUT_MS });
  return { store, files };
}

/** Private windows of some browsers have the methods, and refuse. */
async function hasPrivateFiles() {
  if (!('FileSystemSyncAccessHandle' in globalThis)) return false;
  return navigator.storage.getDirectory().then(
    () => true,
    () => false,
  );
}
