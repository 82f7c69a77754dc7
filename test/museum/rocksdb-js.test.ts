/** Faults of the transaction log of rocksdb-js, and of Harper, which replays it. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { FrameType } from '../../src/wal/frame.ts';
import { framesOf, newestFile } from '../facade/simple-db-support.ts';
import { useSeededHost } from '../support/seeded.ts';
import { fill, openedNumbers, putBoth, range, turn } from './made-store.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(44));

// HarperFast/rocksdb-js 572. writev that wrote a part counted buffers instead of bytes: the rest of
// the entry was never written, and the next one was appended to its half.
test('rocksdb-js 572: writes that the host takes in parts are completed', async () => {
  for (const byteCount of [1, 7, 100]) {
    const disk = new SimulatedDisk({
      onCall: ({ kind, file }) =>
        kind === 'write' && file !== 'reserve' ? { kind: 'short', byteCount } : undefined,
    });

    const store = await fill(disk);
    await store.compact();
    await putBoth(store, 7);

    const image = disk.afterKill();
    expect(await openedNumbers(image), `${byteCount} bytes at a time`).toEqual(range(1, 7));
    await store.close();
  }
});

// HarperFast/rocksdb-js 748. What an append that failed had written stayed in the log, and the next
// one went behind it: everything from there on was unreachable.
test('rocksdb-js 748: the bytes of an append that failed do not stay between two commits', async () => {
  for (let landed = 0; landed < 400; landed += 19) {
    // Every other one can only write at the end of a file.
    const disk = new SimulatedDisk(landed % 2 === 0 ? {} : { host: 'poor' });
    const store = await fill(disk);
    let isFailing = true;
    let isPartial = false;
    disk.onCall = ({ kind }) => {
      if (!isFailing || kind !== 'write') return undefined;
      if (isPartial) return { kind: 'fail', code: 'EIO' };
      isPartial = true;
      return { kind: 'short', byteCount: landed };
    };
    const large = { type: 'put', map: 'left', key: 'large', value: 'x'.repeat(500) } as const;
    await expect(store.batch([large])).rejects.toMatchObject({ committed: 'no' });
    isFailing = false;

    await putBoth(store, 7);
    await turn();

    const image = disk.afterKill();
    expect(await openedNumbers(image), `${landed} bytes landed`).toEqual(range(1, 7));
    expect((await Store.open(image)).info.loss).toBeUndefined();
    await store.close();
  }
}, 120_000);

// HarperFast/harper 2087. Reading on behind a damaged frame applied the rest of a transaction whose
// beginning had been in that frame; it was taken back for that.
test('Harper 2087: skipping a damaged commit skips all of it, whichever of its frames is damaged', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await putBoth(store, 1);
  // Else a checkpoint would save so much at once.
  disk.onCall = ({ kind }) => (kind === 'open' ? { kind: 'fail', code: 'EMFILE' } : undefined);
  const large = new Uint8Array(17 << 20);
  await store.batch(
    ['left', 'right'].map((map) => ({ type: 'put', map, key: 'key 2', value: large }) as const),
  );
  await putBoth(store, 3);
  await turn();
  const image = disk.afterKill();
  await store.close();
  const wal = newestFile(image, '.wal');
  const frames = framesOf(image, wal).filter(({ size }) => size > 1 << 20);
  expect(frames.map(({ type }) => type)).toEqual([FrameType.part, FrameType.commit]);

  for (const { offset, size } of frames) {
    const rotten = image.clone();
    rotten.flipBit(wal, offset + Math.floor(size / 2), 3);

    const skipped = await Store.open(rotten, { recovery: 'skip-corrupt' });

    for (const map of ['left', 'right']) {
      expect([...skipped.map<string>(map).getKeys()], map).toEqual(['key 1', 'key 3']);
    }
    expect(skipped.info.loss).toMatchObject({ action: 'skipped', commitsLost: 1 });
    await skipped.close();
  }
}, 120_000);
