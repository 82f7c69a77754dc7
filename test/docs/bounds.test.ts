/** The numbers that README.md states of memory and of disks: each as it says, on both sides. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import type { File } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store, type Write } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';
import { page } from './pages.ts';

const README = page('README.md').text.replace(/\s+/g, ' ');
const MIB = 1 << 20;

/** Syncs of snapshots wait until they are let go. */
class HeldSnapshots extends MemoryFileSystem {
  #isHeld = true;
  readonly #held: (() => void)[] = [];

  override open(name: string, mode: 'read' | 'create') {
    const file = super.open(name, mode) as File;
    const sync = file.sync.bind(file);
    if (name.endsWith('.snap')) {
      file.sync = async () => {
        if (this.#isHeld) await new Promise<void>((resolve) => this.#held.push(resolve));
        return sync();
      };
    }
    return file;
  }

  letGo(): void {
    this.#isHeld = false;
    for (const resolve of this.#held.splice(0)) resolve();
  }
}

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(23));

test('an empty store takes 72 KiB', async () => {
  const disk = new SimulatedDisk();
  await (await Store.open(disk)).close();

  expect(README.includes('An empty store takes 72 KiB')).toBe(true);
  expect(Math.floor(sizeOf(disk) / 1024)).toBe(72);
});

test('a close with more than 1 MiB in memory writes a checkpoint first, one with less does not', async () => {
  const closed = [0.9 * MIB, 1.1 * MIB].map(async (size) => {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    await store.map('m').put('k', new Uint8Array(size));
    await store.close();
    return snapshotsOn(disk).length;
  });

  expect(README.includes('`close` with more than 1 MiB')).toBe(true);
  expect(await Promise.all(closed)).toEqual([0, 1]);
});

test('4 MiB of buffered commits are synced, less are not', async () => {
  const store = await Store.open(new SimulatedDisk());
  const map = store.map<number, Uint8Array>('m', { value: 'binary' });
  const put = (n: number) => map.put(n, new Uint8Array(MIB), { durability: 'buffered' });

  const durable: boolean[] = [];
  for (let n = 0; n < 4; n++) durable.push((await put(n)).durable);

  expect(README.includes('and 4 MiB of buffered ones')).toBe(true);
  expect(durable).toEqual([false, false, false, true]);
  await store.close();
});

test('16 MiB in memory start a checkpoint, however small the WAL', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await fillMemtable(store, 15 * MIB);
  await store.flush();
  const before = store.stats();

  await fillMemtable(store, MIB + (MIB >> 1));
  await store.flush();
  await until(() => store.stats().checkpoints > 0);

  expect(README.includes('16 MiB of changes')).toBe(true);
  expect(before.checkpoints).toBe(0);
  expect(before.walBytes).toBeLessThan(4 * MIB);
  expect(store.stats().memtableBytes).toBeLessThan(MIB);
  await store.close();
});

test('while a checkpoint cannot go on, writers wait at twice what starts one', async () => {
  const CHECKPOINT_BYTES = 64 << 10;
  const fs = new HeldSnapshots();
  const store = await Store.open(fs, { checkpointBytes: CHECKPOINT_BYTES });
  const map = store.map<number, string>('m');
  let written = 0;
  const writing = (async () => {
    for (; written < 5000; written++) {
      await map.put(written, 'x'.repeat(100), { durability: 'buffered' });
    }
  })();

  await turns(20_000);
  const whileHeld = { written, memtableBytes: store.stats().memtableBytes };
  fs.letGo();
  await writing;

  expect(whileHeld.written).toBeLessThan(2000);
  expect(whileHeld.memtableBytes).toBeLessThan(5 * CHECKPOINT_BYTES);
  expect(map.getCount()).toBe(5000);
  await store.close();
});

test('a checkpoint on a full disk gives up what only the older generation needs', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<number, string>('m');
  await map.put(1, 'a'.repeat(200_000));
  await store.checkpoint();
  expect(disk.names()).toContain('1.wal');
  await map.put(2, 'b'.repeat(80_000));
  disk.capacity = sizeOf(disk);
  await map.remove(1);

  await store.checkpoint();

  expect(disk.names()).not.toContain('1.wal');
  expect([...map.getKeys()]).toEqual([2]);
  expect((await store.verify()).isSound).toBe(true);
  await store.close();
});

test('without its reserve a store takes deletions alone, until the reserve can be made again', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<number, string>('m');
  for (const n of [1, 2, 3]) await map.put(n, 'x'.repeat(100));
  disk.capacity = sizeOf(disk);
  await map.remove(1);

  const refusal = await map.put(4, 'small').catch((error: unknown) => error);
  await map.remove(2);

  expect(disk.names()).not.toContain('reserve');
  expect(refusal).toMatchObject({ code: 'DISK_FULL', committed: 'no' });
  expect([...map.getKeys()]).toEqual([3]);
  disk.capacity = undefined;
  await map.put(4, 'small');
  expect(disk.names()).toContain('reserve');
  await store.close();
});

/** Entries of a few bytes each: in memory they take many times what they take in the WAL. */
async function fillMemtable(store: Store, size: number): Promise<void> {
  const BATCH_COUNT = 500;
  const end = store.stats().memtableBytes + size;
  for (let key = store.info.sequence * BATCH_COUNT; store.stats().memtableBytes < end; ) {
    const writes: Write[] = [];
    for (let i = 0; i < BATCH_COUNT; i++) {
      writes.push({ type: 'put', map: 'm', key: key++, value: 0 });
    }
    await store.batch(writes, { durability: 'buffered' });
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const TURN_COUNT_MAX = 100_000;
  for (let turn = 0; turn < TURN_COUNT_MAX && !isSo(); turn++) await turns(1);
  expect(isSo()).toBe(true);
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function sizeOf(disk: SimulatedDisk): number {
  return disk.names().reduce((size, name) => size + disk.readFile(name).length, 0);
}

function snapshotsOn(disk: SimulatedDisk): string[] {
  return disk.names().filter((name) => name.endsWith('.snap'));
}
