/** What every storage backend must do, whatever stores its bytes: the same suite for all. */
import { describe, expect, test } from 'vitest';
import {
  openStorageBackend,
  type StorageBackend,
  WriteBatch,
} from '../../src/facade/storage-backend.ts';

export interface BackendHost {
  /** Opens the backend again and again at the same place. */
  open(families: readonly string[]): Promise<StorageBackend>;
}

const FAMILIES = ['coins', 'hints', 'meta.data_v-2'];
const EVERYTHING = new Uint8Array(0);

export function bytesOf(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

export async function entriesOf(
  backend: StorageBackend,
  family: string,
  prefix: Uint8Array = EVERYTHING,
): Promise<[number[], number[]][]> {
  const entries: [number[], number[]][] = [];
  for await (const [key, value] of backend.prefixScan(family, prefix)) {
    entries.push([[...key], [...value]]);
  }
  return entries;
}

export function describeBackend(name: string, newHost: () => BackendHost): void {
  const opened = async () => newHost().open(FAMILIES);

  describe(`the storage backend over ${name}`, () => {
    describe('of single keys', () => {
      singleKeys(opened);
    });
    describe('of batches', () => {
      batches(opened);
    });
    describe('of scans', () => {
      scans(opened);
    });
    describe('of its life', () => {
      life(newHost);
    });
  });
}

function singleKeys(opened: () => Promise<StorageBackend>): void {
  test('gives back what was put last, and undefined for what is missing', async () => {
    const backend = await opened();

    await backend.put('coins', bytesOf(1), bytesOf(1));
    await backend.put('coins', bytesOf(1), bytesOf(2, 2));
    await backend.put('coins', bytesOf(2), bytesOf());

    expect(await backend.get('coins', bytesOf(1))).toEqual(bytesOf(2, 2));
    expect(await backend.get('coins', bytesOf(2))).toEqual(bytesOf());
    expect(await backend.get('coins', bytesOf(3))).toBeUndefined();
    await backend.close();
  });

  test('deletes a key, also one that is missing', async () => {
    const backend = await opened();
    await backend.put('coins', bytesOf(1), bytesOf(1));

    await backend.delete('coins', bytesOf(1));
    await backend.delete('coins', bytesOf(1));

    expect(await backend.get('coins', bytesOf(1))).toBeUndefined();
    await backend.close();
  });

  test('keeps families apart', async () => {
    const backend = await opened();
    await backend.put('coins', bytesOf(1), bytesOf(1));
    await backend.put('hints', bytesOf(1), bytesOf(2));

    await backend.delete('coins', bytesOf(1));

    expect(await backend.get('hints', bytesOf(1))).toEqual(bytesOf(2));
    expect(await entriesOf(backend, 'coins')).toEqual([]);
    expect(await entriesOf(backend, 'meta.data_v-2')).toEqual([]);
    await backend.close();
  });

  test('copies on the way in and on the way out, Buffers too', async () => {
    const backend = await opened();
    const [key, value] = [Buffer.from([1]), Buffer.from([5])];
    const writing = backend.put('coins', key, value);
    key[0] = 9;
    value[0] = 9;
    await writing;

    const found = await backend.get('coins', bytesOf(1));
    found?.fill(7);
    for await (const entry of backend.prefixScan('coins', EVERYTHING)) {
      entry[0].fill(8);
      entry[1].fill(8);
    }

    expect(await entriesOf(backend, 'coins')).toEqual([[[1], [5]]]);
    await backend.close();
  });

  test('refuses a family that was not configured, everywhere', async () => {
    const backend = await opened();
    const unknown = { code: 'UNKNOWN_FAMILY' };
    const unwritten = { ...unknown, committed: 'no' };

    await expect(backend.get('coin', bytesOf(1))).rejects.toMatchObject(unknown);
    await expect(backend.put('coin', bytesOf(1), bytesOf(1))).rejects.toMatchObject(unwritten);
    await expect(backend.delete('', bytesOf(1))).rejects.toMatchObject(unwritten);
    expect(() => backend.prefixScan('Coins', EVERYTHING)).toThrowError(
      expect.objectContaining(unknown),
    );
    await backend.close();
  });

  test('refuses keys and values that are no bytes', async () => {
    const backend = await opened();
    const text = 'text' as unknown as Uint8Array;

    await expect(backend.get('coins', text)).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(backend.put('coins', text, bytesOf())).rejects.toMatchObject({
      code: 'KEY_INVALID',
      committed: 'no',
    });
    await expect(backend.put('coins', bytesOf(1), text)).rejects.toMatchObject({
      code: 'VALUE_INVALID',
      committed: 'no',
    });
    await backend.close();
  });
}

function batches(opened: () => Promise<StorageBackend>): void {
  test('writes over several families at once, and the last write to a key wins', async () => {
    const backend = await opened();
    await backend.put('hints', bytesOf(1), bytesOf(1));
    const batch = new WriteBatch()
      .put('coins', bytesOf(1), bytesOf(1))
      .put('coins', bytesOf(2), bytesOf(1))
      .delete('hints', bytesOf(1))
      .delete('coins', bytesOf(2))
      .put('coins', bytesOf(1), bytesOf(2));
    expect(batch).toHaveLength(5);

    await backend.batchWrite(batch);

    expect(await entriesOf(backend, 'coins')).toEqual([[[1], [2]]]);
    expect(await entriesOf(backend, 'hints')).toEqual([]);
    await backend.close();
  });

  test('takes any list of operations, and a batch that was used or cleared before', async () => {
    const backend = await opened();
    const batch = new WriteBatch().put('coins', bytesOf(1), bytesOf(1));
    await backend.batchWrite(batch);
    await backend.batchWrite(batch.clear().put('coins', bytesOf(2), bytesOf(2)));

    await backend.batchWrite([{ type: 'delete', family: 'coins', key: bytesOf(1) }]);

    expect(await entriesOf(backend, 'coins')).toEqual([[[2], [2]]]);
    await backend.close();
  });

  test('does nothing for an empty batch', async () => {
    const backend = await opened();
    await backend.put('coins', bytesOf(1), bytesOf(1));

    await backend.batchWrite(new WriteBatch());
    await backend.batchWrite([]);

    expect(await entriesOf(backend, 'coins')).toEqual([[[1], [1]]]);
    await backend.close();
  });

  test('writes nothing of a batch of which anything is refused', async () => {
    const backend = await opened();
    const fine = { type: 'put', family: 'coins', key: bytesOf(1), value: bytesOf(1) } as const;
    const refused = [
      { ...fine, family: 'unknown' },
      { ...fine, key: 'text' as unknown as Uint8Array },
      { ...fine, value: undefined as unknown as Uint8Array },
      { ...fine, type: 'merge' as unknown as 'put' },
    ];

    for (const operation of refused) {
      await expect(backend.batchWrite([fine, operation, fine])).rejects.toHaveProperty('code');
    }

    expect(await entriesOf(backend, 'coins')).toEqual([]);
    await backend.close();
  });

  test('holds what the bytes were when they were put into it', async () => {
    const backend = await opened();
    const value = bytesOf(1);
    const batch = new WriteBatch().put('coins', value, value);

    value[0] = 9;
    await backend.batchWrite(batch);

    expect(await entriesOf(backend, 'coins')).toEqual([[[1], [1]]]);
    await backend.close();
  });
}

function scans(opened: () => Promise<StorageBackend>): void {
  const KEYS = [[], [0], [1], [1, 0], [1, 255], [1, 255, 7], [2], [255], [255, 255], [255, 255, 0]];

  test('go through the keys with a prefix, in the order of their bytes', async () => {
    const backend = await opened();
    for (const key of [...KEYS].reverse()) {
      await backend.put('coins', bytesOf(...key), bytesOf(key.length));
      await backend.put('hints', bytesOf(...key, 3), bytesOf());
    }

    for (const prefix of [...KEYS, [3]]) {
      const expected = KEYS.filter((key) => prefix.every((byte, at) => key[at] === byte));
      const found = await entriesOf(backend, 'coins', bytesOf(...prefix));

      expect(found, `prefix ${prefix}`).toEqual(expected.map((key) => [key, [key.length]]));
    }
    await backend.close();
  });

  test('see the state of the moment in which they begin', async () => {
    const backend = await opened();
    for (let n = 0; n < 20; n++) await backend.put('coins', bytesOf(n), bytesOf(n));

    const seen: number[] = [];
    for await (const [key] of backend.prefixScan('coins', EVERYTHING)) {
      if (seen.length === 0) {
        await backend.delete('coins', bytesOf(10));
        await backend.put('coins', bytesOf(30), bytesOf(30));
      }
      seen.push(...key);
    }

    expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => n));
    await backend.close();
  });

  test('can be left in the middle, and begun again', async () => {
    const backend = await opened();
    for (let n = 0; n < 5; n++) await backend.put('coins', bytesOf(n), bytesOf(n));

    for await (const [key] of backend.prefixScan('coins', EVERYTHING)) {
      if (key[0] === 2) break;
    }

    expect(await entriesOf(backend, 'coins')).toHaveLength(5);
    await backend.close();
  });
}

function life(newHost: () => BackendHost): void {
  test('keeps everything through flush, compact, close and another open', async () => {
    const host = newHost();
    const backend = await host.open(FAMILIES);
    for (let n = 0; n < 50; n++) await backend.put('coins', bytesOf(n), bytesOf(n));
    await backend.delete('coins', bytesOf(7));
    await backend.flush();
    await backend.compact();
    await backend.put('hints', bytesOf(1), bytesOf(1));
    await backend.close();

    const again = await host.open([...FAMILIES, 'one-more']);

    expect(await entriesOf(again, 'coins')).toHaveLength(49);
    expect(await entriesOf(again, 'hints')).toEqual([[[1], [1]]]);
    expect(await entriesOf(again, 'one-more')).toEqual([]);
    await again.close();
  });

  test('can be closed twice, and refuses everything from then on', async () => {
    const backend = await newHost().open(FAMILIES);
    const scan = backend.prefixScan('coins', EVERYTHING);
    await backend.close();
    await backend.close();

    const closed = { code: 'CLOSED' };
    await expect(backend.get('coins', bytesOf(1))).rejects.toMatchObject(closed);
    await expect(backend.put('coins', bytesOf(1), bytesOf(1))).rejects.toMatchObject(closed);
    await expect(backend.delete('coins', bytesOf(1))).rejects.toMatchObject(closed);
    await expect(backend.batchWrite([])).rejects.toMatchObject(closed);
    await expect(backend.flush()).rejects.toMatchObject(closed);
    await expect(backend.compact()).rejects.toMatchObject(closed);
    await expect(scan[Symbol.asyncIterator]().next()).rejects.toMatchObject(closed);
    expect(() => backend.prefixScan('coins', EVERYTHING)).toThrowError(
      expect.objectContaining(closed),
    );
  });

  test('refuses families without a name that every engine can store', async () => {
    for (const name of ['', 'a!b', 'a/b', 'ä', 'x'.repeat(201), 5 as unknown as string]) {
      await expect(newHost().open([name]), name).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    await expect(
      openStorageBackend({ engine: 'lmdb', families: [] } as unknown as {
        engine: 'onewal';
      } & never),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
}
