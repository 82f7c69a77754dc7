// @ts-check
import { BrowserLevel } from 'browser-level';
import { copyOf } from '../copy-of.mjs';

/** @import { BrowserEngineKind } from '../types.ts' */

const VIEWS = { keyEncoding: 'view', valueEncoding: 'view' };
const SCAN_COUNT = 1000;

/** @type {BrowserEngineKind} */
export const browserLevel = {
  name: 'browser-level',
  async open(name) {
    makeTransactionsStrict();
    const db = new BrowserLevel(name, VIEWS);
    await db.open();
    return {
      put: (key, value) => db.put(key, copyOf(value)),
      commit: (entries) =>
        db.batch(entries.map(({ key, value }) => ({ type: 'put', key, value: copyOf(value) }))),
      get: (key) => db.get(key),
      async scan(visit, { start, limit }) {
        const iterator = db.iterator({ ...(start && { gte: start }), ...(limit && { limit }) });
        for (;;) {
          const entries = await iterator.nextv(SCAN_COUNT);
          for (const [, value] of entries) visit(value);
          if (entries.length === 0) break;
        }
        await iterator.close();
      },
      close: () => db.close(),
    };
  },
};

/** It has no option for that, and commits of browsers do not wait for the medium by default. */
function makeTransactionsStrict() {
  const { prototype } = /** @type {any} */ (globalThis).IDBDatabase;
  const begin = prototype.transaction;
  /** @this {unknown} @param {unknown} stores @param {string} mode */
  prototype.transaction = function transaction(stores, mode) {
    return begin.call(this, stores, mode, { durability: 'strict' });
  };
}
