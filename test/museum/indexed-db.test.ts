/** What IndexedDB's `complete` does not mean. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(53));

// IndexedDB, durability "relaxed": the default of Firefox and Safari, and of Chrome since 121. A
// transaction is complete when the system has it, and a power cut takes it away again.
test('IndexedDB relaxed durability: a write that says nothing is on the medium, one that does not wait says so', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  for (let n = 1; n <= 5; n++) {
    const commit = await map.put(`synced ${n}`, n);
    const [barest] = disk.powerLossImages({ limit: 20 });

    expect(commit.durable).toBe(true);
    const image = await Store.open(barest as SimulatedDisk);
    expect(image.map('m').get(`synced ${n}`)).toBe(n);
    await image.close();

    const buffered = await map.put(`buffered ${n}`, n, { durability: 'buffered' });
    expect(buffered.durable).toBe(false);
  }
  await store.flush();
  const [barest] = disk.powerLossImages({ limit: 20 });
  const image = await Store.open(barest as SimulatedDisk);
  expect(image.map('m').getCount()).toBe(10);
  await image.close();
  await store.close();
});
