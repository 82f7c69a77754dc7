/** What every store does, on every host. Run by test/store/store.test.ts for each file system. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FileSystem } from '../../src/fs/file-system.ts';
import { Store, type StoreOptions, UsageError } from '../../src/index.ts';
import { seededNumbers } from '../support/seeded.ts';
import { contentOf, modelOf, randomScript, runScript } from '../support/workload.ts';

export interface StoreHost {
  readonly name: string;
  make(): FileSystem;
  /** The host can block, so the Sync methods work. */
  readonly canBlock: boolean;
  /** The same, and ready for `openSync`, where that has to wait for something. */
  makeReady?(): Promise<FileSystem>;
}

export function storeContract(host: StoreHost): void {
  let fs: FileSystem;
  let store: Store;

  beforeEach(async () => {
    fs = host.make();
    store = await Store.open(fs);
  });

  afterEach(async () => {
    await store.close();
    const checked = await Store.open(fs);
    expect((await checked.verify()).damage).toEqual([]);
    await checked.close();
  });

  async function reopen(options?: StoreOptions): Promise<void> {
    await store.close();
    store = await Store.open(fs, options);
  }

  describe(`a store on ${host.name}`, () => {
    test('refuses to read a map, dropped and made anew, with the encodings it had before', async () => {
      const before = store.map<string, string>('m', { key: 'utf8', value: 'utf8' });
      await before.put('k', 'text');
      await store.dropMap('m');
      const after = store.map<string, unknown>('m', { key: 'ordered', value: 'cbor' });
      await after.put('k', { n: 1 });

      for (const read of [
        () => before.get('k'),
        () => before.has('k'),
        () => before.getEntry('k'),
        () => before.getCount(),
        () => [...before.getRange()],
      ]) {
        expect(read).toThrow(expect.objectContaining({ code: 'MAP_ENCODING_MISMATCH' }));
      }
      expect(after.get('k')).toEqual({ n: 1 });
    });

    test('gives back what was put, now and after it was opened again', async () => {
      const map = store.map<string, unknown>('m');
      const values = [0, -1.5, 12n, 'text', null, true, [1, [2]], { a: { b: 1 } }, new Date(5)];
      await store.batch(values.map((value, i) => ({ type: 'put', map, key: `k${i}`, value })));

      expect(values.map((_, i) => map.get(`k${i}`))).toEqual(values);

      await reopen();
      expect(values.map((_, i) => store.map('m').get(`k${i}`))).toEqual(values);
      expect(store.map('m').get('absent')).toBeUndefined();
      expect(store.map('m').has('k0')).toBe(true);
      expect(store.map('m').getMany(['k3', 'none'])).toEqual(['text', undefined]);
    });

    test('numbers commits one by one, also across openings, and knows who wrote an entry', async () => {
      const map = store.map<string, number>('m');
      expect((await map.put('a', 1)).sequence).toBe(1);
      expect((await map.put('b', 1)).sequence).toBe(2);
      await reopen();
      expect((await store.map('m').put('a', 2)).sequence).toBe(3);
      await store.checkpoint();
      await store.map('m').put('c', 1);

      expect(store.map('m').getEntry('a')).toEqual({ key: 'a', value: 2, sequence: 3 });
      expect(store.map('m').getEntry('b')?.sequence).toBe(2);
      expect(store.map('m').getEntry('c')?.sequence).toBe(4);
      expect(store.map('m').getEntry('none')).toBeUndefined();
    });

    test('walks ranges both ways, with every bound, over memory and snapshots at once', async () => {
      const map = store.map<number, string>('m');
      for (const n of [1, 3, 5]) await map.put(n, `v${n}`);
      await store.checkpoint();
      for (const n of [2, 4]) await map.put(n, `v${n}`);
      await map.remove(3);

      const keys = (options?: object) => [...map.getKeys(options)];
      expect(keys()).toEqual([1, 2, 4, 5]);
      expect(keys({ reverse: true })).toEqual([5, 4, 2, 1]);
      expect(keys({ start: 2, end: 5 })).toEqual([2, 4]);
      expect(keys({ start: 2, end: 5, exclusiveStart: true, inclusiveEnd: true })).toEqual([4, 5]);
      expect(keys({ start: 2, end: 5, reverse: true })).toEqual([4, 2]);
      expect(keys({ limit: 2, offset: 1 })).toEqual([2, 4]);
      expect(keys({ reverse: true, limit: 2, offset: 1 })).toEqual([4, 2]);
      expect(keys({ start: 5, end: 2 })).toEqual([]);
      expect(keys({ limit: 0 })).toEqual([]);
      expect(map.getCount()).toBe(4);
      expect(map.getCount({ start: 2, inclusiveEnd: true, end: 4 })).toBe(2);
      expect([...map.getRange({ start: 4 })]).toEqual([
        { key: 4, value: 'v4' },
        { key: 5, value: 'v5' },
      ]);
      const later: number[] = [];
      for await (const key of map.getKeys()) later.push(key);
      expect(later).toEqual([1, 2, 4, 5]);
    });

    test('finds the keys under a prefix', async () => {
      const map = store.map<string, number>('m');
      for (const key of ['a', 'ab', 'abc', 'b', 'ab\u{10ffff}', 'aé']) await map.put(key, 1);

      expect([...map.getKeys({ prefix: 'ab' })]).toEqual(['ab', 'abc', 'ab\u{10ffff}']);
    });

    test('sorts keys by their bytes, not by UTF-16 units', async () => {
      const map = store.map<string, number>('m', { key: 'utf8' });
      for (const key of ['😀', '\uffff', '中', 'é', 'a']) await map.put(key, 1);

      expect([...map.getKeys()]).toEqual(['a', 'é', '中', '\uffff', '😀']);
      expect([...map.getKeys({ end: '\uffff', inclusiveEnd: true })]).not.toContain('😀');
    });

    test('goes on with an iterator where it stands, and not behind its end', async () => {
      const map = store.map<number, number>('m');
      for (let n = 0; n < 5; n++) await map.put(n, n);
      const entries = map.getKeys({ limit: 4 })[Symbol.iterator]() as IterableIterator<number>;
      const left = map.getKeys()[Symbol.iterator]();

      expect(entries.next()).toEqual({ done: false, value: 0 });
      expect([...entries]).toEqual([1, 2, 3]);
      expect(entries.next()).toEqual({ done: true, value: undefined });
      left.next();
      expect(left.return?.(7 as never)).toEqual({ done: true, value: 7 });
      expect(left.next().done).toBe(true);
    });

    test('gives a range the view of its creation, whatever is written meanwhile', async () => {
      const map = store.map<number, number>('m');
      for (let n = 0; n < 100; n++) await map.put(n, n);
      const range = map.getKeys();
      const half = map.getRange()[Symbol.iterator]();
      for (let n = 0; n < 50; n++) half.next();

      await map.clear();
      await map.put(1000, 1);
      await store.checkpoint();
      await store.compact();
      await map.put(1001, 1);

      expect([...range]).toHaveLength(100);
      expect([...range]).toHaveLength(100);
      let rest = 0;
      for (let step = half.next(); step.done !== true; step = half.next()) rest++;
      expect(rest).toBe(50);
      expect([...map.getKeys()]).toEqual([1000, 1001]);
    });

    test('keeps to itself what the caller changes after a put, or after a get', async () => {
      const map = store.map<string, { list: number[] }>('m');
      const raw = store.map<string, Uint8Array>('raw', { value: 'binary' });
      const value = { list: [1] };
      const bytes = new Uint8Array([1, 2, 3]);
      const puts = [map.put('k', value), raw.put('k', bytes)];
      value.list.push(2);
      bytes[0] = 9;
      await Promise.all(puts);
      map.get('k')?.list.push(3);
      raw.get('k')?.fill(7);
      for (const entry of raw.getRange()) entry.value.fill(8);

      expect(map.get('k')).toEqual({ list: [1] });
      expect(raw.get('k')).toEqual(new Uint8Array([1, 2, 3]));
      await store.checkpoint();
      raw.get('k')?.fill(7);
      expect(raw.get('k')).toEqual(new Uint8Array([1, 2, 3]));
    });

    test('commits a batch over several maps whole, or not at all', async () => {
      const [a, b] = [store.map<string, number>('a'), store.map<string, number>('b')];
      await store.batch([
        { type: 'put', map: a, key: 'x', value: 1 },
        { type: 'put', map: 'b', key: 'y', value: 2 },
      ]);
      const bad = [
        { type: 'put' as const, map: a, key: 'x', value: 100 },
        { type: 'put' as const, map: b, key: 'y', value: () => 1 },
      ];

      await expect(store.batch(bad)).rejects.toMatchObject({ code: 'VALUE_INVALID' });
      expect([a.get('x'), b.get('y')]).toEqual([1, 2]);
      expect(store.info.sequence).toBe(1);
    });

    test('writes nothing for an empty batch', async () => {
      await store.map('m').put('k', 1);
      const before = store.stats();

      expect(await store.batch([])).toEqual({ sequence: 1, durable: true });
      expect(await store.map('none').remove('k')).toEqual({ sequence: 1, durable: true });
      expect(store.stats()).toMatchObject({ walBytes: before.walBytes, syncs: before.syncs });
    });

    test('stores the encodings of a map and refuses others', async () => {
      await store.map<string, string>('m', { key: 'utf8', value: 'json' }).put('k', 'v');
      await reopen();

      expect(store.map('m').get('k')).toBe('v');
      expect(() => store.map('m', { value: 'cbor' })).toThrow(UsageError);
      expect(() => store.map('m', { key: 'binary' })).toThrow(/utf8 keys and json values/);
      const codec = {
        name: 'upper',
        encode: (text: string) => new TextEncoder().encode(text.toUpperCase()),
        decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
      };
      await store.map<string, string>('own', { value: codec }).put('k', 'loud');
      await reopen();
      expect(store.map<string, string>('own', { value: codec }).get('k')).toBe('LOUD');
      expect(() => store.map('own', { value: 'utf8' })).toThrow(/upper/);
    });

    test('clears ranges and whole maps, drops maps, and names may be used again', async () => {
      const map = store.map<number, number>('m');
      for (let n = 0; n < 10; n++) await map.put(n, n);
      await store.checkpoint();
      await map.put(10, 10);

      await map.clear({ start: 3, end: 8 });
      expect([...map.getKeys()]).toEqual([0, 1, 2, 8, 9, 10]);
      await map.clear({ limit: 2 });
      expect([...map.getKeys()]).toEqual([2, 8, 9, 10]);
      await map.clear();
      expect(map.getCount()).toBe(0);
      await map.put(5, 5);
      await store.dropMap('m');
      expect(store.maps).toEqual([]);
      expect(map.get(5)).toBeUndefined();
      await store.map<string, string>('m', { key: 'utf8', value: 'utf8' }).put('a', 'b');
      await store.compact();
      await reopen();
      expect(store.maps).toEqual(['m']);
      expect(contentOf(store)).toBe('{"m":[["a","b"]]}');
    });

    test('counts entries and bytes exactly', async () => {
      const map = store.map<Uint8Array, Uint8Array>('m', { key: 'binary', value: 'binary' });
      const next = seededNumbers(3);
      const model = new Map<number, number>();
      for (let n = 0; n < 300; n++) {
        const key = next() % 40;
        const size = next() % 50;
        if (next() % 4 === 0) {
          await map.remove(new Uint8Array([key]));
          model.delete(key);
        } else {
          await map.put(new Uint8Array([key]), new Uint8Array(size));
          model.set(key, size);
        }
        if (n % 70 === 0) await store.checkpoint();
      }
      const bytes = [...model.values()].reduce((sum, size) => sum + size + 1, 0);

      expect(store.stats().maps.m).toMatchObject({ count: model.size, bytesUsed: bytes });
      await reopen();
      expect(store.stats()).toMatchObject({ bytesUsed: bytes });
      await store.compact();
      expect(store.map('m').getCount()).toBe(model.size);
    });

    test('does what a model does, over random lives', async () => {
      for (let seed = 100; seed < 130; seed++) {
        const disk = host.make();
        const steps = randomScript(seed, 25);
        const log = { acknowledged: 0, submitted: 0 };
        await runScript(disk, [...steps, { type: 'close' }], { log });
        const opened = await Store.open(disk);

        expect(contentOf(opened), `seed ${seed}`).toBe(modelOf(steps).content());
        await opened.close();
      }
    });

    test('gives equal snapshots for equal states, whatever their history', async () => {
      const other = await Store.open(host.make());
      const [a, b] = [store.map<number, number>('m'), other.map<number, number>('m')];
      for (let n = 0; n < 50; n++) await a.put(n, n * n);
      await store.map('n').put('x', 1);
      await other.map('n').put('x', 1);
      await other.checkpoint();
      await other.batch(
        Array.from({ length: 60 }, (_, i) => ({ type: 'put', map: b, key: 59 - i, value: 7 })),
      );
      await other.checkpoint();
      for (let n = 50; n < 60; n++) await b.remove(n);
      for (let n = 49; n >= 0; n--) await b.put(n, n * n);

      const [left, right] = [await store.compact(), await other.compact()];

      expect(left.root).toEqual(right.root);
      await a.put(0, 1);
      expect((await store.compact()).root).not.toEqual(right.root);
      await other.close();
    });

    test('stops with a clear error after it was closed, and closing twice is fine', async () => {
      const map = store.map<string, number>('m');
      const range = map.getKeys();
      const last = map.put('k', 1);
      await Promise.all([store.close(), store.close()]);

      await last;
      expect(() => map.get('k')).toThrow(/closed/);
      expect(() => [...range]).toThrow(/closed/);
      await expect(map.put('k', 2)).rejects.toMatchObject({ code: 'CLOSED' });
      await expect(store.checkpoint()).rejects.toMatchObject({ code: 'CLOSED' });
      store = await Store.open(fs);
      expect(store.map('m').get('k')).toBe(1);
    });

    test('is one writer at a time; readers need no lock and see a committed state', async () => {
      const map = store.map<string, number>('m');
      await map.put('k', 1);

      await expect(Store.open(fs)).rejects.toMatchObject({ code: 'LOCKED' });
      const reader = await Store.open(fs, { readOnly: true });
      await map.put('k', 2);
      await store.checkpoint();
      expect(reader.map('m').get('k')).toBe(1);
      await expect(reader.map('m').put('k', 3)).rejects.toMatchObject({ code: 'READ_ONLY' });
      await reader.close();
    });

    test('opens what is there, makes what is not, as asked', async () => {
      const empty = host.make();

      await expect(Store.open(empty, { create: false })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      await expect(Store.open(empty, { readOnly: true })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      const made = await Store.open(empty, { create: 'new' });
      expect(made.info.isNew).toBe(true);
      await made.close();
      await expect(Store.open(empty, { create: 'new' })).rejects.toMatchObject({ code: 'EXISTS' });
      const again = await Store.open(empty, { create: false });
      expect(again.info.isNew).toBe(false);
      await again.close();
    });

    test('stays small over many short sessions', async () => {
      for (let session = 0; session < 30; session++) {
        await reopen();
        if (session % 3 === 0) await store.map('m').put('k', session);
      }
      const names = await fs.list();
      let bytes = 0;
      for (const name of names) {
        const file = await fs.open(name, 'read');
        bytes += file.size();
        file.close();
      }

      expect(names.length).toBeLessThanOrEqual(16);
      expect(bytes).toBeLessThan(256 << 10);
      expect(store.map('m').get('k')).toBe(27);
    });

    test('does not pile up files over many sessions that write nothing', async () => {
      await store.map('m').put('k', 1);
      await store.checkpoint();
      for (let session = 0; session < 40; session++) await reopen();

      expect((await fs.list()).length).toBeLessThanOrEqual(12);
      expect(store.map('m').get('k')).toBe(1);
    });

    test('refuses wrong use, says so, and loses nothing', async () => {
      const map = store.map<unknown, unknown>('m');
      const wrong: [() => unknown, string][] = [
        [() => store.map(''), 'INVALID_ARGUMENT'],
        [() => store.map('x'.repeat(256)), 'LIMIT'],
        [() => store.map('m', { key: 'nope' as never }), 'INVALID_ARGUMENT'],
        [() => map.get(Number.NaN), 'KEY_INVALID'],
        [() => map.get({}), 'KEY_INVALID'],
        [() => map.getRange({ limit: -1 }), 'INVALID_ARGUMENT'],
        [() => map.getRange({ gte: 1 } as never), 'INVALID_ARGUMENT'],
        [() => map.put('k', undefined), 'VALUE_INVALID'],
        [() => map.put('x'.repeat(5000), 1), 'LIMIT'],
        [() => map.put('k', 1, { durability: 'maybe' as never }), 'INVALID_ARGUMENT'],
        [() => store.batch([{ type: 'merge', map, key: 1 } as never]), 'INVALID_ARGUMENT'],
        [() => store.batch([{ type: 'put', key: 1, value: 1 } as never]), 'INVALID_ARGUMENT'],
        [() => Store.open(fs, { cacheByte: 1 } as never), 'INVALID_ARGUMENT'],
        [() => Store.open(fs, { recovery: 'best' as never }), 'INVALID_ARGUMENT'],
        [() => Store.open(7 as never), 'INVALID_ARGUMENT'],
      ];

      for (const [call, code] of wrong) {
        const attempt = async () => call();
        await expect(attempt(), String(call)).rejects.toMatchObject({ code });
      }
      expect(store.info.sequence).toBe(0);
    });

    test.runIf(host.canBlock)('does the same in blocking calls', async () => {
      const blocking = Store.openSync((await host.makeReady?.()) ?? host.make());
      const map = blocking.map<string, number>('m');
      expect(map.putSync('a', 1)).toEqual({ sequence: 1, durable: true });
      blocking.batchSync([{ type: 'put', map, key: 'b', value: 2 }]);
      map.removeSync('a');
      map.putSync('c', 3, { durability: 'buffered' });
      expect([...map.getKeys()]).toEqual(['b', 'c']);
      map.clearSync({ start: 'c' });
      expect(map.getCount()).toBe(1);
      blocking.closeSync();
      expect(() => map.putSync('a', 1)).toThrow(/closed/);
    });

    test.skipIf(host.canBlock)('says that it cannot block where it cannot', async () => {
      expect(() => Store.openSync(host.make())).toThrow(/cannot block/);
      expect(() => store.map<string, number>('m').putSync('k', 1)).toThrow(/cannot block/);
      await store.map<string, number>('m').put('k', 2);
      expect(store.map('m').get('k')).toBe(2);
    });
  });
}
