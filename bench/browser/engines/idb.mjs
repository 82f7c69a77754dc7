// @ts-check
/** IndexedDB as it is: one object store, strict transactions. */
import { copyOf } from '../copy-of.mjs';
import { outcomeOf } from '../request.mjs';

/** @import { BrowserEngineKind } from '../types.ts' */

/** @typedef {{ put(value: Uint8Array, key: Uint8Array): unknown }} ObjectStore */

const SCAN_COUNT = 1000;
const STORE = 'entries';

/** @type {BrowserEngineKind} */
export const idb = {
  name: 'idb',
  async open(name) {
    const { indexedDB, IDBKeyRange } = /** @type {any} */ (globalThis);
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    const db = await outcomeOf(request);
    const reading = () => db.transaction(STORE, 'readonly').objectStore(STORE);
    /** @param {(store: ObjectStore) => void} write @returns {Promise<void>} */
    const writing = (write) =>
      new Promise((resolve, reject) => {
        const transaction = db.transaction(STORE, 'readwrite', { durability: 'strict' });
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
        write(transaction.objectStore(STORE));
      });
    return {
      put: (key, value) => writing((store) => store.put(copyOf(value), key)),
      commit: (entries) =>
        writing((store) => {
          for (const { key, value } of entries) store.put(copyOf(value), key);
        }),
      get: (key) => outcomeOf(reading().get(key)),
      async scan(visit, { start = new Uint8Array(0), limit = Infinity }) {
        let range = IDBKeyRange.lowerBound(start);
        for (let left = limit; left > 0; ) {
          const store = reading();
          const count = Math.min(left, SCAN_COUNT);
          // Keys are only needed to go on.
          const [values, keys] = await Promise.all([
            outcomeOf(store.getAll(range, count)),
            left > count ? outcomeOf(store.getAllKeys(range, count)) : [],
          ]);
          for (const value of values) visit(value);
          if (values.length < count || left === count) return;
          range = IDBKeyRange.lowerBound(keys.at(-1), true);
          left -= count;
        }
      },
      close: () => db.close(),
    };
  },
};
