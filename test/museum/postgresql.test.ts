/** The fault of PostgreSQL that became known as fsyncgate. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';
import { openedNumbers, putBoth } from './made-store.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(47));

// PostgreSQL before 11.2, commit "PANIC on fsync() failure". A sync that had failed was tried again:
// the kernel had dropped the pages, the second sync succeeded, and a checkpoint counted lost data.
test('PostgreSQL fsyncgate: nothing is acknowledged on the word of a sync behind one that failed', async () => {
  let failing = 0;
  for (let isMet = true; isMet; failing++) {
    const { disk, acknowledged, isOpen, syncs, syncedAgain } = await live(failing);
    isMet = syncs > failing;

    for (const image of disk.powerLossImages({ limit: 8 })) {
      const numbers = await openedNumbers(image);
      expect(numbers, `sync ${failing}`).toEqual(expect.arrayContaining(acknowledged));
    }
    expect(syncedAgain, `sync ${failing}`).toEqual([]);
    if (isOpen) expect(acknowledged.length, `sync ${failing}`).toBeGreaterThanOrEqual(7);
  }
  expect(failing).toBeGreaterThan(10);
}, 120_000);

/** Eight commits and a checkpoint, while one sync fails as it does on ext4: its pages count as clean. */
async function live(failing: number) {
  const disk = new SimulatedDisk();
  const acknowledged: number[] = [];
  const syncedAgain: string[] = [];
  let failed: string | undefined;
  let syncs = 0;
  disk.onCall = ({ kind, file = '' }) => {
    // The reserve and a snapshot are made anew under their names, a WAL never is.
    if (kind === 'sync' && file === failed && file.endsWith('.wal')) syncedAgain.push(file);
    if (kind !== 'sync' || syncs++ !== failing) return undefined;
    failed = file;
    return { kind: 'sync', personality: 'ext4' };
  };
  const store = await Store.open(disk).catch(() => undefined);
  for (let n = 1; store !== undefined && n <= 8; n++) {
    await putBoth(store, n).then(
      () => acknowledged.push(n),
      () => undefined,
    );
    if (n === 4) await store.checkpoint().catch(() => undefined);
  }
  return { disk, acknowledged, isOpen: store !== undefined, syncs, syncedAgain };
}
