/** A fault of Badger. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';
import { contentOf } from '../support/workload.ts';
import { fill, openedContent, putBoth, REFUSALS } from './made-store.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(51));

// dgraph-io/badger 541. A value log file between two others was gone. No open had said so: it came
// out when another one was damaged, by a gap of a hundred thousand timestamps.
test('Badger 541: a file that is gone is missed, whichever it is', async () => {
  const disk = new SimulatedDisk();
  const stores = [await fill(disk)];
  for (let n = 7; n <= 9; n++) {
    await stores.at(-1)?.close();
    const store = await Store.open(disk);
    await putBoth(store, n);
    stores.push(store);
  }
  const store = stores.at(-1) as Store;
  const content = contentOf(store);
  const names = disk.names().filter((name) => /wal|snap/.test(name));
  expect(names.length).toBeGreaterThan(4);
  let missed = 0;

  for (const name of names) {
    const image = disk.afterKill();
    await image.remove(name);

    const found = await openedContent(image);

    expect([content, ...REFUSALS], `without ${name}`).toContain(found);
    if (found !== content) missed++;
  }

  expect(missed).toBeGreaterThan(2);
  await store.close();
});
