/** Files of the host that are left open run out one day. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store, type StoreOptions } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(29));

/** How often each file was opened and not closed again. */
function watchFiles(disk: SimulatedDisk): () => Record<string, number> {
  const open = new Map<string, number>();
  disk.onCall = ({ kind, file = '' }) => {
    if (kind === 'open') open.set(file, (open.get(file) ?? 0) + 1);
    if (kind === 'close') open.set(file, (open.get(file) ?? 0) - 1);
    return undefined;
  };
  return () => Object.fromEntries([...open].filter(([, count]) => count !== 0));
}

/** Sessions that were killed; with a snapshot that is folded into another, files never finished, copies. */
async function usedDisk(): Promise<SimulatedDisk> {
  let disk = new SimulatedDisk();
  for (let session = 0; session < 3; session++) {
    const store = await Store.open(disk);
    const map = store.map<number, string>('m');
    for (let n = 0; n < 5; n++) await map.put(session * 5 + n, 'x'.repeat(100));
    if (session === 0) await store.checkpoint();
    if (session === 1) await store.compact();
    await map.put(100 + session, 'behind the snapshot');
    disk = disk.afterKill();
  }
  disk.writeFile('77.snap', new Uint8Array(10));
  disk.writeFile('78.wal', new Uint8Array(10));
  for (const [copy, ending] of [
    ['75.wal', '.wal'],
    ['76.snap', '.snap'],
  ] as const) {
    const names = disk
      .names()
      .filter((name) => name.endsWith(ending) && disk.readFile(name).length > 10);
    disk.writeFile(copy, disk.readFile(names.at(-1) as string));
  }
  return disk;
}

test('a store holds its WAL and its snapshots open, each once, and after its close nothing', async () => {
  const disk = new SimulatedDisk();
  const stillOpen = watchFiles(disk);
  const store = await Store.open(disk);
  const map = store.map<number, string>('m');
  for (let n = 0; n < 20; n++) await map.put(n, 'x'.repeat(500));
  await store.checkpoint();
  map.putSync(1, 'y');
  await store.checkpoint();
  const inUse = stillOpen();

  await store.close();

  expect(Object.entries(inUse)).toHaveLength(3);
  expect(Object.values(inUse)).toEqual([1, 1, 1]);
  expect(Object.keys(inUse).filter((name) => name.endsWith('.snap'))).toHaveLength(2);
  expect(stillOpen()).toEqual({});
});

test.each<[string, StoreOptions, number]>([
  ['for writing', {}, 2],
  ['for reading', { readOnly: true }, 1],
  ['that reads everything', { recovery: 'point-in-time' }, 2],
])('an open %s keeps open only what it goes on with', async (_, options, count) => {
  const disk = await usedDisk();
  const stillOpen = watchFiles(disk);

  const store = await Store.open(disk, options);
  const inUse = stillOpen();
  await store.close();

  expect(Object.values(inUse), Object.keys(inUse).join()).toEqual(Array(count).fill(1));
  expect(stillOpen()).toEqual({});
});

test('an open that keeps evidence of damage closes what it has copied, and the copies', async () => {
  const disk = await usedDisk();
  const wals = disk
    .names()
    .filter((name) => name.endsWith('.wal') && Number.parseInt(name, 10) < 70);
  const wal = wals.at(-1) as string;
  disk.flipBit(wal, 8300, 1);
  const stillOpen = watchFiles(disk);

  const store = await Store.open(disk, { recovery: 'point-in-time' });
  const inUse = stillOpen();
  await store.close();

  expect(disk.names().filter((name) => name.includes('-report'))).toHaveLength(1);
  expect(Object.values(inUse), Object.keys(inUse).join()).toEqual([1, 1]);
});

test('an open that is refused closes every file, whatever it found', async () => {
  const names = (await usedDisk()).names().filter((name) => /\.(wal|snap)$/.test(name));
  let refusals = 0;
  for (const name of names) {
    for (const offset of [20, 4200, 8300]) {
      const disk = await usedDisk();
      if (disk.readFile(name).length <= offset) continue;
      disk.flipBit(name, offset, 2);
      if (offset < 8192) disk.flipBit(name, 100, 2);
      const stillOpen = watchFiles(disk);

      const store = await Store.open(disk, { recovery: 'strict' }).catch(() => undefined);
      if (store === undefined) refusals++;
      await store?.close();

      expect(stillOpen(), `${name} at ${offset}`).toEqual({});
    }
  }
  expect(refusals).toBeGreaterThan(2);
});
