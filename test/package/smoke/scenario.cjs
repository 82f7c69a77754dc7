/** What a store must be able to do, whichever way and on whichever Node it was loaded. */
const assert = require('node:assert/strict');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

module.exports = { tryEveryEntry, readsBackAfterReopening };

async function tryEveryEntry({ main, node, memory, testing }) {
  const directory = mkdtempSync(join(tmpdir(), 'onewal-smoke-'));
  try {
    await readsBackAfterReopening(main.Store, directory);
    await readsBackAfterReopening(main.Store, new node.NodeFileSystem(join(directory, 'node')));
    await readsBackAfterReopening(main.Store, new memory.MemoryFileSystem());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  assert.equal(typeof testing.SimulatedDisk, 'function');
  assert.equal(typeof testing.SimulatedDisk, 'function');
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
