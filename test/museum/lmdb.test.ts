/** What LMDB leaves to the disk. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { newestFile } from '../facade/simple-db-support.ts';
import { useSeededHost } from '../support/seeded.ts';
import { make, openedContent, REFUSALS } from './made-store.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(46));

// LMDB's pages carry no checksum of any kind (mdb.c): a bit that rots in one is read as data.
test('LMDB without checksums: a rotten bit of a snapshot is never read as data', async () => {
  const disk = new SimulatedDisk();
  await make(disk, 'closed');
  const store = await Store.open(disk);
  await store.compact();
  await store.close();
  const content = await openedContent(disk.clone());
  const snapshot = newestFile(disk, '.snap');
  let refused = 0;
  for (let at = 0; at < disk.readFile(snapshot).length; at += 3) {
    const rotten = disk.clone();
    rotten.flipBit(snapshot, at, at & 7);

    const found = await openedContent(rotten, { readOnly: true });

    expect([content, ...REFUSALS], `byte ${at}`).toContain(found);
    if (found !== content) refused++;
  }
  expect(refused).toBeGreaterThan(40);
}, 120_000);
