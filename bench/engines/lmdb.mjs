// @ts-check
import { join } from 'node:path';
import { importPeer, versionOfPeer } from './import-peer.mjs';

/** @import { Engine, EngineKind } from '../harness/types.ts' */

/** @type {EngineKind} */
export const lmdb = {
  name: 'lmdb',
  options:
    'binary keys and values, its cache is that of the system; synced: awaits the write, then `db.flushed`; unsynced: `noSync: true`',
  durability: 'synced',
  isNative: true,
  isPersistent: true,
  version: () => versionOfPeer('lmdb'),
  load: () => importPeer('lmdb'),
  async open(directory, { durability }) {
    const { open } = await importPeer('lmdb');
    const binary = { encoding: 'binary', keyEncoding: 'binary' };
    const noSync = durability === 'buffered';
    const root = open({ path: join(directory, 'data.mdb'), maxDbs: 3, noSync });
    const maps = ['entries', 'second', 'third'].map((name) => root.openDB({ name, ...binary }));
    return engineOn(root, maps, durability === 'synced');
  },
};

/** @param {any} root @param {any[]} maps @param {boolean} isSynced @returns {Engine} */
function engineOn(root, maps, isSynced) {
  const [first] = maps;
  const acknowledge = async (/** @type {Promise<unknown>} */ written) => {
    await written;
    if (isSynced) await root.flushed;
  };
  return {
    put: (key, value) => acknowledge(first.put(key, value)),
    commit: (writes) =>
      acknowledge(
        root.batch(() => {
          for (const { map, key, value } of writes) maps[map].put(key, value);
        }),
      ),
    get: (key) => first.get(key),
    scan(visit, options) {
      for (const { key, value } of first.getRange(options)) visit(key, value);
    },
    flush: () => new Promise((resolve) => root.sync(resolve)),
    compact: () => undefined, // it reuses free pages, and has no compaction in place
    close: () => root.close(),
  };
}
