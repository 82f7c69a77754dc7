/** Savepoints, rollbacks and changes of random transactions, against a model that copies everything. */
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { type Savepoint, Store } from '../../src/index.ts';
import { seededNumbers } from '../support/seeded.ts';

test('a rollback gives back exactly what there was, reads, changes and commit alike', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const next = seededNumbers(seed);
    const store = await Store.open(new MemoryFileSystem());
    const map = store.map<number, number>('m');
    for (let n = 0; n < 20; n += 2) await map.put(n, n);
    if (seed % 2 === 0) await store.checkpoint();
    const before = new Map([...map.getRange()].map(({ key, value }) => [key, value]));
    const transaction = store.begin();
    const own = transaction.map(map);
    let model = new Map(before);
    const saved: { savepoint: Savepoint; model: Map<number, number> }[] = [];
    for (let step = 0; step < 120; step++) {
      const [dice, key, value] = [next() % 20, next() % 20, next() % 1000];
      if (dice < 8) {
        own.put(key, value);
        model.set(key, value);
      } else if (dice < 12) {
        own.remove(key);
        model.delete(key);
      } else if (dice < 14) {
        const range = dice === 12 ? { start: key, end: key + 4 } : undefined;
        own.clear(range);
        const cleared = (known: number) =>
          range === undefined || (known >= range.start && known < range.end);
        model = new Map([...model].filter(([known]) => !cleared(known)));
      } else if (dice < 17) {
        saved.push({ savepoint: transaction.savepoint(), model: new Map(model) });
      } else if (saved.length > 0) {
        const index = next() % saved.length;
        const point = saved[index] as (typeof saved)[number];
        transaction.rollbackTo(point.savepoint);
        model = new Map(point.model);
        saved.length = index + 1;
      }
      expect(entriesOf(own.getRange()), `seed ${seed} step ${step}`).toEqual(sorted(model));
      expect(own.getCount()).toBe(model.size);
    }
    const rebuilt = new Map(before);
    for (const { key, before: was, after, kind } of transaction.changes()) {
      expect(was).toBe(before.get(key as number));
      if (kind === 'put') rebuilt.set(key as number, after as number);
      else rebuilt.delete(key as number);
    }
    expect(sorted(rebuilt), `seed ${seed}`).toEqual(sorted(model));
    await transaction.commit();

    expect(entriesOf(map.getRange()), `seed ${seed}`).toEqual(sorted(model));
    await store.close();
  }
});

function entriesOf(range: Iterable<{ key: number; value: number }>): [number, number][] {
  return Array.from(range, ({ key, value }) => [key, value]);
}

function sorted(model: ReadonlyMap<number, number>): [number, number][] {
  return [...model].sort(([left], [right]) => left - right);
}
