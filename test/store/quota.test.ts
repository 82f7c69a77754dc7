/** Quotas and limits, on both sides of each: refused before anything is logged. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { LimitError, QuotaError, Store } from '../../src/index.ts';
import {
  COMMIT_SIZE_MAX,
  KEY_SIZE_MAX,
  MAP_COUNT_MAX,
  NAME_SIZE_MAX,
  VALUE_SIZE_MAX,
} from '../../src/store/limits.ts';
import {
  type PendingWrite,
  pendingSize,
  requireCommitSize,
} from '../../src/store/pending-write.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(5));

const bytes = (size: number) => new Uint8Array(size);

async function openBinary(
  fs = new MemoryFileSystem(),
  quota?: { bytes?: number; maps?: Record<string, number> },
) {
  const store = await Store.open(fs, quota === undefined ? {} : { quota });
  const map = store.map<Uint8Array, Uint8Array>('m', { key: 'binary', value: 'binary' });
  return { store, map, fs };
}

describe('a quota', () => {
  test('is exact to the byte', async () => {
    const { store, map } = await openBinary(undefined, { bytes: 100 });
    await map.put(bytes(1), bytes(99));
    const before = store.stats();

    const refusal = await map.put(new Uint8Array([7]), bytes(0)).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(QuotaError);
    expect(refusal).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      committed: 'no',
      needed: 101,
      quota: 100,
    });
    expect(store.stats()).toMatchObject({ bytesUsed: 100, walBytes: before.walBytes });
    expect(map.getCount()).toBe(1);
    await store.close();
  });

  test('counts what a commit leads to, not the way there', async () => {
    const { store, map } = await openBinary(undefined, { bytes: 100 });
    await map.put(bytes(1), bytes(99));

    await store.batch([
      { type: 'put', map, key: new Uint8Array([5]), value: bytes(50) },
      { type: 'clear', map, range: { end: new Uint8Array([5]) } },
      { type: 'put', map, key: new Uint8Array([6]), value: bytes(48) },
    ]);

    expect(store.stats().bytesUsed).toBe(100);
    await store.close();
  });

  test('of one map leaves the others alone, and says which it was', async () => {
    const { store, map } = await openBinary(undefined, { maps: { other: 10 } });
    const other = store.map<string, string>('other', { value: 'json' });
    await map.put(bytes(1), bytes(1000));

    await expect(
      store.batch([
        { type: 'put', map, key: bytes(2), value: bytes(2) },
        { type: 'put', map: 'other', key: 'k', value: 'a value of more than ten bytes' },
      ]),
    ).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', map: 'other', quota: 10 });
    expect(map.getCount()).toBe(1);
    expect(other.getCount()).toBe(0);
    await store.close();
  });

  test('survives reopening, and may be set, raised and lowered', async () => {
    const { store, map, fs } = await openBinary();
    await map.put(bytes(1), bytes(50));
    await store.setQuota({ bytes: 60, maps: { m: 55 } });
    await store.close();

    const again = await openBinary(fs);
    expect(again.store.stats()).toMatchObject({ byteQuota: 60, maps: { m: { byteQuota: 55 } } });
    await expect(again.map.put(bytes(2), bytes(3))).rejects.toMatchObject({ map: 'm', needed: 56 });
    await again.store.setQuota({ maps: { m: 1000 } });
    await expect(again.map.put(bytes(2), bytes(8))).rejects.toMatchObject({ quota: 60 });
    await again.map.put(bytes(2), bytes(7));
    await again.store.compact();
    await again.store.close();
    const last = await openBinary(fs, { bytes: 70 });
    expect(last.store.stats().byteQuota).toBe(70);
    await last.store.close();
  });

  test('below what is used refuses growth, and nothing else', async () => {
    const { store, map } = await openBinary();
    await map.put(bytes(1), bytes(50));
    await map.put(bytes(2), bytes(50));
    await store.setQuota({ bytes: 10 });

    await expect(map.put(bytes(1), bytes(51))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await map.put(bytes(1), bytes(50));
    await map.put(bytes(1), bytes(20));
    await map.remove(bytes(2));
    await map.clear();
    expect(store.stats().bytesUsed).toBe(0);
    await store.close();
  });

  test('that was lowered allows a commit which empties the map and puts less', async () => {
    const store = await Store.open(new MemoryFileSystem());
    const map = store.map<string, string>('m', { value: 'utf8' });
    await map.put('a', 'x'.repeat(99));
    await store.setQuota({ maps: { m: 10 } });

    await store.batch([
      { type: 'clear', map },
      { type: 'put', map, key: 'b', value: 'y'.repeat(49) },
    ]);

    expect(store.stats().maps.m?.bytesUsed).toBe(50);
    await expect(
      store.batch([
        { type: 'clear', map },
        { type: 'put', map, key: 'c', value: 'z'.repeat(50) },
      ]),
    ).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', needed: 51, quota: 10, map: 'm' });
    expect([...map.getKeys()]).toEqual(['b']);
    await store.close();
  });

  test('refuses one of several commits that wait together, and takes the others', async () => {
    const { store, map } = await openBinary(undefined, { bytes: 30 });

    const outcomes = await Promise.allSettled([
      map.put(new Uint8Array([1]), bytes(19)),
      map.put(new Uint8Array([2]), bytes(19)),
      map.put(new Uint8Array([3]), bytes(9)),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.info.sequence).toBe(3);
    await store.close();
  });
});

describe('the limit of', () => {
  test('a key is kept on both sides', async () => {
    const { store, map } = await openBinary();

    await map.put(bytes(KEY_SIZE_MAX), bytes(1));
    await expect(map.put(bytes(KEY_SIZE_MAX + 1), bytes(1))).rejects.toBeInstanceOf(LimitError);
    await expect(map.remove(bytes(KEY_SIZE_MAX + 1))).rejects.toMatchObject({ committed: 'no' });
    await store.checkpoint();
    expect(map.get(bytes(KEY_SIZE_MAX))).toEqual(bytes(1));
    await store.close();
  });

  // The lowest bound above a key is one byte longer. Nothing bounded them, and one that was larger
  // than a frame failed a whole group.
  test('a bound of a clear is kept on both sides, and who commits beside it goes on', async () => {
    const { store, map } = await openBinary();
    await map.put(bytes(1), bytes(1));
    await map.put(bytes(KEY_SIZE_MAX), bytes(1));
    const limit = { code: 'LIMIT', committed: 'no' };
    const tooLong = bytes(KEY_SIZE_MAX + 2);

    const beside = map.put(new Uint8Array([7]), bytes(1));
    await expect(map.clear({ start: bytes(34 << 20) })).rejects.toMatchObject(limit);
    await expect(map.clear({ end: tooLong })).rejects.toMatchObject(limit);
    const batch = store.batch([{ type: 'clear', map, range: { start: tooLong } }]);
    await expect(batch).rejects.toMatchObject(limit);
    const transaction = store.transaction((own) => own.map(map).clear({ end: tooLong }));
    await expect(transaction).rejects.toMatchObject(limit);
    await map.clear({ start: bytes(KEY_SIZE_MAX), exclusiveStart: true, end: new Uint8Array([7]) });
    await map.clear({ start: bytes(KEY_SIZE_MAX), end: bytes(KEY_SIZE_MAX), inclusiveEnd: true });

    await beside;
    expect([...map.getKeys()]).toEqual([bytes(1), new Uint8Array([7])]);
    await store.close();
  });

  test('a commit counts the bounds of its clears, too', async () => {
    const { store, map } = await openBinary();
    const range = { start: bytes(KEY_SIZE_MAX), end: bytes(KEY_SIZE_MAX) };
    const [clear] = map.clearWrites(range) as [PendingWrite];
    const count = Math.floor(COMMIT_SIZE_MAX / (2 * KEY_SIZE_MAX + 32));
    const clears = (number: number) => Array.from({ length: number }, () => clear);

    expect(() => requireCommitSize(pendingSize(clears(count)))).not.toThrow();
    expect(() => requireCommitSize(pendingSize(clears(count + 1)))).toThrow(LimitError);
    await store.close();
  });

  test('the name of a report is kept on both sides, and what is no name is refused', async () => {
    const { store, map } = await openBinary();

    const beside = map.put(bytes(1), bytes(1));
    await expect(store.acknowledgeLoss('x'.repeat(34 << 20))).rejects.toBeInstanceOf(LimitError);
    await expect(store.acknowledgeLoss('x'.repeat(256))).rejects.toBeInstanceOf(LimitError);
    for (const wrong of [5, undefined, null, '', {}]) {
      const attempt = store.acknowledgeLoss(wrong as string);
      await expect(attempt, String(wrong)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    await store.acknowledgeLoss('x'.repeat(255));

    await beside;
    expect(map.get(bytes(1))).toEqual(bytes(1));
    await store.close();
  });

  test('a value is kept on both sides', async () => {
    const { store, map, fs } = await openBinary();
    const largest = bytes(VALUE_SIZE_MAX);
    largest[VALUE_SIZE_MAX - 1] = 9;

    await map.put(bytes(1), largest);
    await expect(map.put(bytes(2), bytes(VALUE_SIZE_MAX + 1))).rejects.toBeInstanceOf(LimitError);
    await store.close();
    const again = await openBinary(fs);
    expect(again.map.get(bytes(1))?.[VALUE_SIZE_MAX - 1]).toBe(9);
    await again.store.close();
  });

  test('a commit is kept on both sides, and a large one is all or nothing', async () => {
    const { store, map } = await openBinary();
    const value = bytes(VALUE_SIZE_MAX);
    const overhead = 32 + 1;
    const last = COMMIT_SIZE_MAX - 7 * (VALUE_SIZE_MAX + overhead) - overhead;
    const writes = (size: number) =>
      Array.from({ length: 8 }, (_, i) => ({
        type: 'put' as const,
        map,
        key: new Uint8Array([i]),
        value: i < 7 ? value : bytes(size),
      }));

    await expect(store.batch(writes(last + 1))).rejects.toMatchObject({ code: 'LIMIT' });
    expect(store.info.sequence).toBe(0);
    await store.batch(writes(last));
    expect(map.getCount()).toBe(8);
    await store.close();
  }, 60_000);

  test('the number of maps is kept on both sides', async () => {
    const { store, fs } = await openBinary();
    const writes = Array.from({ length: MAP_COUNT_MAX }, (_, i) => ({
      type: 'put' as const,
      map: `map ${i}`,
      key: 'k',
      value: i,
    }));
    await store.batch(writes);

    await expect(store.map('one more').put('k', 1)).rejects.toMatchObject({ code: 'LIMIT' });
    await store.dropMap('map 7');
    await store.map('one more').put('k', 1);
    await store.checkpoint();
    await store.close();
    const again = await Store.open(fs);
    expect(again.maps).toHaveLength(MAP_COUNT_MAX);
    expect(again.map('map 4095').get('k')).toBe(4095);
    await again.close();
  }, 60_000);

  test('a name is kept on both sides, in bytes', async () => {
    const { store } = await openBinary();

    await store.map('é'.repeat(NAME_SIZE_MAX >> 1)).put('k', 1);
    expect(() => store.map('é'.repeat((NAME_SIZE_MAX >> 1) + 1))).toThrow(LimitError);
    for (const name of ['__proto__', 'constructor', ' ', '\u0000', '😀']) {
      await store.map(name).put('__proto__', name);
      expect(store.map(name).get('__proto__')).toBe(name);
    }
    await store.checkpoint();
    expect(store.maps).toContain('__proto__');
    expect(Object.getOwnPropertyNames(store.stats().maps)).toContain('__proto__');
    await store.close();
  });
});
