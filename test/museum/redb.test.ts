/** Faults of redb. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { faultAt, SimulatedDisk } from '../../src/testing/index.ts';
import { newestFile } from '../facade/simple-db-support.ts';
import { useSeededHost } from '../support/seeded.ts';
import { fill, openedNumbers, putBoth, range } from './made-store.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(43));

// cberner/redb, changelog of 4.2. A crash while a crash was being recovered from could lose commits
// that had been durable before.
test('redb 4.2: what an open has shown stays, however often opens before it were cut off', async () => {
  const disk = new SimulatedDisk();
  const store = await fill(disk);
  for (const n of [7, 8]) {
    const write = { type: 'put', key: `key ${n}`, value: n } as const;
    const both = [
      { ...write, map: 'left' },
      { ...write, map: 'right' },
    ];
    await store.batch(both, { durability: 'buffered' });
  }
  let images = 0;
  for await (const first of killedOpens(disk.afterKill(), 2)) {
    for await (const second of killedOpens(first, 9)) {
      const last = await Store.open(second);
      expect([...last.map('left').getKeys()]).toHaveLength(8);

      await putBoth(last, 9);

      for (const image of [...second.powerLossImages({ limit: 6 })].slice(0, 4)) {
        images++;
        expect(await openedNumbers(image)).toEqual(range(1, 9));
      }
    }
  }
  expect(images).toBeGreaterThan(100);
  await store.close();
}, 120_000);

// cberner/redb, changelog of 4.2. An iterator that extracts went on, at the next call, behind the
// error that it had met, so that entries were missing in what a patient caller got.
test('redb extract iterator: an iterator that has met damage does not go on behind it', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<number, string>('m');
  const COUNT = 400;
  await store.batch(
    Array.from({ length: COUNT }, (_, key) => ({
      type: 'put',
      map: 'm',
      key,
      value: `${key}`.repeat(30),
    })),
  );
  await store.compact();
  expect(map.getCount()).toBe(COUNT);
  await store.close();
  const snapshot = newestFile(disk, '.snap');
  disk.flipBit(snapshot, Math.floor(disk.readFile(snapshot).length / 2), 3);
  const again = await Store.open(disk);
  const iterator = again.map<number, string>('m').getRange()[Symbol.iterator]();

  let next = 0;
  let error: unknown;
  for (let call = 0; call < COUNT + 100; call++) {
    try {
      const { done, value } = iterator.next();
      if (done === true) break;
      expect(error, 'entries behind the damage').toBeUndefined();
      expect(value.key).toBe(next++);
    } catch (reason) {
      error ??= reason;
    }
  }

  expect(error).toMatchObject({ code: 'CORRUPT' });
  expect(next).toBeLessThan(COUNT);
  expect(() => [...again.map('m').getRange()]).toThrow(
    expect.objectContaining({ code: 'CORRUPT' }),
  );
  await again.close();
});

/** What an open leaves that is killed before this call of the disk, then that: not synced, and there. */
async function* killedOpens(disk: SimulatedDisk, stride: number): AsyncGenerator<SimulatedDisk> {
  for (let at = 0; ; at += stride) {
    const killed = disk.clone();
    killed.onCall = faultAt(at, { kind: 'crash' });
    await Store.open(killed).catch(() => undefined);
    if (!killed.isCrashed) return;
    yield killed.afterKill();
  }
}
