/** Faults of etcd. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { sizeOf } from '../facade/simple-db-support.ts';
import { useSeededHost } from '../support/seeded.ts';
import { contentOf } from '../support/workload.ts';
import { fill, openedNumbers, range } from './made-store.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(48));

// etcd-io/etcd 14098, found with lazyfs. A power cut that took only what had not been synced left
// lengths that meant nothing, and a member that never started again.
test('etcd 14098: whatever is lost of unsynced commits, the store opens with a prefix of them', async () => {
  const disk = new SimulatedDisk();
  const store = await fill(disk);
  for (let n = 7; n <= 12; n++) {
    const value = `value ${n}`.repeat(n * 9);
    const write = { type: 'put', key: `key ${n}`, value } as const;
    await store.batch(
      [
        { ...write, map: 'left' },
        { ...write, map: 'right' },
      ],
      { durability: 'buffered' },
    );
  }
  expect(disk.pendingSectorCount).toBeGreaterThan(8);
  let torn = 0;

  for (const image of disk.powerLossImages({ limit: 250 })) {
    const numbers = await openedNumbers(image);

    expect(numbers).toEqual(range(1, numbers.length));
    expect(numbers.length).toBeGreaterThanOrEqual(6);
    if (numbers.length < 12) torn++;
  }

  expect(torn).toBeGreaterThan(50);
  await store.close();
}, 120_000);

// etcd-io/etcd 3591. A member that a full disk had stopped could not be started again, by a version
// either that was said to repair it.
test('etcd 3591: a store opens on a disk without a byte of room', async () => {
  const disk = new SimulatedDisk();
  const store = await fill(disk);
  const content = contentOf(store);
  disk.capacity = sizeOf(disk);
  const image = disk.afterKill();
  image.capacity = sizeOf(image);

  const again = await Store.open(image);

  expect(contentOf(again)).toBe(content);
  await again.close();
  await store.close();
});
