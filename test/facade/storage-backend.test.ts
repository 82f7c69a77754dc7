/** Both engines of the storage backend are held to the same contract; and what each is alone. */
import { MemoryLevel } from 'memory-level';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { openStorageBackend, WriteBatch } from '../../src/facade/storage-backend-node.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { crashEverywhere } from '../support/crash-everywhere.ts';
import { useSeededHost } from '../support/seeded.ts';
import { bytesOf, describeBackend, entriesOf } from './storage-backend-contract.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(62));

describeBackend('onewal', () => {
  const location = new MemoryFileSystem();
  return { open: (families) => openStorageBackend({ location, families }) };
});

describeBackend('an AbstractLevel', () => {
  const database = new MemoryLevel();
  return { open: (families) => openStorageBackend({ engine: 'level', database, families }) };
});

describeBackend('an AbstractLevel that stores views and has other encodings', () => {
  const database = new MemoryLevel<string, object>({
    valueEncoding: 'json',
    storeEncoding: 'view',
  });
  return { open: (families) => openStorageBackend({ engine: 'level', database, families }) };
});

describe('over onewal', () => {
  test('an empty batch takes no room in the log', async () => {
    const disk = new SimulatedDisk();
    const backend = await openStorageBackend({ location: disk, families: ['coins'] });
    const before = disk.digest();

    await backend.batchWrite(new WriteBatch());

    expect(disk.digest()).toBe(before);
    await backend.close();
  });

  test('a quota refuses a batch before anything is logged, and lets deletions through', async () => {
    const disk = new SimulatedDisk();
    const options = { quota: { bytes: 10 } };
    const backend = await openStorageBackend({ location: disk, families: ['coins'], options });
    await backend.put('coins', bytesOf(1), new Uint8Array(9));
    const before = disk.digest();
    const batch = new WriteBatch()
      .put('coins', bytesOf(2), bytesOf())
      .put('coins', bytesOf(3), bytesOf());

    await expect(backend.batchWrite(batch)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });

    expect(disk.digest()).toBe(before);
    await backend.batchWrite(batch.delete('coins', bytesOf(1)));
    await backend.delete('coins', bytesOf(2));
    expect(await entriesOf(backend, 'coins')).toEqual([[[3], []]]);
    await backend.close();
  });

  test('a crash at every call, and inside every write, leaves each batch whole or out', async () => {
    const families = ['coins', 'hints'];
    const tally = await crashEverywhere({
      newLog: () => ({ acknowledged: 0, submitted: 0 }),
      async life(disk, log) {
        const backend = await openStorageBackend({ location: disk, families });
        for (let n = 1; n <= 6; n++) {
          log.submitted = n;
          const batch = new WriteBatch().put('coins', bytesOf(100), bytesOf(n));
          batch.put('coins', bytesOf(n), new Uint8Array(n * 100)).delete('coins', bytesOf(n - 2));
          await backend.batchWrite(batch.put('hints', bytesOf(0), bytesOf(n)));
          log.acknowledged = n;
          if (n === 3) await backend.flush();
          if (n === 4) await backend.compact();
        }
        await backend.close();
      },
      async check(image, { acknowledged, submitted }) {
        const backend = await openStorageBackend({ location: image, families });
        const [n = 0] = (await backend.get('hints', bytesOf(0))) ?? [];
        expect(n).toBeGreaterThanOrEqual(acknowledged);
        expect(n).toBeLessThanOrEqual(submitted);
        const keys = (await entriesOf(backend, 'coins')).map(([[key]]) => key);
        const expected = n === 0 ? [] : [...(n > 1 ? [n - 1] : []), n, 100];
        expect(keys).toEqual(expected);
        expect((await backend.get('coins', bytesOf(100)))?.[0] ?? 0).toBe(n);
        await backend.close();
      },
    });

    expect(tally.crashPoints).toBeGreaterThan(60);
  }, 120_000);
});

describe('over an AbstractLevel', () => {
  test('every write asks the database to sync, and compact to compact if it can', async () => {
    const calls: unknown[] = [];
    class Watched extends MemoryLevel {
      override batch(...args: unknown[]): never {
        calls.push(args[1]);
        return super.batch(...(args as Parameters<MemoryLevel['batch']>)) as never;
      }

      async compactRange(start: string, end: string): Promise<void> {
        calls.push([start, end]);
      }
    }
    const database = new Watched();
    const backend = await openStorageBackend({ engine: 'level', database, families: ['coins'] });

    await backend.put('coins', bytesOf(1), bytesOf(1));
    await backend.compact();

    expect(calls).toEqual([expect.objectContaining({ sync: true }), ['!', '"']]);
    await backend.close();
    expect(database.status).toBe('closed');
  });

  test('what the database throws is a StorageError with its cause', async () => {
    const database = new MemoryLevel();
    const backend = await openStorageBackend({ engine: 'level', database, families: ['coins'] });
    await database.close();

    const failed = { name: 'StorageError', code: 'IO', cause: expect.anything() };
    await expect(backend.get('coins', bytesOf(1))).rejects.toMatchObject(failed);
    await expect(backend.put('coins', bytesOf(1), bytesOf(1))).rejects.toMatchObject({
      ...failed,
      committed: 'unknown',
    });
    await expect(entriesOf(backend, 'coins')).rejects.toMatchObject(failed);
    await backend.close();
  });
});
