/** The shape of SimpleDb over onewal: what it offers, its limit, its counters, its crashes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { SimpleDb } from '../../src/facade/simple-db-node.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/store.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { crashEverywhere } from '../support/crash-everywhere.ts';
import { useSeededHost } from '../support/seeded.ts';
import { bytes, sizeOf } from './simple-db-support.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(61));

describe('a SimpleDb', () => {
  test('gives back what was inserted, and undefined for what was not or was removed', async () => {
    const db = await SimpleDb.open(new MemoryFileSystem());

    await db.tryInsert('key', bytes('one'));
    await db.tryInsert('key', bytes('two'));
    await db.tryInsert('gone', bytes('x'));
    await db.tryRemove('gone');
    await db.tryRemove('never there');

    expect(db.get('key')).toEqual(bytes('two'));
    expect(db.get('gone')).toBeUndefined();
    expect(db.get('never there')).toBeUndefined();
    await db.close();
  });

  test('lists the keys with a prefix in the order of their bytes, and no others', async () => {
    const db = await SimpleDb.open(new MemoryFileSystem());
    for (const key of ['dns/z', 'dns/', 'dns/\u{1f600}', 'dns/\uffff', 'dn', 'dns0', 'peer/a']) {
      await db.tryInsert(key, bytes('v'));
    }

    expect(db.keysWithPrefix('dns/')).toEqual(['dns/', 'dns/z', 'dns/\uffff', 'dns/\u{1f600}']);
    expect(db.keysWithPrefix('')).toHaveLength(7);
    expect(db.keysWithPrefix('q')).toEqual([]);
    await db.close();
  });

  test('lives in a directory, and is there when it is opened again', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'onewal-simple-db-'));
    const db = await SimpleDb.open(directory);
    await db.tryInsert('key', bytes('value'));
    await db.close();

    const again = await SimpleDb.open(directory);

    expect(again.get('key')).toEqual(bytes('value'));
    await again.close();
    rmSync(directory, { recursive: true });
  });

  test('that cannot be opened, its map being made otherwise, leaves the store to others', async () => {
    const files = new MemoryFileSystem();
    const store = await Store.open(files);
    await store.map('simple-db').put('key', 1);
    await store.close();

    const opening = SimpleDb.open(files);

    await expect(opening).rejects.toMatchObject({ code: 'MAP_ENCODING_MISMATCH' });
    const again = await Store.open(files);
    expect(again.map('simple-db').get('key')).toBe(1);
    await again.close();
  });

  test('has nothing to replay after a flush', async () => {
    const disk = new SimulatedDisk();
    const db = await SimpleDb.open(disk);
    for (let n = 0; n < 10; n++) await db.tryInsert(`key ${n}`, bytes('v'));

    await db.tryFlush();

    const again = await SimpleDb.open(disk.afterKill());
    expect(again.recovery).toMatchObject({ snapshot: 'sound', replayedCommits: 0 });
    expect(again.keysWithPrefix('')).toHaveLength(10);
    await again.close();
    await db.close();
  });
});

describe('the byte limit', () => {
  test('counts keys and values exactly, and refuses before anything is logged', async () => {
    const disk = new SimulatedDisk();
    const db = await SimpleDb.open(disk, { byteLimit: 10 });
    await db.tryInsert('k', bytes('123456789'));
    const before = disk.digest();

    const refusal = db.tryInsert('l', bytes(''));

    await expect(refusal).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      committed: 'no',
      needed: 11,
      quota: 10,
    });
    expect(disk.digest()).toBe(before);
    expect(db.counters.storage_disk_full_total).toBe(1);
    await db.close();
  });

  test('lets removals through, also far above it, and what they free can be used', async () => {
    const db = await SimpleDb.open(new MemoryFileSystem());
    await db.tryInsert('a', bytes('x'.repeat(99)));
    await db.tryInsert('b', bytes('x'.repeat(99)));

    await db.setByteLimit(120);

    await expect(db.tryInsert('c', bytes(''))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await db.tryRemove('a');
    await db.tryInsert('c', bytes('y'.repeat(19)));
    expect(db.keysWithPrefix('')).toEqual(['b', 'c']);
    await db.close();
  });

  test('is kept in the database until it is set again', async () => {
    const disk = new SimulatedDisk();
    const db = await SimpleDb.open(disk);
    await db.setByteLimit(5);
    await db.close();

    const again = await SimpleDb.open(disk);

    await expect(again.tryInsert('key', bytes('abc'))).rejects.toMatchObject({ quota: 5 });
    await again.setByteLimit(6);
    await again.tryInsert('key', bytes('abc'));
    await again.close();
  });
});

describe('a full disk', () => {
  test('is counted, keeps what is there, has room for removals, and is left without a restart', async () => {
    const disk = new SimulatedDisk();
    const db = await SimpleDb.open(disk);
    for (let n = 0; n < 20; n++) await db.tryInsert(`key ${n}`, bytes('x'.repeat(200)));
    disk.capacity = sizeOf(disk) + 100;

    const refusal = db.tryInsert('more', bytes('y'.repeat(500)));

    await expect(refusal).rejects.toMatchObject({ code: 'DISK_FULL', committed: 'no' });
    expect(db.counters.storage_disk_full_total).toBe(1);
    expect(db.get('more')).toBeUndefined();
    expect(db.get('key 7')).toEqual(bytes('x'.repeat(200)));
    for (let n = 0; n < 10; n++) await db.tryRemove(`key ${n}`);
    disk.capacity = undefined;
    await db.tryInsert('more', bytes('y'.repeat(500)));
    expect(db.keysWithPrefix('')).toHaveLength(11);
    await db.close();
  });
});

test('a crash at every call, and inside every write, loses nothing that was acknowledged', async () => {
  const tally = await crashEverywhere({
    newLog: () => ({ before: new Map<string, string>(), after: new Map<string, string>() }),
    async life(disk, log) {
      const db = await SimpleDb.open(disk);
      const change = async (key: string, value: string | undefined) => {
        if (value === undefined) log.after.delete(key);
        else log.after.set(key, value);
        if (value === undefined) await db.tryRemove(key);
        else await db.tryInsert(key, bytes(value));
        log.before = new Map(log.after);
      };
      await change('a', '1');
      await change('b', 'x'.repeat(700));
      await change('a', '2');
      await db.tryFlush();
      await change('b', undefined);
      await change('c', '3');
      await db.setByteLimit(1000);
      await change('a', undefined);
      await db.close();
    },
    async check(image, { before, after }) {
      const db = await SimpleDb.open(image);
      expect([contentOf(before), contentOf(after)]).toContainEqual(
        db.keysWithPrefix('').map((key) => [key, db.get(key)]),
      );
      expect(db.counters.wal_corrupt_recovery_total).toBe(0);
      await db.close();
    },
  });

  expect(tally.crashPoints).toBeGreaterThan(60);
}, 120_000);

function contentOf(entries: ReadonlyMap<string, string>): unknown[] {
  return [...entries].sort().map(([key, value]) => [key, bytes(value)]);
}
