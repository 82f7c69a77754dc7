// @ts-check
import { readFileSync } from 'node:fs';

/** @import { Store, StoreMap } from 'onewal' */
/** @import { Engine, EngineKind, Write } from '../harness/types.ts' */

/** @type {EngineKind} */
export const onewal = {
  name: 'onewal',
  options: 'binary keys and values, `cacheBytes`; unsynced: `durability: "buffered"`',
  durability: 'synced',
  isNative: false,
  isPersistent: true,
  version: () =>
    JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version,
  load: () => import('onewal'),
  async open(directory, options) {
    const { Store } = await import('onewal');
    return engineOn(await Store.open(directory, options));
  },
};

/** @param {Store} store @returns {Engine} */
export function engineOn(store) {
  /** @type {StoreMap<Uint8Array, Uint8Array>[]} */
  const maps = ['entries', 'second', 'third'].map((name) =>
    store.map(name, { key: 'binary', value: 'binary' }),
  );
  const [first] = maps;
  if (first === undefined) throw new Error('a store has maps');
  return {
    put: (key, value) => first.put(key, value),
    putNow: (key, value) => first.putSync(key, value),
    commit: (/** @type {readonly Write[]} */ writes) =>
      store.batch(
        writes.map(({ map, key, value }) => ({ type: 'put', map: maps[map] ?? first, key, value })),
      ),
    get: (key) => first.get(key),
    scan(visit, options) {
      for (const { key, value } of first.getRange(options)) visit(key, value);
    },
    flush: () => store.flush(),
    compact: () => store.compact(),
    close: () => store.close(),
  };
}
