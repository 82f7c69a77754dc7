/** A lock that is lost while commits are on their way: nothing is promised that another may undo. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import type { Lock } from '../../src/fs/file-system.ts';
import type { Awaitable } from '../../src/fs/task.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(29));

test('a commit whose lock was lost during its sync is unknown, and later ones are refused', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  await map.put('before', 1);
  let written = '';
  disk.onCall = ({ kind }) => {
    if (kind !== 'sync') return undefined;
    disk.revokeLock();
    written = disk.digest();
    return undefined;
  };

  const during = await map.put('during', 2).catch((error: unknown) => error);
  const after = await map.put('after', 3).catch((error: unknown) => error);

  expect(during).toMatchObject({ code: 'LOCK_LOST', committed: 'unknown' });
  expect(after).toMatchObject({ code: 'LOCK_LOST', committed: 'no' });
  expect([...map.getKeys()]).toEqual(['before']);
  await store.close().catch(() => undefined);
  expect(disk.digest()).toBe(written);
});

test('a blocking commit whose lock was lost during its sync is unknown too', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  disk.onCall = ({ kind }) => {
    if (kind === 'syncNow') disk.revokeLock();
    return undefined;
  };

  expect(() => map.putSync('during', 2)).toThrow(
    expect.objectContaining({ code: 'LOCK_LOST', committed: 'unknown' }),
  );
  expect([...map.getKeys()]).toEqual([]);
  await store.close().catch(() => undefined);
});

/** Its lock knows that it is lost before it tells anybody. */
class QuietlyLosing extends SimulatedDisk {
  isLost = false;

  override async lock(): Promise<Lock> {
    const lock = await super.lock();
    const isLost = (): boolean => this.isLost;
    return {
      holder: lock.holder,
      get isLost() {
        return isLost();
      },
      onLost: (listener) => lock.onLost(listener),
      release: () => lock.release(),
    };
  }
}

test('nothing is written once the lock is lost, also before the host has said so', async () => {
  const disk = new QuietlyLosing();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  await map.put('before', 1);
  await new Promise((resolve) => setImmediate(resolve));
  const written = disk.digest();
  disk.isLost = true;

  const refusal = await map.put('after', 2).catch((error: unknown) => error);

  expect(refusal).toMatchObject({ code: 'LOCK_LOST', committed: 'no' });
  expect(disk.digest()).toBe(written);
  await store.close().catch(() => undefined);
});

test('a buffered commit whose lock was lost while it was written is unknown', async () => {
  const disk = new QuietlyLosing();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  disk.onCall = ({ kind }) => {
    if (kind === 'write') disk.isLost = true;
    return undefined;
  };

  const during = await map
    .put('during', 1, { durability: 'buffered' })
    .catch((error: unknown) => error);

  expect(during).toMatchObject({ code: 'LOCK_LOST', committed: 'unknown' });
  expect([...map.getKeys()]).toEqual([]);
  await store.close().catch(() => undefined);
});

// A successor stands on the files of before the checkpoint until it has written one of its own.
test('a checkpoint that loses the lock on its way removes and makes no file any more', async () => {
  const disk = new QuietlyLosing();
  const store = await Store.open(disk);
  const map = store.map<string, string>('m');
  for (const key of ['a', 'b', 'c']) {
    await map.put(key, 'x'.repeat(5000));
    await store.checkpoint();
  }
  await map.put('d', 'y');
  let names: readonly string[] | undefined;
  disk.onCall = ({ kind, file }) => {
    if (kind !== 'sync' || file?.endsWith('.snap') !== true) return undefined;
    disk.isLost = true;
    names ??= disk.names();
    return undefined;
  };

  await store.checkpoint().catch(() => undefined);
  await store.close().catch(() => undefined);

  expect(names).toContain('3.snap');
  expect(disk.names()).toEqual(names);
});

test('neither a checkpoint nor a close writes anything once the lock is lost', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('m').put('before', 1);
  await new Promise((resolve) => setImmediate(resolve));
  const written = disk.digest();
  disk.revokeLock();

  await expect(store.checkpoint()).rejects.toMatchObject({ code: 'LOCK_LOST' });
  await store.close().catch(() => undefined);

  expect(disk.digest()).toBe(written);
});

// 200 that waited asked for the lock so often that its owner got no time to give it back.
test('who waits for the lock asks less and less often, and gives up in time', async () => {
  const slept: number[] = [];
  useSeededHost(31, (milliseconds) => void slept.push(milliseconds));
  const disk = new SimulatedDisk();
  const owner = await Store.open(disk);

  const refusal = await Store.open(disk, { lockTimeout: 10_000 }).catch((error: unknown) => error);

  expect(refusal).toMatchObject({ code: 'LOCKED' });
  expect(slept.reduce((sum, milliseconds) => sum + milliseconds, 0)).toBe(10_000);
  expect([slept[0], Math.max(...slept)]).toEqual([20, 250]);
  expect(slept.length).toBeLessThan(80);
  await owner.close();
});

test('an open that fails lets the lock go', async () => {
  const disk = new SimulatedDisk();
  disk.onCall = ({ kind, file }) =>
    kind === 'open' && file === '1.wal' ? { kind: 'fail', code: 'EIO' } : undefined;
  await expect(Store.open(disk)).rejects.toMatchObject({ code: 'IO' });
  disk.onCall = undefined;

  const store = await Store.open(disk);

  await store.close();
});

// It came when nobody waited for it any more, and was held as long as the page lived.
test('a blocking open that the lock makes wait lets it go, before the next open has its turn', async () => {
  for (const count of [1, 2]) {
    const disk = new SimulatedDisk({ host: 'poor' });
    for (let i = 0; i < count; i++) {
      expect(() => Store.openSync(disk)).toThrow(
        expect.objectContaining({ code: 'SYNC_UNAVAILABLE' }),
      );
    }

    const store = await Store.open(disk);

    await store.map('m').put('k', 1);
    await store.close();
  }
});

test('a lock that comes too late and cannot be released is in the way of the next open', async () => {
  const disk = new SimulatedDisk({ host: 'poor' });
  disk.onCall = ({ kind }) => (kind === 'release' ? { kind: 'fail', code: 'EIO' } : undefined);

  expect(() => Store.openSync(disk)).toThrow();

  await expect(Store.open(disk)).rejects.toMatchObject({ code: 'LOCKED' });
});

test('a blocking open beside an owner leaves the lock alone', async () => {
  const disk = new SimulatedDisk({ host: 'poor' });
  const owner = await Store.open(disk);

  expect(() => Store.openSync(disk)).toThrow();

  await expect(Store.open(disk)).rejects.toMatchObject({ code: 'LOCKED' });
  await owner.map('m').put('k', 1);
  await owner.close();
});

/** As OPFS: it answers at once when it is prepared. */
class Prepared extends SimulatedDisk {
  isPrepared = false;

  override lock(): Awaitable<Lock> {
    return this.isPrepared ? super.lock() : Promise.resolve().then(() => super.lock());
  }
}

test('a blocking open works once the host can block, also if one had failed before', async () => {
  const disk = new Prepared();
  expect(() => Store.openSync(disk)).toThrow(expect.objectContaining({ code: 'SYNC_UNAVAILABLE' }));
  await new Promise((resolve) => setImmediate(resolve));
  disk.isPrepared = true;

  const store = Store.openSync(disk);

  store.closeSync();
});
