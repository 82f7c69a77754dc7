import { describe, expect, it } from 'vitest';
import type { File, FileSystem } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { type LoggedFrame, readWals, type WalContent } from '../../src/inspect/index.ts';

function commitsIn(wals: readonly WalContent[]): LoggedFrame[] {
  return wals.flatMap(({ frames }) => frames.filter(({ type }) => type === 'commit'));
}

describe('the WALs of a store', () => {
  it('show each commit with its maps, keys and values, beside the store that writes', async () => {
    const files = new MemoryFileSystem();
    const store = await Store.open(files);
    const balances = store.map<string, bigint>('balances');
    await store.transaction((transaction) => {
      transaction.map(balances).put('alice', 70n);
      transaction.map(store.map('history')).put(1, { amount: 30n });
    });
    await balances.remove('alice', { token: 'gone' });

    const wals = await readWals(files);

    const [wal] = wals;
    expect(wals).toHaveLength(1);
    expect(wal).toMatchObject({ file: '1.wal', generation: 1, break: undefined });
    expect(commitsIn(wals)).toMatchObject([
      {
        sequence: 1,
        operations: [
          { type: 'define', map: 'balances' },
          { type: 'put', map: 'balances', key: 'alice', value: 70n },
          { type: 'define', map: 'history' },
          { type: 'put', map: 'history', key: 1, value: { amount: 30n } },
        ],
      },
      {
        sequence: 2,
        operations: [
          { type: 'remove', map: 'balances', key: 'alice' },
          { type: 'token', token: new TextEncoder().encode('gone') },
        ],
      },
    ]);
    let offset = wal?.frames[0]?.offset ?? 0;
    for (const frame of wal?.frames ?? []) {
      expect(frame.offset).toBe(offset);
      offset += frame.size;
    }
    expect(offset).toBe(wal?.size);
    await store.close();
    expect((await readWals(files)).at(-1)?.frames.at(-1)?.type).toBe('end');
  });

  it('show what else commits do', async () => {
    const files = new MemoryFileSystem();
    const store = await Store.open(files);
    const map = store.map<number, string>('m');
    await map.put(1, 'one');
    await map.clear({ start: 1, end: 5 });
    await map.put(1, 'one');
    await map.clear();
    await map.put(2, 'two');
    await store.setQuota({ bytes: 1000, maps: { m: 100 } });
    await store.dropMap('m');

    const operations = commitsIn(await readWals(files)).flatMap((frame) => frame.operations);

    expect(operations).toEqual([
      { type: 'define', map: 'm' },
      { type: 'put', map: 'm', key: 1, value: 'one' },
      { type: 'clear', map: 'm', start: 1, end: 5 },
      { type: 'put', map: 'm', key: 1, value: 'one' },
      { type: 'empty', map: 'm' },
      { type: 'put', map: 'm', key: 2, value: 'two' },
      { type: 'quota', map: undefined, bytes: 1000 },
      { type: 'quota', map: 'm', bytes: 100 },
      { type: 'drop', map: 'm' },
    ]);
    await store.close();
  });

  it('take the names of maps from snapshots, when the WAL that defined them is gone', async () => {
    const files = new MemoryFileSystem();
    const store = await Store.open(files);
    for (const value of [1n, 2n, 3n]) {
      await store.map('balances').put('alice', value);
      await store.checkpoint();
    }
    await store.map('balances').put('alice', 4n);

    const wals = await readWals(files);

    expect(wals[0]?.generation).toBeGreaterThan(1);
    expect(commitsIn(wals).at(-1)?.operations).toEqual([
      { type: 'put', map: 'balances', key: 'alice', value: 4n },
    ]);
    await store.close();
  });

  it('leave keys and values of encodings that are not ours as bytes', async () => {
    const files = new MemoryFileSystem();
    const store = await Store.open(files);
    const value = { name: 'own', encode: () => Uint8Array.of(7, 8), decode: () => 'own' };
    await store.map('m', { key: 'utf8', value }).put('k', 'own');

    const [commit] = commitsIn(await readWals(files));

    expect(commit?.operations.at(-1)).toEqual({
      type: 'put',
      map: 'm',
      key: 'k',
      value: Uint8Array.of(7, 8),
    });
    await store.close();
  });

  it('are shown up to where they break off, and why', async () => {
    const files = new MemoryFileSystem();
    const store = await Store.open(files);
    for (let n = 0; n < 5; n++) await store.map('m').put(n, n);
    const whole = await readWals(files);
    const cut = commitsIn(whole)[3] as LoggedFrame;

    const torn = await readWals(endingAt(files, cut.offset + 70));
    const headless = await readWals(endingAt(files, 100));

    expect(commitsIn(torn).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(torn[0]?.break).toEqual({
      offset: cut.offset,
      reason: 'the file ends inside the frame',
    });
    expect(headless[0]).toMatchObject({ size: 100, frames: [], break: { offset: 0 } });
    await store.close();
  });

  it('are left out if they are removed meanwhile; what else the host refuses is told', async () => {
    const files = new MemoryFileSystem();
    const store = await Store.open(files);
    await store.map('m').put(1, 1);

    expect(await readWals(refusing(files, 'ENOENT'))).toEqual([]);
    await expect(readWals(refusing(files, 'EIO'))).rejects.toMatchObject({ code: 'IO' });
    await expect(readWals(refusing(files, 'EACCES'))).rejects.toMatchObject({ code: 'PERMISSION' });
    await store.close();
  });
});

/** The same files, none of them longer than `size`. */
function endingAt(files: FileSystem, size: number): FileSystem {
  const cut = (file: File): File => ({
    ...file,
    size: () => Math.min(size, file.size()),
    read: (target, offset) =>
      file.read(target.subarray(0, Math.max(0, Math.min(target.length, size - offset))), offset),
    close: () => file.close(),
  });
  const open: FileSystem['open'] = async (name) => cut(await files.open(name, 'read'));
  return { ...files, list: () => files.list(), open } as FileSystem;
}

function refusing(files: FileSystem, code: string): FileSystem {
  const open = () => Promise.reject(Object.assign(new Error(code), { code }));
  return { ...files, list: () => files.list(), open } as FileSystem;
}
