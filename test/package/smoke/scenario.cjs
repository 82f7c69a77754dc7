/** What a store must be able to do, whichever way and on whichever Node it was loaded. */
const assert = require('node:assert/strict');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

module.exports = {
  tryEveryEntry,
  tryEveryFacade,
  readsBackAfterReopening,
  keepsWhatIsInserted,
  keepsFamiliesApart,
};

async function tryEveryEntry({ main, node, memory, testing, remote, inspect }) {
  const directory = mkdtempSync(join(tmpdir(), 'onewal-smoke-'));
  try {
    await readsBackAfterReopening(main.Store, directory);
    await readsBackAfterReopening(main.Store, new node.NodeFileSystem(join(directory, 'node')));
    await readsBackAfterReopening(main.Store, new memory.MemoryFileSystem());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  assert.equal(typeof testing.SimulatedDisk, 'function');
  await survivesEveryCrash(main.Store, testing.explore);
  await servesAPort(await main.Store.open(new memory.MemoryFileSystem()), remote);
  await showsItsWal(main.Store, new memory.MemoryFileSystem(), inspect);
}

async function showsItsWal(Store, files, { readWals }) {
  const store = await Store.open(files);
  await store.map('m').put('key', 5n);
  const [wal] = await readWals(files);
  const operations = wal.frames.flatMap((frame) => frame.operations);
  assert.deepEqual(operations.at(-1), { type: 'put', map: 'm', key: 'key', value: 5n });
  await store.close();
}

/** Refused where the entry has another copy of the store than the one that was opened. */
async function servesAPort(store, { serve, connect }) {
  const { port1, port2 } = new MessageChannel();
  serve(store, port1, { read: 'all', write: ['m'] });
  const client = await connect(port2);
  await client.map('m').put('key', 5n);
  assert.equal(await client.map('m').get('key'), 5n);
  await client.close();
  await store.close();
}

/** Refused where the store's chance is not that which the explorer seeds. */
async function survivesEveryCrash(Store, explore) {
  const { failures, images } = await explore({
    async run(disk) {
      const store = await Store.open(disk);
      await store.map('m').put('key', 1);
      await store.close();
    },
    async check(disk) {
      await (await Store.open(disk)).close();
    },
    faults: ['crash'],
    budget: 20,
  });
  assert.deepEqual(failures, []);
  assert.ok(images > 10);
}

async function tryEveryFacade({ simpleDb, storageBackend, kvstore }) {
  const directory = mkdtempSync(join(tmpdir(), 'onewal-smoke-'));
  try {
    await keepsWhatIsInserted(simpleDb.SimpleDb, join(directory, 'simple-db'));
    await keepsFamiliesApart(storageBackend.openStorageBackend, join(directory, 'backend'));
    await callsBack(kvstore.openKvstore, join(directory, 'kvstore'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function keepsWhatIsInserted(SimpleDb, location) {
  const db = await SimpleDb.open(location);
  await db.tryInsert('key', Uint8Array.of(1));
  await db.close();

  const reopened = await SimpleDb.open(location);
  assert.deepEqual(reopened.get('key'), Uint8Array.of(1));
  await reopened.close();
}

async function keepsFamiliesApart(openStorageBackend, location) {
  const backend = await openStorageBackend({ location, families: ['coins', 'hints'] });
  await backend.put('coins', Uint8Array.of(1), Uint8Array.of(2));
  assert.deepEqual(await backend.get('coins', Uint8Array.of(1)), Uint8Array.of(2));
  assert.equal(await backend.get('hints', Uint8Array.of(1)), undefined);
  await backend.close();
}

async function callsBack(openKvstore, location) {
  const kvstore = openKvstore(location);
  await kvstore.batch().put('key', 'value').write({ sync: true });
  assert.equal(await new Promise((resolve) => kvstore.get('key', resolve)), 'value');
  const keys = [];
  for await (const key of kvstore.createKeyStream({ gte: 'k' })) keys.push(key);
  assert.deepEqual(keys, ['key']);
  await kvstore.close();
}

async function readsBackAfterReopening(Store, location) {
  const value = { amount: 5n, bytes: Uint8Array.of(1, 2), at: new Date(0) };
  const store = await Store.open(location);
  await store.map('balances').put(['alice', 1], value);
  await store.close();

  const reopened = await Store.open(location);
  assert.deepEqual(reopened.map('balances').get(['alice', 1]), value);
  await reopened.close();
}
