import { expect, test } from 'vitest';
import { OpfsPool, type PoolOptions } from '../../src/fs/opfs-pool.ts';
import { encodeSlotRecord } from '../../src/fs/slot-record.ts';
import { FakeDirectory } from './fake-directory.ts';

const COSTLY: PoolOptions = { patience: 0, isOpeningCostly: true };
const CHEAP: PoolOptions = { patience: 0, isOpeningCostly: false };

/** A pool of six files, of which two have names and one was given back. */
async function usedDirectory(): Promise<FakeDirectory> {
  const directory = new FakeDirectory();
  const pool = await OpfsPool.open(directory, CHEAP);
  await pool.grow(6);
  for (const name of ['1.wal', '2.wal', '3.wal']) {
    pool.create(name);
    pool.find(name)?.write(Uint8Array.of(1), 0);
  }
  pool.syncNames();
  pool.remove('2.wal');
  pool.close();
  return directory;
}

test('where opening a file costs much, only files with names are opened', async () => {
  const directory = await usedDirectory();

  const pool = await OpfsPool.open(directory, COSTLY);

  expect(pool.names).toEqual(['1.wal', '3.wal']);
  expect(directory.openNames).toEqual(['lock', '0', '2']);
  pool.close();
  expect(directory.openNames).toEqual([]);
});

test('elsewhere all of them are', async () => {
  const directory = await usedDirectory();

  const pool = await OpfsPool.open(directory, CHEAP);

  expect(pool.names).toEqual(['1.wal', '3.wal']);
  expect(directory.openNames).toHaveLength(7);
  expect(pool.freeCount).toBe(4);
});

test('files that are free and closed are opened before others are made, and are not young', async () => {
  const directory = await usedDirectory();
  const pool = await OpfsPool.open(directory, COSTLY);

  await pool.grow(4);

  expect(directory.names).toHaveLength(7);
  expect(directory.openNames).toHaveLength(7);
  pool.create('4.wal');
  expect(pool.isYoung).toBe(false);
  await pool.grow(4);
  expect(directory.names).toHaveLength(8);
});

test('a name that is given again has a serial above those of files that stayed closed', async () => {
  const directory = await usedDirectory();
  const removed = (await OpfsPool.open(await usedDirectory(), CHEAP)).create('x')?.serial ?? 0;

  const pool = await OpfsPool.open(directory, COSTLY);
  await pool.grow(1);
  pool.create('4.wal');

  expect(pool.find('4.wal')?.serial).toBe(removed);
});

test('a file whose removal may come undone is opened, so that the removal becomes durable', async () => {
  const directory = await usedDirectory();
  // Killed right after it had said so for the first time.
  const { handle } = directory.file('0');
  handle.isClosed = false;
  const serial = 99;
  handle.write(encodeSlotRecord({ serial, name: undefined }), { at: 0 });

  const pool = await OpfsPool.open(directory, COSTLY);
  expect(pool.names).toEqual(['3.wal']);
  expect(directory.openNames).toContain('0');
  pool.syncNames();
  pool.close();

  const reopened = await OpfsPool.open(directory, CHEAP);
  expect(reopened.names).toEqual(['3.wal']);
  for (let seed = 0; seed < 20; seed++) {
    const bytes = directory.file('0').handle.afterPowerCut(seed).content;
    expect(new TextDecoder().decode(bytes.subarray(0, 4096))).not.toContain('1.wal');
  }
});

test('a file whose records are damaged is opened, and neither used nor touched', async () => {
  const directory = await usedDirectory();
  const { handle } = directory.file('1');
  handle.isClosed = false;
  for (const at of [0, 4096]) handle.write(new Uint8Array(256).fill(7), { at });

  const pool = await OpfsPool.open(directory, COSTLY);

  expect(directory.openNames).toContain('1');
  expect(pool.freeCount).toBe(0);
});

test('a closed pool makes no more files, says so, and can be opened again when it has settled', async () => {
  const directory = await usedDirectory();
  const pool = await OpfsPool.open(directory, COSTLY);

  const growing = pool.grow(20);
  pool.close();

  await expect(growing).rejects.toMatchObject({ code: 'EIO' });
  await pool.settle();
  expect(directory.openNames).toEqual([]);
  await expect(pool.grow(1)).rejects.toMatchObject({ code: 'EIO' });
  const again = await OpfsPool.open(directory, COSTLY);
  expect(again.names).toEqual(['1.wal', '3.wal']);
});

test('who waits for one file does not wait for all that are being made', async () => {
  const pool = await OpfsPool.open(new FakeDirectory(), COSTLY);

  const all = pool.grow(12);
  await pool.grow(1);

  expect(pool.freeCount).toBeLessThan(12);
  await all;
  expect(pool.freeCount).toBe(12);
});
