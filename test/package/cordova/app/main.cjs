/** The page of the app: what a test asks of it stands in `globalThis.app`. */
const { Store } = require('onewal');
const { openBest } = require('onewal/browser');
const { CordovaFileSystem } = require('onewal/cordova');

const PERSISTENT = 1;

/** The plugin is there, and so is the room that it asks Chromium for. */
const ready = new Promise((resolve) => {
  document.addEventListener('deviceready', () => {
    if (window.isFilePluginReadyRaised()) resolve();
    else window.addEventListener('filePluginIsReady', () => resolve(), { once: true });
  });
});

/** `cordova.file.dataDirectory` is no URL of a page that a server gave. */
async function root() {
  await ready;
  return new Promise((resolve, reject) => {
    window.requestFileSystem(PERSISTENT, 5 << 20, (system) => resolve(system.root), reject);
  });
}

globalThis.app = {
  /** Commits so many entries behind those that are there, with a checkpoint between them. */
  async commit(count) {
    const store = await Store.open(new CordovaFileSystem('wallet', { within: await root() }));
    const map = store.map('m');
    const found = map.getCount();
    for (let n = found; n < found + count; n++) await map.put(n, `value ${n}`);
    await store.checkpoint();
    await map.put(found + count, `value ${found + count}`);
    const isSound = [...map.getRange()].every(({ key, value }) => value === `value ${key}`);
    const { damage } = await store.verify();
    return { found, isSound, damage: damage.length, durability: store.info.durability };
  },

  async choose() {
    const { store, choice } = await openBest('wallet', { cordova: { within: await root() } });
    const count = store.map('m').getCount();
    await store.close();
    return { kind: choice.kind, reason: choice.reason, count };
  },
};
