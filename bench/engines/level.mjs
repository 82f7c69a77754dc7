// @ts-check
/** What the databases of abstract-level have in common. */

/** @import { Engine } from '../harness/types.ts' */

export const VIEWS = { keyEncoding: 'view', valueEncoding: 'view' };
const SCAN_COUNT = 1000;

/** @param {any} db @param {{ sync?: boolean }} write @returns {Promise<Engine>} */
export async function engineOn(db, write) {
  await db.open();
  const maps = ['1', '2', '3'].map((name) => db.sublevel(name, VIEWS));
  const [first] = maps;
  for (const map of maps) await map.open();
  return {
    put: (key, value) => first.put(key, value, write),
    commit: (writes) =>
      db.batch(
        writes.map(({ map, key, value }) => ({ type: 'put', sublevel: maps[map], key, value })),
        write,
      ),
    get: (key) => first.getSync(key),
    async scan(visit, { start, limit }) {
      const iterator = first.iterator({ ...(start && { gte: start }), ...(limit && { limit }) });
      for (;;) {
        const entries = await iterator.nextv(SCAN_COUNT);
        for (const [key, value] of entries) visit(key, value);
        if (entries.length === 0) break;
      }
      await iterator.close();
    },
    flush: () =>
      db.batch([{ type: 'put', key: new Uint8Array(1), value: new Uint8Array(0) }], { sync: true }),
    compact: () => db.compactRange?.(new Uint8Array(1), new Uint8Array(64).fill(255)),
    close: () => db.close(),
  };
}
