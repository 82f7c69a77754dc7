/** Stores that are opened, written to a little, and closed: nothing of theirs may pile up. */
import { beforeAll, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import type { FileSystem } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';

/** More than a close leaves to be replayed. */
const ENTRY_COUNT = 1100;

beforeAll(() => checksumReady);

function writesOf(store: Store, session: number) {
  const map = store.map<number, string>('m');
  return Array.from({ length: ENTRY_COUNT }, (_, n) => ({
    ...({ type: 'put', map, key: session * ENTRY_COUNT + n, value: 'v'.repeat(1000) } as const),
  }));
}

/** Sessions that leave no fold the time to end. */
function leaveSnapshots(disk: SimulatedDisk, count: number): void {
  for (let session = 0; session < count; session++) {
    const store = Store.openSync(disk);
    store.batchSync(writesOf(store, session));
    store.closeSync();
  }
}

test.each<[string, () => FileSystem, 'close' | 'closeSync']>([
  ['end', () => new MemoryFileSystem(), 'close'],
  ['block', () => new MemoryFileSystem(), 'closeSync'],
  ['have 24 files', () => new MemoryFileSystem({ host: 'poor', fileCountMax: 24 }), 'close'],
])(
  'the snapshots of sessions that %s do not pile up',
  async (_, make, close) => {
    const fs = make();
    let most = 0;
    for (let session = 0; session < 40; session++) {
      const store = await Store.open(fs);
      most = Math.max(most, store.stats().snapshots);
      await store.batch(writesOf(store, session));
      await store[close]();
    }

    expect(most).toBeLessThanOrEqual(12);
    const store = await Store.open(fs);
    expect(store.map('m').getCount()).toBe(40 * ENTRY_COUNT);
    await store.close();
  },
  60_000,
);

test('an open that folds can be aborted, and the next one folds', async () => {
  const disk = new SimulatedDisk();
  leaveSnapshots(disk, 13);
  const controller = new AbortController();
  disk.onCall = ({ kind, file }) => {
    if (kind === 'write' && file?.endsWith('.snap') === true) controller.abort();
    return undefined;
  };
  const opening = Store.open(disk, { signal: controller.signal });
  await expect(opening).rejects.toMatchObject({ code: 'ABORTED' });
  disk.onCall = undefined;

  const store = await Store.open(disk);
  expect(store.stats().snapshots).toBe(1);
  expect(store.map('m').getCount()).toBe(13 * ENTRY_COUNT);
  await store.close();
});

test('an open that finds some snapshots folds them beside its user', async () => {
  const disk = new SimulatedDisk();
  leaveSnapshots(disk, 6);
  const store = await Store.open(disk);
  expect(store.stats().snapshots).toBe(6);

  while (store.stats().snapshots > 1) await new Promise((resolve) => setImmediate(resolve));
  expect(store.map('m').getCount()).toBe(6 * ENTRY_COUNT);
  await store.close();
});
