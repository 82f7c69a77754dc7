// @ts-check
/**
 * The main process owns the store. Each page that is loaded gets a port of its own, and may do what
 * the policy says, whatever comes to run in it.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Store } from 'onewal';
import { serve } from 'onewal/remote';

const HERE = dirname(fileURLToPath(import.meta.url));

/** @type {import('onewal/remote').Policy} */
export const PAGE_POLICY = {
  read: ['balances', 'settings'],
  write: ['settings'],
  rate: { perSecond: 2000, burst: 500 },
  silence: 0, // Electron tells when the page is gone, and pages in the background sleep
};

/**
 * @param {Pick<typeof import('electron'), 'app' | 'BrowserWindow' | 'MessageChannelMain'>} electron
 * @param {import('onewal').FileSystem | string} location
 */
export async function startApplication({ app, BrowserWindow, MessageChannelMain }, location) {
  await app.whenReady();
  const store = await Store.open(location);
  await store.map('balances').put('alice', 100n);
  const window = new BrowserWindow({
    webPreferences: {
      preload: join(HERE, 'preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
    },
  });
  window.webContents.on('will-navigate', (event) => event.preventDefault());
  // Again at each reload: the port of the page before has ended with it.
  window.webContents.on('did-finish-load', () => {
    const { port1, port2 } = new MessageChannelMain();
    serve(store, port1, PAGE_POLICY);
    window.webContents.postMessage('onewal', null, [port2]);
  });
  closeBeforeQuit(app, store);
  await window.loadFile(join(HERE, 'index.html'));
  return store;
}

/**
 * @param {Pick<import('electron').App, 'on' | 'quit'>} app
 * @param {Store} store
 */
function closeBeforeQuit(app, store) {
  let isClosed = false;
  app.on('will-quit', (event) => {
    if (isClosed) return;
    event.preventDefault();
    store.close().finally(() => {
      isClosed = true;
      app.quit();
    });
  });
}
