/** Faults of SQLite, and of what was assumed of file systems beneath it. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';
import { fill, make, openedContent, openedNumbers, putBoth, range } from './made-store.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(41));

// sqlite.org/wal.html#walresetbug, 3.7.0 to 3.51.2. A commit restarted the WAL from its beginning
// while a second checkpoint ran, which then took the new frames for already checkpointed.
test('SQLite WAL-reset: commits between two checkpoints are in a WAL or a snapshot at every moment', async () => {
  const TURN_COUNT = 24;
  for (let turns = 0; turns < TURN_COUNT; turns++) {
    const disk = new SimulatedDisk();
    const store = await fill(disk);

    const checkpoints = [store.checkpoint(), store.checkpoint()];
    for (let n = 0; n < turns; n++) await Promise.resolve();
    await Promise.all([putBoth(store, 7), ...checkpoints, putBoth(store, 8)]);

    for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 6 })]) {
      expect(await openedNumbers(image), `${turns} turns`).toEqual(range(1, 8));
    }
    await store.close();
  }
}, 120_000);

// Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014): the removal of the rollback
// journal was not made durable, and the journal that came back undid a committed transaction.
test('SQLite rollback journal: files whose removal was undone do not undo a commit', async () => {
  const disk = new SimulatedDisk();
  const removed = new Map<string, Uint8Array>();
  disk.onCall = ({ kind, file = '' }) => {
    if (kind === 'remove' && disk.names().includes(file)) removed.set(file, disk.readFile(file));
    return undefined;
  };
  const { content } = await make(disk, 'killed');
  const store = await Store.open(disk.afterKill());
  await store.close();
  const lives = disk.afterKill();
  lives.onCall = disk.onCall;
  for (let n = 0; n < 4; n++) {
    const again = await Store.open(lives);
    await putBoth(again, 6);
    await again.compact();
    await again.close();
  }
  const gone = [...removed].filter(([name]) => !lives.names().includes(name));
  expect(gone.filter(([name]) => name.endsWith('.wal')).length).toBeGreaterThan(1);
  expect(gone.some(([name]) => name.endsWith('.snap'))).toBe(true);

  for (const back of [...gone.map((file) => [file]), gone]) {
    const image = lives.afterKill();
    for (const [name, bytes] of back) image.writeFile(name, bytes);

    expect(await openedContent(image), String(back.map(([name]) => name))).toBe(content);
  }
});
