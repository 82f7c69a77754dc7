/** What the suite of abstract-level does not ask: life and death, and what is held. */
import { beforeAll, describe, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { OnewalLevel } from '../../src/facade/level.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';

beforeAll(() => checksumReady);

async function open(files = new MemoryFileSystem()): Promise<OnewalLevel> {
  const db = new OnewalLevel(files);
  await db.open();
  return db;
}

async function filled(count: number): Promise<OnewalLevel> {
  const db = await open();
  const keys = Array.from({ length: count }, (_, i) => `k${String(i).padStart(5, '0')}`);
  await db.batch(keys.map((key) => ({ type: 'put', key, value: key.toUpperCase() })));
  return db;
}

describe('the database', () => {
  test('is empty when it is made, keeps what it was given, and can be opened again', async () => {
    const db = new OnewalLevel(new MemoryFileSystem(), { valueEncoding: 'json' });
    await db.put('a', { n: 1 } as never);
    await db.close();
    expect(() => db.store).toThrow(expect.objectContaining({ code: 'LEVEL_DATABASE_NOT_OPEN' }));

    await db.open();

    expect(await db.iterator().all()).toEqual([['a', { n: 1 }]]);
    await db.close();
  });

  test('is one map of a store, which has room for others', async () => {
    const db = await open();
    const other = db.store.map<string, number>('other');
    const own = db.store.map<Uint8Array, Uint8Array>('level');

    await db.put('a', 'é');
    await db.store.batch([
      { type: 'put', map: other, key: 'count', value: 1 },
      { type: 'put', map: own, key: Uint8Array.of(0x62), value: Uint8Array.of(0x42) },
    ]);

    expect(own.get(Uint8Array.of(0x61))).toEqual(Uint8Array.of(0xc3, 0xa9));
    expect(await db.iterator().all()).toEqual([
      ['a', 'é'],
      ['b', 'B'],
    ]);
    await db.close();
  });

  test('passes the options of the store on, and those of other databases over', async () => {
    const files = new MemoryFileSystem();
    const options = { quota: { bytes: 4 }, cacheSize: 1, compression: true };
    const db = new OnewalLevel(files, options);
    await db.open();

    expect(db.store.stats().byteQuota).toBe(4);
    await db.close();
    await db.open({ readOnly: true });
    expect(db.store.info.readOnly).toBe(true);
    await db.close();
  });

  test('neither makes nor opens anything where both are forbidden', async () => {
    const files = new MemoryFileSystem();
    const db = new OnewalLevel(files, { createIfMissing: false, errorIfExists: true });

    await expect(db.open()).rejects.toMatchObject({ cause: { code: 'NOT_FOUND' } });
    expect(files.list()).toEqual([]);

    await (await Store.open(files)).close();
    await expect(db.open()).rejects.toMatchObject({ cause: { code: 'EXISTS' } });
  });

  test('lets go of a store whose map has other encodings', async () => {
    const files = new MemoryFileSystem();
    const store = await Store.open(files);
    await store.map('level', { key: 'utf8' }).put('a', 1);
    await store.close();

    const db = new OnewalLevel(files);
    await expect(db.open()).rejects.toMatchObject({
      cause: { code: 'LEVEL_NOT_SUPPORTED', cause: { code: 'MAP_ENCODING_MISMATCH' } },
    });

    const again = await Store.open(files);
    expect(again.maps).toEqual(['level']);
    await again.close();
  });

  test('refuses what is no location, and does not try to open it', () => {
    expect(() => new OnewalLevel('')).toThrow(/a directory path or in a FileSystem/);
    expect(() => new OnewalLevel({} as never)).toThrow(/a directory path or in a FileSystem/);
  });

  test('that fails to close says so, and is closed by the second close', async () => {
    const disk = new SimulatedDisk();
    const db = new OnewalLevel(disk);
    await db.put('kept', '1');
    await db.put('lost', '2', { sync: false });
    disk.onCall = ({ kind }) => (kind === 'sync' ? { kind: 'fail', code: 'EIO' } : undefined);

    await expect(db.close()).rejects.toMatchObject({
      code: 'LEVEL_DATABASE_NOT_CLOSED',
      cause: { code: 'LEVEL_IO_ERROR', cause: { code: 'IO' } },
    });
    expect(() => db.getSync('kept')).toThrow('the database is not open');

    disk.onCall = undefined;
    await db.close();
    await db.open();
    expect(await db.get('kept')).toBe('1');
    await db.close();
  });
});

describe('an iterator', () => {
  test('ends with the database, and can be closed behind it', async () => {
    const db = await filled(3);
    const iterators = [db.iterator(), db.keys(), db.values(), db.sublevel('s').keys()];
    await iterators[0]?.next();
    const snapshot = db.snapshot();

    await db.close();

    for (const iterator of iterators) {
      await expect(iterator.next()).rejects.toMatchObject({ code: 'LEVEL_ITERATOR_NOT_OPEN' });
      await iterator.close();
    }
    await db.open();
    await expect(db.get('k00000', { snapshot })).rejects.toMatchObject({
      code: 'LEVEL_SNAPSHOT_NOT_OPEN',
    });
    expect(await db.get('k00000')).toBe('K00000');
    await db.close();
  });

  test('gives up the state it reads when it is closed, and a snapshot too', async () => {
    const db = await filled(3);
    const { store } = db;
    const snapshot = db.snapshot();
    const iterator = db.iterator();
    const ofSnapshot = db.keys({ snapshot });
    expect(store.stats().openViews).toBe(2);

    await ofSnapshot.close();
    expect(store.stats().openViews).toBe(2);
    expect(await iterator.all()).toHaveLength(3);
    expect(store.stats().openViews).toBe(1);
    await snapshot.close();
    expect(store.stats().openViews).toBe(0);

    for await (const _ of db.values()) break;
    expect(await db.keys({ gt: 'k', limit: 1 }).all()).toEqual(['k00000']);
    expect(store.stats().openViews).toBe(0);
    await db.close();
  });

  test('lets others run meanwhile, one by one and all at once', async () => {
    const db = await filled(1500);
    const turnsDuring = async (work: () => Promise<unknown>) => {
      let turns = 0;
      let isDone = false;
      const count = () => {
        if (isDone) return;
        turns++;
        setImmediate(count);
      };
      setImmediate(count);
      await work();
      isDone = true;
      return turns;
    };

    const oneByOne = await turnsDuring(async () => {
      for await (const _ of db.keys());
    });
    const atOnce = await turnsDuring(() => db.iterator().all());

    expect(oneByOne).toBeGreaterThanOrEqual(2);
    expect(atOnce).toBeGreaterThanOrEqual(2);
    await db.close();
  });

  test('stops where it is when it is aborted', async () => {
    const db = await filled(8000);
    const controller = new AbortController();
    const iterator = db.iterator({ signal: controller.signal });

    let isStopped = false;
    let turns = 0;
    const page = iterator.nextv(8000).finally(() => {
      isStopped = true;
    });
    setImmediate(function count() {
      controller.abort('enough');
      if (isStopped) return;
      turns++;
      setImmediate(count);
    });

    await expect(page).rejects.toMatchObject({
      code: 'LEVEL_ABORTED',
      name: 'AbortError',
      cause: 'enough',
    });
    expect(turns).toBeLessThan(4);
    await db.close();
  });

  test.each([
    [{ gt: '5' }, '4', undefined],
    [{ gt: '5' }, '5', undefined],
    [{ gt: '5' }, '6', '6'],
    [{ gte: '5' }, '4', undefined],
    [{ gte: '5' }, '5', '5'],
    [{ gte: '5', gt: '7' }, '5', '5'],
    [{ gte: '5', gt: '3' }, '4', undefined],
    [{ lt: '5' }, '4', '4'],
    [{ lt: '5' }, '5', undefined],
    [{ lte: '5' }, '5', '5'],
    [{ lte: '5' }, '6', undefined],
    [{ lte: '5', lt: '3' }, '4', '4'],
    [{ lt: '5', reverse: true }, '6', undefined],
    [{ lt: '5', reverse: true }, '5', undefined],
    [{ lt: '5', reverse: true }, '4', '4'],
    [{ lte: '5', reverse: true }, '5', '5'],
    [{ gt: '5', reverse: true }, '5', undefined],
    [{ gte: '5', reverse: true }, '6', '6'],
  ])('over %o that seeks %s yields %s', async (range, target, expected) => {
    const db = await open();
    await db.batch([...'0123456789'].map((key) => ({ type: 'put', key, value: key })));
    const iterator = db.keys(range);

    iterator.seek(target);

    expect(await iterator.next()).toBe(expected);
    await db.close();
  });
});

describe('a snapshot', () => {
  test('stays as it is, for a sublevel too, whatever becomes of the database', async () => {
    const db = await open();
    const users = db.sublevel('users');
    await users.put('a', 'before');
    const snapshot = users.snapshot();
    await db.clear();
    await db.store.compact();

    expect(await users.get('a', { snapshot })).toBe('before');
    expect(await db.keys({ snapshot }).all()).toEqual(['!users!a']);
    expect(await users.keys().all()).toEqual([]);
    await db.close();
  });

  test('of another database is refused', async () => {
    const [db, other] = [await open(), await open()];
    const snapshot = other.snapshot();

    await expect(db.get('a', { snapshot })).rejects.toThrow(TypeError);
    expect(() => db.iterator({ snapshot })).toThrow(TypeError);
    await Promise.all([db.close(), other.close()]);
  });
});

test('text is kept to the letter, and what is no text becomes readable', async () => {
  const db = await open();
  await db.put('\ufeffkey', '\ufeffvalue');
  await db.put('broken', 'a\ud800b');
  await db.put('bytes', Uint8Array.of(0x61, 0xff) as never, { valueEncoding: 'view' });

  expect(await db.iterator().all()).toEqual([
    ['broken', 'a\ufffdb'],
    ['bytes', 'a\ufffd'],
    ['\ufeffkey', '\ufeffvalue'],
  ]);
  const bytes = await db.get('bytes', { valueEncoding: 'buffer' });
  expect(Buffer.isBuffer(bytes) && [...bytes]).toEqual([0x61, 0xff]);
  await db.close();
});
