// @ts-check
/** The same store over the two things that a browser stores. */
import { Store } from 'onewal';
import { IndexedDbFileSystem } from 'onewal/indexed-db';
import { OpfsFileSystem } from 'onewal/opfs';

/** @import { FileSystem, StoreMap } from 'onewal' */
/** @import { BrowserEngineKind } from '../types.ts' */

/** @type {BrowserEngineKind} */
export const onewalOnOpfs = kindOn('onewal', (name) => new OpfsFileSystem(name));

/** @type {BrowserEngineKind} */
export const onewalOnIndexedDb = kindOn('onewal-idb', (name) => new IndexedDbFileSystem(name));

/** @param {string} name @param {(name: string) => FileSystem} makeFiles @returns {BrowserEngineKind} */
function kindOn(name, makeFiles) {
  return {
    name,
    async open(store) {
      const opened = await Store.open(makeFiles(store));
      /** @type {StoreMap<Uint8Array, Uint8Array>} */
      const map = opened.map('entries', { key: 'binary', value: 'binary' });
      return {
        put: (key, value) => map.put(key, value),
        commit: (entries) =>
          opened.batch(
            entries.map(({ key, value }) => ({
              type: /** @type {const} */ ('put'),
              map,
              key,
              value,
            })),
          ),
        get: (key) => map.get(key),
        scan(visit, options) {
          for (const { value } of map.getRange(options)) visit(value);
        },
        close: () => opened.close(),
      };
    },
  };
}
