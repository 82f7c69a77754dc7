/** Faults of RocksDB. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { faultAt, SimulatedDisk } from '../../src/testing/index.ts';
import { framesOf, newestFile, sizeOf } from '../facade/simple-db-support.ts';
import { useSeededHost } from '../support/seeded.ts';
import { contentOf } from '../support/workload.ts';
import {
  fill,
  make,
  openedContent,
  openedNumbers,
  putBoth,
  REFUSALS,
  range,
  turn,
} from './made-store.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(42));

// facebook/rocksdb 6288, mended in 6963. A read error in the WAL counted as the end of the WAL:
// the store opened without what stood behind it, and without a word.
test('RocksDB 6288: a WAL that cannot be read is an error, not the end of it', async () => {
  const writer = new SimulatedDisk();
  const store = await fill(writer);
  // More than one read brings in: what stands behind it must not be missed.
  await store.map('left').put('large', 'x'.repeat(300_000));
  await putBoth(store, 7);
  await turn();
  const made = { disk: writer.afterKill(), content: contentOf(store) };
  const before = made.disk.digest();
  let failures = 0;
  for (const fault of [
    { kind: 'fail', code: 'EIO' },
    { kind: 'short', byteCount: 0 },
  ] as const) {
    for (let at = 0; ; at++) {
      const disk = made.disk.clone();
      let reads = 0;
      disk.onCall = ({ kind }) => (kind === 'read' && reads++ === at ? fault : undefined);

      const found = await openedContent(disk);

      if (reads <= at) break;
      failures++;
      expect([made.content, 'IO', ...REFUSALS], `read ${at}`).toContain(found);
      if (found !== made.content) expect(disk.digest(), `read ${at}`).toBe(before);
      expect(await openedContent(disk.afterKill()), `after read ${at}`).toBe(made.content);
    }
  }
  expect(failures).toBeGreaterThan(10);
});

// facebook/rocksdb 6313. After an open had dropped a damaged tail, a WAL that was still empty could
// not tell the next open that the tail was dealt with: the second crash made a store unopenable.
test('RocksDB 6313: crash, open, crash again, with nothing written in between or much', async () => {
  for (const written of [0, 1, 2]) {
    let disk = new SimulatedDisk();
    await fill(disk);
    let last = 6;
    for (let crash = 1; crash <= 3; crash++) {
      disk = withTornTail(disk.afterKill());
      const store = await Store.open(disk);
      for (let n = 0; n < written; n++) await putBoth(store, ++last);

      for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 10 })]) {
        expect(await openedNumbers(image), `${written}, crash ${crash}`).toEqual(range(1, last));
      }
    }
  }
}, 120_000);

// facebook/rocksdb 7701. A WAL that was cut short was passed over and the next one applied, which
// left a hole between them; cut exactly between two records it still is, as the change itself says.
test('RocksDB 7701: an older WAL that ends too early is missed, also where a frame ends', async () => {
  const { disk } = await make(new SimulatedDisk(), 'killed');
  const older = newestFile(disk, '.wal');
  const store = await Store.open(disk);
  await putBoth(store, 7);
  const image = disk.afterKill();
  expect(newestFile(image, '.wal')).not.toBe(older);
  const bytes = image.readFile(older);
  const ends = framesOf(image, older).map(({ offset }) => offset);
  expect(ends.length).toBeGreaterThan(3);
  for (const size of ends.flatMap((end) => [end, end + 9])) {
    const cut = image.clone();
    cut.writeFile(older, bytes.slice(0, size));

    const found = await openedContent(cut.clone());
    const rolledBack = await Store.open(cut, { recovery: 'point-in-time' });

    if (size < (ends.at(-1) as number)) expect(REFUSALS, `cut at ${size}`).toContain(found);
    const keys = [...rolledBack.map<string>('left').getKeys()];
    expect(keys, `cut at ${size}`).toEqual(range(1, keys.length).map((n) => `key ${n}`));
    if (keys.length < 7) expect(rolledBack.info.loss, `cut at ${size}`).toBeDefined();
    await rolledBack.close();
  }
  await store.close();
});

// facebook/rocksdb 919. Once a write had met a full disk, the store refused all writes until it was
// opened again, although there was room.
test('RocksDB 919: writes go on when there is room again, without a restart', async () => {
  const disk = new SimulatedDisk();
  const store = await fill(disk);
  disk.capacity = sizeOf(disk);
  for (let n = 0; n < 5; n++) {
    await expect(putBoth(store, 7)).rejects.toMatchObject({ code: 'DISK_FULL', committed: 'no' });
  }

  disk.capacity = undefined;
  await putBoth(store, 7);

  expect(await openedNumbers(disk.afterKill())).toEqual(range(1, 7));
  await store.close();
});

// facebook/rocksdb 7784. A WAL that a full disk had cut short lay beside an empty one: the open
// called that corruption, again and again, when the disk had room at last.
test('RocksDB 7784: a store killed on a full disk, at any call, opens when there is room', async () => {
  let kills = 0;
  for (const room of [0, 4096, 16_384]) {
    for (let calls = 0; ; calls++) {
      const disk = new SimulatedDisk();
      const store = await fill(disk);
      disk.capacity = sizeOf(disk) + room;
      disk.onCall = faultAt(disk.callCount + calls, { kind: 'crash' });
      const put = putBoth(store, 7).then(
        () => [7],
        () => [],
      );
      const [acknowledged] = await Promise.all([put, store.checkpoint().catch(() => undefined)]);
      await turn();
      if (!disk.isCrashed) break;
      kills++;

      const image = disk.afterKill();
      image.capacity = undefined;
      const numbers = await openedNumbers(image);

      expect(numbers, `${room} bytes, call ${calls}`).toEqual(range(1, numbers.length));
      expect(numbers.length).toBeGreaterThanOrEqual(6 + acknowledged.length);
    }
  }
  expect(kills).toBeGreaterThan(40);
}, 120_000);

// facebook/rocksdb 4990. The sync of a manifest failed, and the files that it named were removed; but
// what had been written of it was there after a restart, and named files that were gone.
test('RocksDB 4990: what a failed sync of a checkpoint has left names nothing that is gone', async () => {
  let syncs = Number.POSITIVE_INFINITY;
  for (let failing = 0; failing < syncs; failing++) {
    for (const personality of ['alone', 'ext4'] as const) {
      const disk = new SimulatedDisk();
      const store = await fill(disk);
      for (const n of [7, 8]) {
        await store.checkpoint();
        await putBoth(store, n);
      }
      let count = 0;
      disk.onCall = ({ kind }) =>
        (kind === 'sync' || kind === 'syncDirectory') && count++ === failing
          ? { kind: 'sync', personality }
          : undefined;
      await store.compact().catch(() => undefined);
      syncs = Math.min(syncs, count <= failing ? failing : Number.POSITIVE_INFINITY);

      for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 6 })]) {
        const numbers = await openedNumbers(image);
        expect(numbers, `${personality}, sync ${failing}`).toEqual(range(1, 8));
      }
    }
  }
  expect(syncs).toBeGreaterThan(8);
}, 120_000);

// facebook/rocksdb 12995. After a failed write to the WAL one column family was flushed and the
// others were not: a crash later a batch over all of them was there by a part.
test('RocksDB 12995: a failed write and a checkpoint leave no batch by halves', async () => {
  for (let failing = 0; ; failing++) {
    const disk = new SimulatedDisk();
    const store = await fill(disk);
    let writes = 0;
    disk.onCall = ({ kind }) =>
      kind === 'write' && writes++ === failing ? { kind: 'fail', code: 'EIO' } : undefined;

    const put = await putBoth(store, 7).then(
      () => [7],
      () => [],
    );
    await store.checkpoint().catch(() => undefined);
    if (writes <= failing) break;

    for (const map of ['left', 'right']) {
      expect(store.map(map).has('key 7'), `write ${failing}`).toBe(put.length > 0);
    }
    for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 6 })]) {
      expect(await openedNumbers(image), `write ${failing}`).toEqual([...range(1, 6), ...put]);
    }
    await store.close().catch(() => undefined);
  }
});

/** The power fails while a commit is written: half of its frame is there. */
function withTornTail(disk: SimulatedDisk): SimulatedDisk {
  const wal = newestFile(disk, '.wal');
  const bytes = disk.readFile(wal);
  const commit = framesOf(disk, wal).at(-1);
  const half = bytes.slice(commit?.offset ?? 0).slice(0, 40);
  disk.writeFile(wal, Uint8Array.of(...bytes, ...half));
  return disk;
}
