/** What a store does for who uses it through a port, whatever the port is. Run by test/remote/ports.test.ts. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LimitError, QuotaError, type Write } from '../../src/index.ts';
import type { RemoteMap, RemoteStore } from '../../src/remote/index.ts';
import { seededNumbers } from '../support/seeded.ts';

export interface RemoteHost {
  readonly name: string;
  /** A new store, served to two clients where the port allows, with everything allowed. */
  start(): Promise<ServedStore>;
}

export interface ServedStore {
  readonly store: RemoteStore;
  /** A second client of the same store; the first one again where there is one port. */
  readonly other: RemoteStore;
  stop(): Promise<void>;
}

export function remoteContract(host: RemoteHost): void {
  let served: ServedStore;
  let store: RemoteStore;
  let other: RemoteStore;
  let map: RemoteMap<string, number>;

  beforeEach(async () => {
    served = await host.start();
    ({ store, other } = served);
    map = store.map('m');
  });

  afterEach(async () => {
    const { openViews, openTransactions } = await store.stats();
    expect({ openViews, openTransactions }).toEqual({ openViews: 0, openTransactions: 0 });
    expect((await store.verify()).damage).toEqual([]);
    await served.stop();
  });

  describe(`a store behind ${host.name}`, () => {
    test('gives back what was put', async () => {
      const values = [0, -1.5, 12n, 'text', null, true, [1, [2]], { a: { b: 1 } }, new Date(5)];
      const any = store.map<string, unknown>('any');
      await store.batch(values.map((value, i) => ({ type: 'put', map: any, key: `k${i}`, value })));

      expect(await any.getMany(values.map((_, i) => `k${i}`))).toEqual(values);
      expect(await any.get('absent')).toBeUndefined();
      expect([await any.has('k0'), await any.has('absent')]).toEqual([true, false]);
      expect(await any.getEntry('k3')).toEqual({ key: 'k3', value: 'text', sequence: 1 });
      expect(await any.getEntry('absent')).toBeUndefined();
      expect(await store.maps()).toEqual(['any']);
    });

    test('carries every encoding, large values, and what the caller changes after a put', async () => {
      const bytes = store.map<Uint8Array, Uint8Array>('b', { key: 'binary', value: 'binary' });
      const text = store.map<string, string>('t', { key: 'utf8', value: 'utf8' });
      const json = store.map<readonly unknown[], unknown>('j', { value: 'json' });
      const large = new Uint8Array(3 << 20).fill(7);

      const put = bytes.put(Uint8Array.of(255, 0), large);
      large.fill(8);
      await Promise.all([put, text.put('é', 'ü'), json.put(['a', 1], { b: [null] })]);

      const found = await bytes.get(Uint8Array.of(255, 0));
      expect([found?.length, found?.every((byte) => byte === 7)]).toEqual([3 << 20, true]);
      expect(await text.get('é')).toBe('ü');
      expect(await json.get(['a', 1])).toEqual({ b: [null] });
      await expect(store.map('t', { key: 'binary' }).get(Uint8Array.of(1))).rejects.toMatchObject({
        name: 'UsageError',
        code: 'MAP_ENCODING_MISMATCH',
      });
    });

    test('walks ranges both ways, with every bound', async () => {
      const numbers = store.map<number, string>('n');
      for (const n of [1, 2, 4, 5]) await numbers.put(n, `v${n}`);

      const keys = (options?: object) => collect(numbers.getKeys(options));
      expect(await keys()).toEqual([1, 2, 4, 5]);
      expect(await keys({ reverse: true })).toEqual([5, 4, 2, 1]);
      expect(await keys({ start: 2, end: 5 })).toEqual([2, 4]);
      const turned = { start: 2, end: 5, exclusiveStart: true, inclusiveEnd: true };
      expect(await keys(turned)).toEqual([4, 5]);
      expect(await keys({ limit: 2, offset: 1 })).toEqual([2, 4]);
      expect(await keys({ reverse: true, limit: 2, offset: 1 })).toEqual([4, 2]);
      expect(await keys({ start: 5, end: 2 })).toEqual([]);
      expect(await keys({ limit: 0 })).toEqual([]);
      expect(await keys({ offset: 9 })).toEqual([]);
      expect(await numbers.getCount()).toBe(4);
      expect(await numbers.getCount({ start: 2, limit: 2 })).toBe(2);
      expect(await collect(numbers.getRange({ start: 4 }))).toEqual([
        { key: 4, value: 'v4' },
        { key: 5, value: 'v5' },
      ]);
    });

    test('shows one state in each iteration, over many chunks, and takes it up again', async () => {
      const key = (n: number) => `k${String(n).padStart(5, '0')}`;
      await store.batch(puts(map, 20_000, key));
      const range = map.getRange({ prefix: 'k' });

      let count = 0;
      for await (const { key: found, value } of range) {
        expect([found, value]).toEqual([key(count), count]);
        if (count++ === 100) await map.clear();
      }

      expect(count).toBe(20_000);
      expect(await collect(range)).toEqual([]);
    });

    test('lets go of an iteration that ends early', async () => {
      await store.batch(puts(map, 1000, (n) => `k${n}`));
      for (let round = 0; round < 200; round++) {
        for await (const _ of map.getKeys()) break;
      }

      expect((await collect(map.getKeys())).length).toBe(1000);
    });

    test('does what a model does, over random lives', async () => {
      const next = seededNumbers(5);
      const model = new Map<string, number>();
      for (let turn = 0; turn < 300; turn++) {
        const [key, value, dice] = [`k${next() % 20}`, next() % 1000, next() % 20];
        if (dice < 12) {
          await map.put(key, value);
          model.set(key, value);
        } else if (dice < 16) {
          await map.remove(key);
          model.delete(key);
        } else if (dice < 17) {
          await map.clear({ prefix: 'k1', limit: 2 });
          const first = [...model.keys()].filter((name) => name.startsWith('k1')).sort();
          for (const name of first.slice(0, 2)) model.delete(name);
        } else {
          expect(await map.get(key)).toBe(model.get(key));
          expect(await map.getCount()).toBe(model.size);
        }
      }

      const found = new Map(
        (await collect(map.getRange())).map((entry) => [entry.key, entry.value]),
      );
      expect(found).toEqual(new Map([...model].sort(([a], [b]) => (a < b ? -1 : 1))));
    });

    test('commits a batch whole, or not at all, and hands on what is wrong', async () => {
      await store.setQuota({ maps: { m: 60 } });
      await map.put('a', 1);
      const writes: Write[] = [
        { type: 'put', map: 'm', key: 'b', value: 1 },
        { type: 'put', map: 'm', key: 'c', value: 'x'.repeat(100) },
      ];

      const error = await store.batch(writes).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(QuotaError);
      expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', committed: 'no', quota: 60, map: 'm' });
      expect(await collect(map.getKeys())).toEqual(['a']);
      await expect(map.put(Number.NaN as never, 1)).rejects.toMatchObject({ code: 'KEY_INVALID' });
      await expect(map.put('x'.repeat(5000), 1)).rejects.toBeInstanceOf(LimitError);
      expect(await store.batch([])).toMatchObject({ durable: true });
      await store.dropMap('m');
      expect(await store.maps()).toEqual([]);
    });

    test('runs transactions: own writes in order, all or nothing, savepoints, changes', async () => {
      for (const key of ['b', 'd', 'f']) await map.put(key, 1);
      const transaction = await store.begin();
      const own = transaction.map(map);
      await other.map('m').put('z', 9);

      own.put('a', 2);
      own.put('c', 2);
      own.remove('d');
      const savepoint = transaction.savepoint();
      own.clear({ start: 'f' });
      own.put('g', 3);

      expect(await collect(own.getKeys())).toEqual(['a', 'b', 'c', 'g']);
      transaction.rollbackTo(savepoint);
      expect(await collect(own.getKeys({ reverse: true }))).toEqual(['f', 'c', 'b', 'a']);
      expect([await own.getCount(), await own.get('a'), await own.get('z')]).toEqual([
        ...[4, 2, undefined],
      ]);
      expect(await own.getEntry('a')).toEqual({ key: 'a', value: 2, sequence: 0 });
      expect(await transaction.changes()).toEqual([
        { map: 'm', key: 'a', before: undefined, after: 2, kind: 'put' },
        { map: 'm', key: 'c', before: undefined, after: 2, kind: 'put' },
        { map: 'm', key: 'd', before: 1, after: undefined, kind: 'remove' },
      ]);
      expect(await transaction.size()).toBeGreaterThan(50);
      expect(await collect(map.getKeys())).toEqual(['b', 'd', 'f', 'z']);
      transaction.abort();
      transaction.abort();
      expect(transaction.state).toBe('aborted');
      await expect(own.get('a')).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
      expect(await collect(map.getKeys())).toEqual(['b', 'd', 'f', 'z']);
    });

    test('refuses write skew and phantoms between clients, and runs again', async () => {
      const theirs = other.map<string, number>('m');
      await store.batch(puts(map, 2, (n) => `doctor${n}`));
      const [one, two] = [await store.begin(), await other.begin()];
      await one.map(map).get('doctor0');
      one.map(map).put('doctor1', 0);
      await two.map(theirs).get('doctor1');
      two.map(theirs).put('doctor0', 0);
      await one.commit();
      await expect(two.commit()).rejects.toMatchObject({
        code: 'CONFLICT',
        map: 'm',
        key: 'doctor1',
      });
      expect(two.state).toBe('aborted');

      let attempts = 0;
      const total = await store.transaction(async (transaction, attempt) => {
        attempts = attempt;
        const count = await transaction.map(map).getCount({ prefix: 'phantom' });
        if (attempt < 3) await theirs.put(`phantom${attempt}`, 1);
        transaction.map(map).put('total', count);
        return count;
      });
      expect([total, attempts, await map.get('total')]).toEqual([2, 3, 2]);
    });

    test('makes those who lock take turns', async () => {
      const add = (client: RemoteStore) =>
        client.transaction(
          async (transaction) => {
            const own = transaction.map(client.map<string, number>('m'));
            await own.lock('n');
            own.put('n', ((await own.get('n')) ?? 0) + 1);
          },
          { mode: 'pessimistic', maxRetries: 0 },
        );
      await Promise.all(Array.from({ length: 10 }, (_, n) => add(n % 2 === 0 ? store : other)));

      expect(await map.get('n')).toBe(10);
    });

    test('tells what a write of a transaction could not do, and never commits without it', async () => {
      const transaction = await store.begin();
      transaction.map(map).put('good', 1);
      const wrong = store.map<string, number>('m', { value: 'json' });
      transaction.map(wrong).put('bad', 1);
      const mixed = { code: 'MAP_ENCODING_MISMATCH' };
      await expect(transaction.map(map).get('good')).rejects.toMatchObject(mixed);
      await expect(transaction.commit()).rejects.toMatchObject(mixed);

      expect(transaction.state).toBe('aborted');
      expect(await map.getCount()).toBe(0);
    });

    test('holds views, tokens and conditions', async () => {
      await map.put('a', 1, { token: 'first' });
      const view = await store.view();
      await map.put('a', 2, { ifSequence: view.sequence });

      expect(await view.map(map).get('a')).toBe(1);
      expect(await collect(view.map(map).getRange())).toEqual([{ key: 'a', value: 1 }]);
      expect(await view.map(map).getCount()).toBe(1);
      view.release();
      view.release();
      await expect(view.map.bind(view, map)).toThrow(
        expect.objectContaining({ code: 'VIEW_RELEASED' }),
      );
      const late = { code: 'CONFLICT', committed: 'no', map: 'm', key: 'a' };
      await expect(map.put('a', 3, { ifSequence: 1 })).rejects.toMatchObject(late);
      await expect(map.put('a', 3, { ifAbsent: true })).rejects.toMatchObject(late);
      expect([await store.outcomeOf('first'), await store.outcomeOf('none')]).toEqual([
        ...['committed', 'absent'],
      ]);
      await expect(map.put('b', 1, { token: 'first' })).rejects.toMatchObject({
        code: 'TOKEN_USED',
      });
    });

    test('tells of commits, with what they changed, until it is told not to', async () => {
      const seen: unknown[] = [];
      const off = await store.on('commit', ({ sequence, changes }) =>
        seen.push([sequence, changes]),
      );
      await map.put('a', 1);
      await map.put('a', 2);
      await map.remove('a');
      off();
      await map.put('a', 3);

      const change = { map: 'm', key: 'a', before: undefined, after: undefined };
      expect(seen).toEqual([
        [1, [{ ...change, after: 1, kind: 'put' }]],
        [2, [{ ...change, before: 1, after: 2, kind: 'put' }]],
        [3, [{ ...change, before: 2, kind: 'remove' }]],
      ]);
      await expect(store.on('none' as never, () => undefined)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    });

    test('does long work, with progress, and gives figures and facts', async () => {
      await store.batch(puts(map, 3000, (n) => `k${n}`));
      const phases: string[] = [];
      const onProgress = ({ phase }: { phase: string }) => void phases.push(phase);
      await store.flush();
      const report = await store.checkpoint({ onProgress });

      expect(report).toMatchObject({ sequence: 1, snapshots: 1 });
      expect((await store.compact()).root).toBeInstanceOf(Uint8Array);
      expect(phases.length).toBeGreaterThan(0);
      expect(await store.verify()).toMatchObject({ isSound: true });
      expect((await store.stats()).maps).toMatchObject({
        m: { count: 3000, keyEncoding: 'ordered' },
      });
      expect(await store.info()).toMatchObject({ uuid: store.uuid, sequence: 1, readOnly: false });
      const stopped = AbortSignal.abort();
      await expect(store.verify({ signal: stopped })).rejects.toMatchObject({ code: 'ABORTED' });
    });
  });
}

export async function collect<T>(range: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const entry of range) found.push(entry);
  return found;
}

function puts(map: Write['map'], count: number, key: (n: number) => string): Write[] {
  return Array.from({ length: count }, (_, n) => ({ type: 'put', map, key: key(n), value: n }));
}
