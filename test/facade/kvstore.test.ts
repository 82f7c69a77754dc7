/** The shape of kvstore.js: callbacks, batches, streams, errors, as level-rocksdb was seen to do it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { type Kvstore, type KvstoreStreamOptions, openKvstore } from '../../src/facade/kvstore.ts';
import type { FileSystem } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import type { StoreOptions } from '../../src/options.ts';
import { Store } from '../../src/store.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { bundleForNode } from '../support/child-bundle.ts';
import { crashEverywhere } from '../support/crash-everywhere.ts';
import { useSeededHost } from '../support/seeded.ts';

const directories: string[] = [];

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(63));
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'onewal-kvstore-'));
  directories.push(directory);
  return directory;
}

const get = (kvstore: Kvstore, key: unknown) =>
  new Promise<string | undefined>((resolve) => kvstore.get(key, resolve));
const put = (kvstore: Kvstore, key: unknown, value: unknown) =>
  new Promise<void>((resolve) => kvstore.put(key, value, resolve));
const del = (kvstore: Kvstore, key: unknown) =>
  new Promise<void>((resolve) => kvstore.del(key, resolve));
const open = (kvstore: Kvstore) =>
  new Promise((resolve) => void kvstore.open((error) => resolve(error)));
const close = (kvstore: Kvstore) =>
  new Promise((resolve) => void kvstore.close((error) => resolve(error)));

async function filled(entries: Record<string, string>, fs: FileSystem = new MemoryFileSystem()) {
  const kvstore = openKvstore(fs);
  for (const [key, value] of Object.entries(entries)) await put(kvstore, key, value);
  return kvstore;
}

async function all(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const entry of stream) found.push(entry);
  return found;
}

const keysOf = (kvstore: Kvstore, options?: KvstoreStreamOptions) =>
  all(kvstore.createKeyStream(options));

describe('single keys', () => {
  test('are got as text, and as undefined when they are missing', async () => {
    const kvstore = openKvstore(newDirectory());
    await put(kvstore, 'j\nunit', '{"a":1}');
    await put(kvstore, 'empty', '');
    await put(kvstore, 'gone', 'x');
    await del(kvstore, 'gone');
    await del(kvstore, 'never there');

    expect(await get(kvstore, 'j\nunit')).toBe('{"a":1}');
    expect(await get(kvstore, 'empty')).toBe('');
    expect(await get(kvstore, 'gone')).toBeUndefined();
    await close(kvstore);
  });

  test('are made text of whatever they are, and so are values', async () => {
    const kvstore = await filled({});
    await put(kvstore, 7, 5);
    await put(kvstore, true, ['a', 1]);
    await put(kvstore, Buffer.from('buffer'), Buffer.from('é'));
    await put(kvstore, 'x\ud800', 'y\udfff');

    expect(await get(kvstore, '7')).toBe('5');
    expect(await get(kvstore, 'true')).toBe('a,1');
    expect(await get(kvstore, 'buffer')).toBe('é');
    expect(await get(kvstore, 'x\ufffd')).toBe('y\ufffd');
    await close(kvstore);
  });

  test('call back in a later turn, never in the call', async () => {
    const kvstore = await filled({ key: 'value' });
    const order: string[] = [];

    const done = Promise.all([
      new Promise<void>((resolve) =>
        kvstore.get('key', () => {
          order.push('got');
          resolve();
        }),
      ),
      new Promise<void>((resolve) => {
        kvstore.put('key', 'new', () => {
          order.push('put');
          resolve();
        });
      }),
    ]);
    order.push('called');
    await done;

    expect(order[0]).toBe('called');
    expect(order).toHaveLength(3);
    await close(kvstore);
  });

  test('may be deleted and put without a callback, by functions taken off the object', async () => {
    const { put, del, batch, get, close } = await filled({ a: '1', b: '1' });

    del('a');
    put('c', '2');
    await batch().write();

    expect(await new Promise((resolve) => get('a', resolve))).toBeUndefined();
    expect(await new Promise((resolve) => get('c', resolve))).toBe('2');
    await close();
  });

  test('are buffered, unless a batch or the options ask for more', async () => {
    const syncsOf = async (run: (kvstore: Kvstore) => Promise<unknown>, options?: StoreOptions) => {
      const disk = new SimulatedDisk();
      const kvstore = openKvstore(disk, options);
      await open(kvstore);
      let syncs = 0;
      disk.onCall = ({ kind }) => {
        if (kind === 'sync') syncs++;
        return undefined;
      };
      await run(kvstore);
      disk.onCall = undefined;
      await close(kvstore);
      return syncs;
    };

    expect(await syncsOf((kvstore) => put(kvstore, 'a', '1'))).toBe(0);
    expect(await syncsOf((kvstore) => kvstore.batch().put('a', '1').write())).toBe(0);
    expect(
      await syncsOf((kvstore) => kvstore.batch().put('a', '1').write({ sync: true })),
    ).toBeGreaterThan(0);
    expect(
      await syncsOf((kvstore) => put(kvstore, 'a', '1'), { durability: 'synced' }),
    ).toBeGreaterThan(0);
  });
});

describe('a batch', () => {
  test('is chained, counted and cleared, and the last operation on a key wins', async () => {
    const kvstore = await filled({ gone: 'x' });
    const batch = kvstore.batch();
    expect(batch.length).toBe(0);
    expect(batch.put('dropped', '1').del('gone').length).toBe(2);

    expect(batch.clear()).toBe(batch);
    expect(batch.length).toBe(0);
    batch.put('a', '1').put('b', '1').del('b').put('a', '2');
    await new Promise<void>((resolve) => void batch.write({ sync: true }, () => resolve()));

    expect(batch.length).toBe(4);
    expect(await all(kvstore.createReadStream())).toEqual([
      { key: 'a', value: '2' },
      { key: 'gone', value: 'x' },
    ]);
    await close(kvstore);
  });

  test('is not seen by reads before it is written', async () => {
    const kvstore = await filled({ a: '1' });

    const batch = kvstore.batch().put('a', '2').put('b', '2');

    expect(await get(kvstore, 'a')).toBe('1');
    expect(await keysOf(kvstore)).toEqual(['a']);
    await batch.write();
    expect(await get(kvstore, 'a')).toBe('2');
    await close(kvstore);
  });

  test('may be empty, and takes options, a callback, both or neither', async () => {
    const kvstore = await filled({});

    await kvstore.batch().write();
    await kvstore.batch().write({ sync: true });
    const answers = await Promise.all([
      new Promise((resolve) => void kvstore.batch().write((...passed) => resolve(passed))),
      new Promise((resolve) => void kvstore.batch().write(null, (...passed) => resolve(passed))),
      new Promise((resolve) => void kvstore.batch().write({}, (...passed) => resolve(passed))),
    ]);

    expect(answers).toEqual([[], [], []]);
    await close(kvstore);
  });

  test('throws a WriteError for a key or a value that is none, and goes on without it', async () => {
    const kvstore = await filled({});
    const batch = kvstore.batch();
    const error = (message: string) => expect.objectContaining({ name: 'WriteError', message });

    expect(() => batch.put(null, 'x')).toThrow(error('key cannot be `null` or `undefined`'));
    expect(() => batch.del(undefined)).toThrow(error('key cannot be `null` or `undefined`'));
    expect(() => batch.put('', 'x')).toThrow(error('key cannot be an empty String'));
    expect(() => batch.del([])).toThrow(error('key cannot be an empty Array'));
    expect(() => batch.put(Buffer.alloc(0), 'x')).toThrow(error('key cannot be an empty Buffer'));
    expect(() => batch.put('k', null)).toThrow(error('value cannot be `null` or `undefined`'));
    expect(batch.length).toBe(0);
    await batch.put('k', 'v').write();
    expect(await get(kvstore, 'k')).toBe('v');
    await close(kvstore);
  });

  test('cannot be used again once it is written', async () => {
    const kvstore = await filled({});
    const batch = kvstore.batch().put('a', '1');
    await batch.write();
    const used = expect.objectContaining({
      name: 'WriteError',
      type: 'WriteError',
      message: 'write() already called on this batch',
    });

    expect(() => batch.put('b', '1')).toThrow(used);
    expect(() => batch.del('a')).toThrow(used);
    expect(() => batch.clear()).toThrow(used);
    expect(() => batch.write()).toThrow(used);
    expect(await keysOf(kvstore)).toEqual(['a']);
    await close(kvstore);
  });

  test('says in its error what the store says', async () => {
    const kvstore = openKvstore(new MemoryFileSystem(), { quota: { bytes: 5 } });
    const passed = await new Promise((resolve) => {
      void kvstore.batch().put('key', 'too long').write(resolve);
    });

    expect(passed).toMatchObject({
      name: 'WriteError',
      code: 'QUOTA_EXCEEDED',
      committed: 'no',
      cause: { name: 'QuotaError' },
    });
    await close(kvstore);
    const closed = kvstore.batch().put('a', '1').write();
    await expect(closed).rejects.toMatchObject({ message: 'Database is not open' });
  });
});

describe('a stream', () => {
  const LETTERS = { a: '1', b: '2', c: '3', d: '4', e: '5' };

  test('goes through entries in the order of their UTF-8 bytes', async () => {
    const kvstore = await filled({});
    for (const key of ['\u{1f600}', '\uffff', '\ufffd', '中', 'é', 'a']) {
      await put(kvstore, key, key);
    }

    expect(await keysOf(kvstore)).toEqual(['a', 'é', '中', '\ufffd', '\uffff', '\u{1f600}']);
    expect(await keysOf(kvstore, { lte: '\uffff' })).not.toContain('\u{1f600}');
    await close(kvstore);
  });

  test.each<[KvstoreStreamOptions, string]>([
    [{}, 'abcde'],
    [{ gte: 'b', lte: 'd' }, 'bcd'],
    [{ gt: 'b', lt: 'd' }, 'c'],
    [{ gt: 'a', gte: 'b', lt: 'd' }, 'bc'],
    [{ gt: 'c', gte: 'a' }, 'de'],
    [{ lte: 'b', lt: 'd' }, 'ab'],
    [{ lt: 'b', lte: 'c' }, 'a'],
    [{ gt: 'c', lt: 'c' }, ''],
    [{ gt: 'z', lt: 'a' }, ''],
    [{ gte: 'b', lte: 'd', reverse: true }, 'dcb'],
    [{ reverse: true, limit: 2 }, 'ed'],
    [{ limit: 2 }, 'ab'],
    [{ limit: -1 }, 'abcde'],
    [{ limit: 0 }, ''],
    [{ limit: 1.5 }, 'a'],
    [{ limit: Number.NaN }, ''],
    [{ limit: '2' as unknown as number }, 'abcde'],
    [{ gte: '', lt: 'c' }, 'ab'],
    [{ gt: 'c', lte: '' }, 'de'],
    [{ lt: null }, 'abcde'],
    [{ gte: undefined }, ''],
    [{ gte: Buffer.from('d') }, 'de'],
    [{ gte: 5, lt: 'b' }, 'a'],
  ])('takes %o', async (options, expected) => {
    const kvstore = await filled(LETTERS);

    expect((await keysOf(kvstore, options)).join('')).toBe(expected);
    await close(kvstore);
  });

  test('emits entries, keys or values', async () => {
    const kvstore = await filled({ a: '1', b: '2' });

    expect(await all(kvstore.createReadStream({ limit: 1 }))).toEqual([{ key: 'a', value: '1' }]);
    expect(await all(kvstore.createReadStream({ keys: false }))).toEqual(['1', '2']);
    expect(await all(kvstore.createReadStream({ values: false }))).toEqual(['a', 'b']);
    expect(await all(kvstore.createReadStream({ keys: false, values: false }))).toEqual([]);
    expect(await keysOf(kvstore, { keys: false, values: true })).toEqual(['a', 'b']);
    await close(kvstore);
  });

  test('is frozen when it is made', async () => {
    const kvstore = await filled(LETTERS);

    const stream = kvstore.createReadStream();
    await put(kvstore, '0', 'new');
    await put(kvstore, 'a', 'other');
    await del(kvstore, 'c');

    expect(await all(stream)).toEqual(
      Object.entries(LETTERS).map(([key, value]) => ({ key, value })),
    );
    await close(kvstore);
  });

  test('ends and then closes; a destroyed one only closes', async () => {
    const kvstore = await filled(LETTERS);
    const eventsOf = (
      run: (stream: NodeJS.ReadableStream & { destroy(error?: Error): void }) => void,
      options?: KvstoreStreamOptions,
    ) =>
      new Promise<string[]>((resolve) => {
        const stream = kvstore.createKeyStream(options);
        const events: string[] = [];
        stream.on('end', () => events.push('end'));
        stream.on('error', (error) => events.push(error.message));
        stream.on('close', () => resolve([...events, 'close']));
        run(stream);
      });

    expect(await eventsOf((stream) => stream.resume())).toEqual(['end', 'close']);
    expect(await eventsOf((stream) => stream.destroy())).toEqual(['close']);
    expect(await eventsOf((stream) => stream.destroy(new Error('enough')))).toEqual([
      'enough',
      'close',
    ]);
    for (const limit of [1, 2, 5]) {
      const first = await eventsOf((stream) => stream.on('data', () => stream.destroy()), {
        limit,
      });
      const buffered = await eventsOf(
        (stream) => stream.once('readable', () => stream.read() && stream.destroy()),
        { limit },
      );
      expect([first, buffered], `of ${limit}`).toEqual([['close'], ['close']]);
    }
    await close(kvstore);
  });

  test('refuses start and end, and a closed store', async () => {
    const kvstore = await filled(LETTERS);
    const legacy = 'Legacy range options ("start" and "end") have been removed';

    expect(() => kvstore.createReadStream({ start: 'a' } as object)).toThrow(legacy);
    expect(() => kvstore.createKeyStream({ end: 'a' } as object)).toThrow(legacy);
    const stream = kvstore.createReadStream();
    await close(kvstore);
    expect(() => kvstore.createReadStream()).toThrow('cannot call iterator() before open()');
    await expect(all(stream)).rejects.toMatchObject({ name: 'ReadError', code: 'CLOSED' });
  });
});

describe('opening and closing', () => {
  test('everything waits for the open that the store begins with', async () => {
    const fs = new MemoryFileSystem();
    await close(await filled({ a: '1' }, fs));

    const kvstore = openKvstore(fs);
    const early = [get(kvstore, 'a'), keysOf(kvstore), kvstore.batch().put('b', '2').write()];

    expect(await Promise.all(early)).toEqual(['1', ['a'], undefined]);
    expect(await get(kvstore, 'b')).toBe('2');
    await close(kvstore);
  });

  test('an open store says so at once, and so does a closed one', async () => {
    const kvstore = await filled({ a: '1' });
    const said: unknown[] = [];

    void kvstore.open((error) => said.push(error));
    expect(said).toEqual(['already open']);
    expect(await close(kvstore)).toBeUndefined();
    void kvstore.close((error) => said.push(error));
    expect(said).toEqual(['already open', 'already closed']);
    expect(kvstore.store).toBeUndefined();
    expect(await open(kvstore)).toBeNull();
    expect(await get(kvstore, 'a')).toBe('1');
    await close(kvstore);
  });

  test('what was handed in before a close is done', async () => {
    const fs = new MemoryFileSystem();
    const kvstore = await filled({}, fs);

    const writing = put(kvstore, 'a', '1');
    await close(kvstore);
    await writing;

    const again = openKvstore(fs);
    expect(await get(again, 'a')).toBe('1');
    await close(again);
  });

  test('a close overtakes no open, and an open no close', async () => {
    const kvstore = await filled({ a: '1' });

    const outcomes = await Promise.all([kvstore.close(), kvstore.open(), kvstore.open()]);
    expect(outcomes).toHaveLength(3);
    expect(await get(kvstore, 'a')).toBe('1');
    await Promise.all([kvstore.close(), kvstore.open(), kvstore.close()]);

    expect(kvstore.store).toBeUndefined();
    expect(await open(kvstore)).toBeNull();
    await close(kvstore);
  });

  test('a locked store is an OpenError, until its holder closes it', async () => {
    const fs = new MemoryFileSystem();
    const holder = await filled({ a: '1' }, fs);
    let kvstore: Kvstore | undefined;
    const error = await new Promise((resolve) => {
      kvstore = openKvstore(fs, {}, resolve);
    });

    expect(error).toMatchObject({ name: 'OpenError', code: 'LOCKED' });
    await close(holder);
    expect(await open(kvstore as Kvstore)).toBeNull();
    expect(await get(kvstore as Kvstore, 'a')).toBe('1');
    await close(kvstore as Kvstore);
  });

  test('a store whose map is made otherwise is an OpenError, and is left to others', async () => {
    const files = new MemoryFileSystem();
    const store = await Store.open(files);
    await store.map('kvstore').put('key', 1);
    await store.close();

    const error = await new Promise((resolve) => openKvstore(files, {}, resolve));

    expect(error).toMatchObject({ name: 'OpenError', code: 'MAP_ENCODING_MISMATCH' });
    const again = await Store.open(files);
    expect(again.map('kvstore').get('key')).toBe(1);
    await again.close();
  });

  test('the store behind it takes commits over other maps too', async () => {
    const kvstore = await filled({ 'st\nA\nx': '1' });

    await kvstore.store?.batch([
      { type: 'put', map: 'kvstore', key: 'st\nA\nx', value: '2' },
      { type: 'put', map: 'balances', key: 'A', value: 95 },
    ]);

    expect(await get(kvstore, 'st\nA\nx')).toBe('2');
    expect(await keysOf(kvstore)).toEqual(['st\nA\nx']);
    await close(kvstore);
  });
});

test('what cannot be answered is thrown where nothing catches it, in the words of kvstore.js', async () => {
  const child = await bundleForNode('test/facade/kvstore.child.ts');

  const { stdout } = await promisify(execFile)(process.execPath, [child, newDirectory()]);

  const lines = stdout.trim().split('\n');
  expect(lines.slice(0, 7)).toEqual([
    'uncaught Error: get  failed: ReadError: key cannot be an empty String',
    'uncaught Error: get null failed: ReadError: key cannot be `null` or `undefined`',
    'uncaught Error: put key = undefined failed: WriteError: value cannot be `null` or `undefined`',
    'uncaught Error: put  = value failed: WriteError: key cannot be an empty Array',
    'uncaught Error: del undefined failed: WriteError: key cannot be `null` or `undefined`',
    'uncaught Error: by the callback of get',
    'uncaught Error: by the callback of write',
  ]);
  expect(lines[7]).toMatch(
    /^uncaught Error: kvstore open failed \(is the app already running\?\): OpenError: .+/,
  );
  expect(lines.slice(8)).toEqual([
    'uncaught Error: put key = value failed: ReadError: Database is not open',
    'done',
  ]);
});

test('a crash at every call, and inside every write, leaves each batch whole or out', async () => {
  const tally = await crashEverywhere({
    newLog: () => ({ acknowledged: 0, submitted: 0 }),
    async life(disk, log) {
      const kvstore = openKvstore(disk, {}, () => undefined);
      for (let n = 1; n <= 6; n++) {
        log.submitted = n;
        const batch = kvstore.batch().put('j\nunit', `dropped ${n}`).clear();
        batch.put('st\nA\ncount', n).put(`st\nA\n${n}`, 'x'.repeat(n * 100));
        await batch.del(`st\nA\n${n - 1}`).write({ sync: true });
        log.acknowledged = n;
        if (n === 3) await kvstore.store?.checkpoint();
      }
      await kvstore.close();
    },
    async check(image, { acknowledged, submitted }) {
      const kvstore = openKvstore(image);
      const n = Number((await get(kvstore, 'st\nA\ncount')) ?? 0);
      expect(n).toBeGreaterThanOrEqual(acknowledged);
      expect(n).toBeLessThanOrEqual(submitted);
      expect(await all(kvstore.createReadStream())).toEqual(
        n === 0
          ? []
          : [
              { key: `st\nA\n${n}`, value: 'x'.repeat(n * 100) },
              { key: 'st\nA\ncount', value: `${n}` },
            ],
      );
      await close(kvstore);
    },
  });

  expect(tally.crashPoints).toBeGreaterThan(60);
}, 120_000);
