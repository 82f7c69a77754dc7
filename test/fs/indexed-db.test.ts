/** Who owns a store in IndexedDB, one after the other, in tabs that share an origin or in one. */
import 'fake-indexeddb/auto';
import { IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ChunkDatabase } from '../../src/fs/chunk-database.ts';
import type { Lock } from '../../src/fs/file-system.ts';
import { IndexedDbFileSystem } from '../../src/fs/indexed-db.ts';
import { Store } from '../../src/index.ts';
import { FakeLocks } from './fake-locks.ts';

let locks: FakeLocks;
let count = 0;
let name: string;

beforeEach(() => {
  locks = new FakeLocks();
  name = `store ${count++}`;
  vi.stubGlobal('navigator', { userAgent: '', locks });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test('a store that has lost its lock, and is closed late, leaves the next one alone', async () => {
  const files = new IndexedDbFileSystem(name, { displace: true });
  const first = await Store.open(files);
  await first.map('m').put('k', 0);
  const elsewhere = await Store.open(new IndexedDbFileSystem(name, { displace: true }));
  await expect(first.map('m').put('k', 1)).rejects.toThrow();
  await elsewhere.close();
  const next = await Store.open(files);
  const map = next.map<string, number>('m');
  await map.put('k', 2);
  await first.close().catch(() => undefined);

  await map.put('k', 3);
  const displacing = await Store.open(new IndexedDbFileSystem(name, { displace: true }));
  await expect(map.put('k', 4)).rejects.toMatchObject({ committed: 'unknown' });
  expect(displacing.map('m').get('k')).toBe(3);
  await displacing.close();
});

test('a lock that is lost while it is released leaves the connection of the next one alone', async () => {
  vi.stubGlobal('navigator', { userAgent: '' });
  const files = new IndexedDbFileSystem(name);
  const lock = await files.lock();
  const thief = await ChunkDatabase.open(`onewal/${name}`);
  await thief.changeOwner(() => undefined);
  const next = new Promise<Lock>((resolve) => lock.onLost(() => resolve(files.lock())));
  await expect(lock.release()).rejects.toThrow('given up');

  await next;
  await files.open('made', 'create');
  await thief.changeOwner(() => undefined);
  await expect(files.syncDirectory()).rejects.toThrow('given up');
  expect(await thief.files()).toEqual(new Map());
  thief.close();
});

test('a lock that was lost, and is released late, leaves the names of the next one to it', async () => {
  const files = new IndexedDbFileSystem(name, { displace: true });
  const lost = await files.lock();
  await new IndexedDbFileSystem(name, { displace: true }).lock();
  await expect(files.syncDirectory()).rejects.toThrow('given up');
  await files.lock();
  await files.open('made', 'create');
  await Promise.resolve(lost.release()).catch(() => undefined);

  await files.syncDirectory();
  expect(await new IndexedDbFileSystem(name).list()).toEqual(['made']);
});

test('who has lost the lock writes nothing until it is taken again', async () => {
  const files = new IndexedDbFileSystem(name, { displace: true });
  await files.lock();
  await files.open('kept', 'create');
  await files.syncDirectory();
  const elsewhere = await new IndexedDbFileSystem(name, { displace: true }).lock();
  await expect(files.remove('kept')).rejects.toThrow('given up');

  await expect(files.remove('kept')).rejects.toThrow('lost');
  await expect(files.open('made', 'create')).rejects.toThrow('lost');
  await expect(files.syncDirectory()).rejects.toThrow('lost');
  expect(await files.list()).toEqual(['kept']);
  await elsewhere.release();
  await files.lock();
  await files.remove('kept');
  expect(await new IndexedDbFileSystem(name).list()).toEqual([]);
});

test('the next tab gets the lock where the database could not be left in order', async () => {
  const files = new IndexedDbFileSystem(name);
  const store = await Store.open(files);
  await store.map('m').put('k', 'v');
  const storing = vi.spyOn(IDBObjectStore.prototype, 'delete').mockImplementation(function (this: {
    readonly transaction: { abort(): void };
  }) {
    this.transaction.abort();
    return {} as never;
  });
  await store.close();
  storing.mockRestore();

  expect(locks.names).toEqual([]);
  const again = await Store.open(new IndexedDbFileSystem(name));
  expect(again.map('m').get('k')).toBe('v');
  await again.close();
});

describe.each(['with Web Locks', 'without Web Locks'])('an open beside a close, %s,', (manner) => {
  beforeEach(() => {
    if (manner === 'without Web Locks') vi.stubGlobal('navigator', { userAgent: '' });
  });

  test('waits until the same file system is free', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const files = new IndexedDbFileSystem(`${name} ${turns}`);
      const store = await Store.open(files);
      await store.map('m').put('k', turns);
      const closing = store.close();
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);

      const next = await Store.open(files, { lockTimeout: 5000 });
      expect(next.map('m').get('k')).toBe(turns);
      await closing;
      await next.close();
      await (await Store.open(files)).close();
    }
  });
});
