// @ts-check
import { Dexie } from 'dexie';
import { copyOf } from '../copy-of.mjs';

/** @import { BrowserEngineKind } from '../types.ts' */

/** @type {BrowserEngineKind} */
export const dexie = {
  name: 'dexie',
  async open(name) {
    const db = new Dexie(name, { chromeTransactionDurability: 'strict' });
    db.version(1).stores({ entries: '' });
    await db.open();
    const table = db.table('entries');
    return {
      put: (key, value) => table.put(copyOf(value), key),
      commit: (entries) =>
        table.bulkPut(
          entries.map(({ value }) => copyOf(value)),
          entries.map(({ key }) => key),
        ),
      get: (key) => table.get(key),
      async scan(visit, { start, limit }) {
        const all =
          start === undefined ? table.toCollection() : table.where(':id').aboveOrEqual(start);
        const values = await (limit === undefined ? all : all.limit(limit)).toArray();
        for (const value of values) visit(value);
      },
      close: () => db.close(),
    };
  },
};
