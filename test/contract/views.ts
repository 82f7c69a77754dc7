/** What views of every store do, on every host. Run by test/store/store.test.ts. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Store, type View } from '../../src/index.ts';
import { seededNumbers } from '../support/seeded.ts';
import type { StoreHost } from './store.ts';

export function viewContract(host: StoreHost): void {
  let store: Store;

  beforeEach(async () => {
    store = await Store.open(host.make());
  });

  afterEach(() => store.close());

  describe(`views of a store on ${host.name}`, () => {
    test('show one state over all maps, whatever happens behind it', async () => {
      const [a, b] = [store.map<number, number>('a'), store.map<number, number>('b')];
      for (let n = 0; n < 40; n++) await a.put(n, n);
      await store.checkpoint();
      await b.put(1, 1);

      const view = store.view();
      const range = view.map(a).getKeys({ start: 10, reverse: true });
      await a.clear({ start: 5 });
      await a.put(1000, 1);
      await b.put(1, 2);
      await store.checkpoint();
      await store.dropMap('b');
      await a.clear();
      await store.compact();
      await store.map('c').put('new', 1);

      expect(view.sequence).toBe(41);
      expect(view.map(a).getCount()).toBe(40);
      expect(view.map(a).getCount({ start: 30 })).toBe(10);
      expect([...view.map(a).getKeys()]).toEqual(Array.from({ length: 40 }, (_, n) => n));
      expect([...range]).toHaveLength(30);
      expect(view.map(b).getEntry(1)).toEqual({ key: 1, value: 1, sequence: 41 });
      expect(view.map(store.map('c')).has('new')).toBe(false);
      expect(view.map(store.map('c')).getCount()).toBe(0);
      view.release();
    });

    test('never change over random lives', async () => {
      const next = seededNumbers(11);
      const map = store.map<number, number>('m');
      const model = new Map<number, number>();
      const views: { readonly view: View; readonly content: [number, number][] }[] = [];
      for (let step = 0; step < 200; step++) {
        const [key, dice] = [next() % 30, next() % 20];
        if (dice === 0) {
          await map.clear({ start: key });
          for (const known of [...model.keys()]) if (known >= key) model.delete(known);
        } else if (dice < 5) {
          await map.remove(key);
          model.delete(key);
        } else {
          await map.put(key, step);
          model.set(key, step);
        }
        if (step % 31 === 0) await store.checkpoint();
        if (step % 67 === 0) await store.compact();
        if (step % 9 === 0) {
          const content = [...model].sort(([left], [right]) => left - right);
          views.push({ view: store.view(), content });
        }
      }

      for (const { view, content } of views) {
        const entries = [...view.map(map).getRange()].map(({ key, value }) => [key, value]);
        expect(entries).toEqual(content);
        expect(view.map(map).getCount()).toBe(content.length);
        view.release();
      }
    });

    test('end when they are released, with their ranges, by hand or by using', async () => {
      const map = store.map<number, number>('m');
      await map.put(1, 1);
      const view = store.view();
      const reads = view.map(map);
      const range = reads.getKeys();
      expect(store.stats()).toMatchObject({ openViews: 1, oldestView: 1 });

      view[Symbol.dispose]();
      view.release();

      expect(() => reads.get(1)).toThrow(expect.objectContaining({ code: 'VIEW_RELEASED' }));
      expect(() => [...range]).toThrow(expect.objectContaining({ code: 'VIEW_RELEASED' }));
      expect(() => view.map(map)).toThrow(expect.objectContaining({ code: 'VIEW_RELEASED' }));
      expect(store.stats()).toMatchObject({ openViews: 0, oldestView: undefined, viewBytes: 0 });
    });

    test('say what they hold in memory, which is what has changed since, and let go of it', async () => {
      const map = store.map<number, Uint8Array>('m', { value: 'binary' });
      await map.put(0, new Uint8Array(5000));
      const view = store.view();
      expect(store.stats().viewBytes).toBe(0);

      for (let n = 1; n <= 20; n++) await map.put(n, new Uint8Array(1000));
      const behind = store.stats().viewBytes;
      await store.checkpoint();
      for (let n = 1; n <= 100; n++) await map.put(n, new Uint8Array(1000));
      const saved = store.stats().viewBytes;

      expect(behind).toBeGreaterThan(0);
      expect(behind).toBeLessThan(6000);
      expect(saved).toBe(behind);
      view.release();
      expect(store.stats().viewBytes).toBe(0);
    });

    test('take only maps of their own store', async () => {
      const other = await Store.open(host.make());
      const view = store.view();

      expect(() => view.map(other.map('m'))).toThrow(/another store/);
      view.release();
      await other.close();
    });
  });
}
