/** What an open makes of each file of the directory, and what it leaves of them. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import type { File } from '../../src/fs/file-system.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { entry, writeEntries } from '../snapshot/support.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(23));

const named = (disk: SimulatedDisk, ending: string): string[] =>
  disk.names().filter((name) => name.endsWith(ending));

/** Each key in a session of its own, with a checkpoint at its end. */
async function withSnapshots(keys: readonly string[]): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  for (const key of keys) {
    const store = await Store.open(disk);
    await store.map<string, number>('m').put(key, 1);
    await store.checkpoint();
    await store.close();
  }
  return disk;
}

/** The names of the files that are open on a disk, from now on. */
function openNames(disk: SimulatedDisk): string[] {
  const names: string[] = [];
  const open = disk.open.bind(disk);
  disk.open = (name, mode) => {
    const file = open(name, mode) as File;
    const close = file.close.bind(file);
    names.push(name);
    file.close = () => {
      names.splice(names.indexOf(name), 1);
      close();
    };
    return file;
  };
  return names;
}

test('an open keeps nothing open but the WAL that it writes and the snapshots of its state', async () => {
  const disk = await withSnapshots(['a', 'b']);
  const [oldest, newest] = named(disk, '.snap') as [string, string];
  const wal = named(disk, '.wal').at(-1) as string;
  disk.flipBit(newest, disk.readFile(newest).length - 20, 1);
  disk.writeFile('900.wal', disk.readFile(wal));
  disk.writeFile('901.snap', disk.readFile(oldest));
  const names = openNames(disk);

  const store = await Store.open(disk);

  const written = named(disk, '.wal').at(-1) as string;
  expect(names.filter((name) => name !== oldest && name !== written)).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  await store.close();
  expect(names).toEqual([]);
});

test('a copy for quarantine is closed again, and so is a snapshot that is not used', async () => {
  const disk = await withSnapshots(['a']);
  const [unused] = named(disk, '.snap') as [string];
  const bytes = disk.readFile(unused).slice();
  const store = await Store.open(disk);
  for (const key of ['b', 'c']) {
    await store.map<string, number>('m').put(key, 1);
    await store.compact();
  }
  await store.map<string, number>('m').put('d', 1);
  await store.close();
  expect(disk.names()).not.toContain(unused);
  disk.writeFile(unused, bytes);
  disk.flipBit(named(disk, '.wal').at(-1) as string, 8192 + 70, 1);
  const names = openNames(disk);

  const found = await Store.open(disk, { recovery: 'point-in-time' });

  expect(found.info.loss?.quarantine).toHaveLength(2);
  expect(names).not.toContain(unused);
  expect(names.filter((name) => name.startsWith('quarantine/'))).toEqual([]);
  await found.close();
  expect(names).toEqual([]);
});

test('a store that a snapshot alone is left of goes on as the same store', async () => {
  const disk = new SimulatedDisk();
  disk.writeFile('3.snap', writeEntries([entry('k', 'v')]));
  const first = await Store.open(disk, { recovery: 'point-in-time' });
  await first.map('m').put('new', 1);
  await first.close();

  const again = await Store.open(disk);

  expect(again.map('map', { key: 'utf8', value: 'binary' }).has('k')).toBe(true);
  expect(again.map('m').has('new')).toBe(true);
  await again.close();
});

test('of a snapshot whose footer rots it is said where, and what does not verify', async () => {
  const disk = await withSnapshots(['a', 'b']);
  const newest = named(disk, '.snap').at(-1) as string;
  const { length } = disk.readFile(newest);
  disk.flipBit(newest, length - 1, 1);

  const store = await Store.open(disk.clone());
  const refusal = await Store.open(disk, { recovery: 'strict' }).catch((error: unknown) => error);

  expect(store.info.recovery.notes).toContain(`${newest}: closing magic is wrong`);
  expect(refusal).toMatchObject({ code: 'CORRUPT', file: newest });
  expect((refusal as { offset: number }).offset).toBeGreaterThan(length - 100);
  await store.close();
});

test('a WAL of which one copy of the header is damaged is read by the other one, and that is said', async () => {
  const disk = await withSnapshots(['a']);
  const wal = named(disk, '.wal').at(-1) as string;
  disk.flipBit(wal, 20, 1);

  const store = await Store.open(disk);

  expect(store.info.recovery.notes).toEqual([`${wal}: one copy of the header is damaged`]);
  expect(store.map('m').has('a')).toBe(true);
  await store.close();
});

test('safe reads no block of a snapshot before it is asked for it: the modes that do say so', async () => {
  const disk = await withSnapshots(['a']);
  const [snapshot] = named(disk, '.snap') as [string];
  disk.flipBit(snapshot, 530, 1);

  const safe = await Store.open(disk.clone());
  const strict = await Store.open(disk.clone(), { recovery: 'strict' }).catch((e: unknown) => e);

  expect(safe.info.recovery).toMatchObject({ snapshot: 'sound', notes: [] });
  expect(() => safe.map('m').get('a')).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
  expect(strict).toMatchObject({ code: 'CORRUPT', file: snapshot });
  await safe.close();
});

test('an open with create: false makes no store, and leaves no file', async () => {
  const disk = new SimulatedDisk();

  await expect(Store.open(disk, { create: false })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(Store.open(disk, { readOnly: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });

  expect(disk.names()).toEqual([]);
});
