/** When checkpoints are written, who waits for them, and what a close does about them. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import type { File } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store, type StoreEvent, type StoreOptions } from '../../src/index.ts';
import { setHost } from '../../src/store/host.ts';
import { type FaultPlan, SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(23));

const NO_SNAPSHOTS: FaultPlan = ({ kind, file }) =>
  kind === 'write' && file?.endsWith('.snap') === true ? { kind: 'fail', code: 'EIO' } : undefined;

const snapshotsOn = (disk: SimulatedDisk): string[] =>
  disk.names().filter((name) => name.endsWith('.snap'));

const usedBytes = (disk: SimulatedDisk): number =>
  disk.names().reduce((size, name) => size + disk.readFile(name).length, 0);

/** A store, and what it reports. */
async function openHeard(disk: SimulatedDisk, options: StoreOptions = {}) {
  const events: StoreEvent[] = [];
  const store = await Store.open(disk, { ...options, logger: (event) => events.push(event) });
  const map = store.map<number, string>('m');
  const saidOf = (type: StoreEvent['type']) =>
    events.filter((event) => event.type === type).map(({ message }) => message);
  return { store, map, saidOf };
}

async function untilIdle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('a close leaves a small memtable to the next open, and writes one that a checkpoint has left behind', async () => {
  const disk = new SimulatedDisk();
  const { store, map } = await openHeard(disk);
  await map.put(1, 'x');
  await store.close();
  expect(snapshotsOn(disk)).toEqual([]);

  const again = await openHeard(disk);
  await again.map.put(2, 'x');
  disk.onCall = NO_SNAPSHOTS;
  await expect(again.store.checkpoint()).rejects.toMatchObject({ code: 'IO' });
  disk.onCall = undefined;
  await again.store.close();

  expect(snapshotsOn(disk)).toHaveLength(1);
});

test('a close whose checkpoint fails says so, and loses nothing', async () => {
  const disk = new SimulatedDisk();
  const { store, map, saidOf } = await openHeard(disk);
  for (let n = 0; n < 5; n++) await map.put(n, 'x'.repeat(300_000));
  disk.onCall = NO_SNAPSHOTS;

  await store.close();

  expect(saidOf('error')).toEqual(['no checkpoint was written at the close']);
  disk.onCall = undefined;
  const again = await Store.open(disk);
  expect(again.map('m').getCount()).toBe(5);
  await again.close();
});

test('a store whose writes are disabled tries no checkpoint, neither by itself nor at the close', async () => {
  const disk = new SimulatedDisk();
  const { store, map, saidOf } = await openHeard(disk, { checkpointBytes: 1 << 20 });
  await map.put(0, 'x'.repeat(1_100_000), { durability: 'buffered' }).catch(() => undefined);
  await untilIdle();
  for (let n = 1; n < 5; n++) await map.put(n, 'x'.repeat(240_000));
  await untilIdle();
  disk.onCall = ({ kind }) =>
    kind === 'sync' || kind === 'open' ? { kind: 'fail', code: 'EIO' } : undefined;
  await expect(map.put(9, 'x'.repeat(200_000))).rejects.toMatchObject({ committed: 'unknown' });
  const before = saidOf('error');
  expect(before).toEqual([expect.stringContaining('a new WAL could not be started')]);

  await expect(map.put(10, 'x')).rejects.toMatchObject({ writesDisabled: true });
  await untilIdle();
  await store.close();

  expect(saidOf('error')).toEqual(before);
});

test('a close behind disabled writes leaves a large memtable alone', async () => {
  const disk = new SimulatedDisk();
  const { store, map, saidOf } = await openHeard(disk);
  for (let n = 0; n < 5; n++) await map.put(n, 'x'.repeat(300_000));
  disk.onCall = ({ kind }) =>
    kind === 'sync' || kind === 'open' ? { kind: 'fail', code: 'EIO' } : undefined;
  await expect(map.put(9, 'x')).rejects.toMatchObject({ committed: 'unknown' });
  disk.onCall = undefined;

  await store.close();

  expect(saidOf('error')).toEqual([expect.stringContaining('a new WAL could not be started')]);
});

test('writers that block write the checkpoint themselves before two memtables are full', async () => {
  const store = await Store.open(new SimulatedDisk(), { checkpointBytes: 64 << 10 });
  const map = store.map<number, string>('m');

  for (let n = 0; n < 20; n++) {
    map.putSync(n, 'x'.repeat(20_000));
    expect(store.stats().memtableBytes).toBeLessThan(160_000);
  }

  expect(store.stats().checkpoints).toBeGreaterThan(1);
  await store.close();
});

test('a memtable that has grown to its size starts a checkpoint, and one byte before that it does not', async () => {
  const puts = (store: Store) => {
    const map = store.map<number, number>('m');
    return Array.from({ length: 400 }, (_, key) => ({ type: 'put', map, key, value: 0 }) as const);
  };
  const measured = await Store.open(new SimulatedDisk());
  await measured.batch(puts(measured));
  const { memtableBytes } = measured.stats();
  await measured.close();

  for (const [checkpointBytes, checkpoints] of [
    [memtableBytes, 1],
    [memtableBytes + 1, 0],
  ] as const) {
    const { store } = await openHeard(new SimulatedDisk(), { checkpointBytes });
    await store.batch(puts(store));
    await untilIdle();
    expect(store.stats()).toMatchObject({ checkpoints });
    await store.close();
  }
});

test('a store that is closing starts no checkpoint by itself', async () => {
  const disk = new SimulatedDisk();
  const { store, map } = await openHeard(disk, { checkpointBytes: 4 << 10 });
  void map.put(1, 'x'.repeat(9000));

  await store.close();

  expect(snapshotsOn(disk)).toEqual([]);
  const again = await Store.open(disk);
  expect(again.map('m').getCount()).toBe(1);
  await again.close();
});

test('a close waits for the checkpoint that is at work, and for the one behind it', async () => {
  const disk = new SimulatedDisk({ syncTurns: 20 });
  const { store, map } = await openHeard(disk);
  await map.put(1, 'x');
  const first = store.checkpoint();
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  const late = map.put(2, 'y');
  const second = store.checkpoint();
  await first;

  await store.close();

  expect((await first).snapshots).toBe(1);
  expect(await second).toMatchObject({ sequence: (await late).sequence, snapshots: 2 });
});

test('the report of a store without commits says zero', async () => {
  const store = await Store.open(new SimulatedDisk());

  expect(await store.checkpoint()).toMatchObject({ sequence: 0 });
  expect(await store.compact()).toMatchObject({ sequence: 0 });
  await store.close();
});

test('a checkpoint starts one WAL, and one of its own accord has nothing to say but that it is written', async () => {
  const disk = new SimulatedDisk({ syncTurns: 5 });
  const { store, map, saidOf } = await openHeard(disk, { checkpointBytes: 16 << 10 });
  const wals = new Set<string>();
  disk.onCall = ({ kind, file }) => {
    if (kind === 'open' && file?.endsWith('.wal') === true) wals.add(file);
    return undefined;
  };
  await map.put(1, 'x');
  await store.checkpoint();
  await untilIdle();
  expect(wals.size).toBe(1);

  await map.put(2, 'x'.repeat(17_000));
  await untilIdle();

  expect(wals.size).toBe(2);
  expect([saidOf('checkpoint'), saidOf('error')]).toEqual([['a checkpoint was written'], []]);
  expect(store.stats()).toMatchObject({ checkpoints: 2, compactions: 0 });
  await store.close();
});

test('on a full disk a checkpoint takes the reserve, for its WAL as for its snapshot', async () => {
  for (const room of [100, 12 << 10]) {
    const disk = new SimulatedDisk();
    const { store, map } = await openHeard(disk);
    for (let n = 0; n < 200; n++) await map.put(n, `${n}`.repeat(60), { durability: 'buffered' });
    await store.flush();
    disk.capacity = usedBytes(disk) + room;

    expect(await store.checkpoint(), `with room for ${room}`).toMatchObject({ snapshots: 1 });
    expect(map.getCount()).toBe(200);
    await store.close();
  }
});

test('a blocking open that finds many WALs and snapshots of one size makes one of them', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (let n = 0; n < 3; n++) {
    await store.map<number, number>('m').put(n, n);
    await store.checkpoint();
  }
  await store.close();
  const opened: unknown[] = [];

  for (let n = 3; n < 8; n++) {
    const session = Store.openSync(disk);
    const { checkpoints, compactions, snapshots } = session.stats();
    opened.push([checkpoints, compactions, snapshots]);
    session.map<number, number>('m').putSync(n, n);
    session.closeSync();
  }

  expect(opened).toContainEqual([1, 1, 1]);
  const found = Store.openSync(disk);
  expect([...found.map('m').getKeys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  found.closeSync();
});

test('a compaction lets others have a turn between its slices, and waits for it', async () => {
  let held: (() => void)[] | undefined;
  const pause = async () => {
    const waiting = held;
    if (waiting !== undefined) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  setHost({ environment: { pause } });
  const { store, map } = await openHeard(new SimulatedDisk());
  await Promise.all(Array.from({ length: 8000 }, (_, n) => map.put(n, 'x')));
  await store.checkpoint();
  await map.put(0, 'y');
  await store.checkpoint();
  held = [];
  let isDone = false;
  const compaction = store.compact().then(() => {
    isDone = true;
  });

  let turns = 0;
  await untilIdle();
  while (!isDone) {
    expect(held).toHaveLength(1);
    held.pop()?.();
    turns++;
    await untilIdle();
  }

  await compaction;
  expect(turns).toBeGreaterThan(3);
  expect(store.stats()).toMatchObject({ compactions: 1, snapshots: 1 });
  held = undefined;
  await store.close();
});

/** Syncs of snapshots wait until they are let go. */
class HeldSnapshots extends MemoryFileSystem {
  #held: (() => void)[] | undefined = [];

  override open(name: string, mode: 'read' | 'create') {
    const file = super.open(name, mode) as File;
    const sync = file.sync.bind(file);
    file.sync = async () => {
      const held = this.#held;
      if (held !== undefined && name.endsWith('.snap')) {
        await new Promise<void>((resolve) => held.push(resolve));
      }
      return sync();
    };
    return file;
  }

  letGo(): void {
    for (const resolve of this.#held?.splice(0) ?? []) resolve();
    this.#held = undefined;
  }
}

test('beside a checkpoint that takes long, writers go on until a second memtable is full, and then wait', async () => {
  const fs = new HeldSnapshots();
  const store = await Store.open(fs, { checkpointBytes: 64 << 10 });
  const map = store.map<number, string>('m');
  const ended: number[] = [];
  const put = async (key: number) => {
    await map.put(key, 'x'.repeat(20_000));
    ended.push(key);
  };
  for (let key = 0; key < 3; key++) await put(key);
  await untilIdle();
  expect(store.stats()).toMatchObject({ checkpoints: 0, memtableEntries: 3 });

  // Six of them are less than twice what starts a checkpoint, seven are more.
  for (let key = 3; key < 13; key++) {
    void put(key);
    await untilIdle();
  }

  expect(ended).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  fs.letGo();
  await untilIdle();
  expect(ended.at(-1)).toBe(12);
  await store.close();
});
