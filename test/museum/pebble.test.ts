/** A fault of Pebble. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import type { SimulatedDisk } from '../../src/testing/index.ts';
import { crashEverywhere } from '../support/crash-everywhere.ts';
import { useSeededHost } from '../support/seeded.ts';
import { openedNumbers, putBoth, range } from './made-store.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(50));

// cockroachdb/cockroach 54142, mended by closing the previous WAL first (54185). A crash while
// commits went over to a new WAL left the old one with an unsynced end, which counted as corrupt.
test('Pebble 54185: a crash while commits go over to the next WAL is no corruption', async () => {
  const tally = await crashEverywhere({
    newLog: () => ({ durable: 0 }),
    async life(disk: SimulatedDisk, log: { durable: number }) {
      const store = await Store.open(disk);
      await putBoth(store, 1);
      log.durable = 1;
      for (let n = 2; n <= 4; n++) {
        const write = { type: 'put', key: `key ${n}`, value: 'x'.repeat(700) } as const;
        await store.batch(
          [
            { ...write, map: 'left' },
            { ...write, map: 'right' },
          ],
          { durability: 'buffered' },
        );
      }
      const durable = putBoth(store, 5).then(() => {
        log.durable = 5;
      });
      await Promise.all([store.checkpoint(), durable]);
    },
    async check(image, { durable }) {
      const numbers = await openedNumbers(image);
      expect(numbers.length).toBeGreaterThanOrEqual(durable);
      expect(numbers).toEqual(range(1, numbers.length));
    },
  });

  expect(tally.crashPoints).toBeGreaterThan(30);
}, 120_000);
