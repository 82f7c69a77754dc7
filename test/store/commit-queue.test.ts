/** What the queue leaves behind at rest, and what it answers when there is little to be done. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { groupEnd } from '../../src/store/commit-group.ts';
import type { CommitRequest } from '../../src/store/commit-request.ts';
import { setHost } from '../../src/store/host.ts';
import { type FaultPlan, type PortCall, SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(31));

const RESERVED = { hasReserve: true };

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const refusing =
  (kind: PortCall['kind'], file: string, code: string): FaultPlan =>
  (call) =>
    call.kind === kind && call.file === file ? { kind: 'fail', code } : undefined;

test('the queue lets others have a turn behind a group, and not behind who commits alone', async () => {
  let pauses = 0;
  setHost({ environment: { pause: async () => void pauses++ } });
  const store = await Store.open(new MemoryFileSystem());
  const map = store.map<number, number>('m');

  for (let n = 0; n < 20; n++) await map.put(n, n);
  const alone = pauses;
  await Promise.all(Array.from({ length: 10 }, (_, n) => map.put(n, -n)));
  await map.put(1, 2);

  expect(alone).toBe(0);
  expect(pauses).toBeGreaterThan(0);
  await store.close();
});

test('a group ends where it has grown to its size, and not before', () => {
  const sized = (...sizes: number[]) => sizes.map((size) => ({ size }) as CommitRequest);

  expect(groupEnd([], RESERVED)).toBe(0);
  expect(groupEnd(sized((4 << 20) - 1, 1, 1), RESERVED)).toBe(2);
  expect(groupEnd(sized(4 << 20, 1), RESERVED)).toBe(1);
  expect(groupEnd(sized(9 << 20, 1), RESERVED)).toBe(1);
});

test('a group ends also where what waits has no size', () => {
  const flushes = Array.from({ length: 200_000 }, () => ({ size: 0 }) as CommitRequest);

  expect(groupEnd(flushes, RESERVED)).toBe(1 << 16);
});

test('commits that change nothing, or are refused, write nothing at all', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  await map.put('k', 1);
  await nextTurn();
  const written: PortCall[] = [];
  disk.onCall = (call) => {
    if (call.kind === 'write' || call.kind === 'sync') written.push(call);
    return undefined;
  };

  await store.batch([]);
  await expect(map.put('k', 2, { ifAbsent: true })).rejects.toMatchObject({ committed: 'no' });
  await store.flush();
  store.batchSync([]);
  await nextTurn();

  expect(written).toEqual([]);
  await store.close();
});

test('word that is written in part is cut off again, so that what comes behind it is read', async () => {
  for (const code of ['ENOSPC', 'EIO']) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    let writes = 0;
    disk.onCall = ({ kind }) => {
      if (kind !== 'write') return undefined;
      writes++;
      // The first is the commit, the others are its Sync record, of which some bytes get through.
      if (writes === 2) return { kind: 'short', byteCount: 20 };
      return writes === 3 ? { kind: 'fail', code } : undefined;
    };
    await map.put('k', 1);
    const { length } = disk.readFile('1.wal');
    await nextTurn();
    expect(writes).toBe(3);
    disk.onCall = undefined;
    expect(disk.readFile('1.wal')).toHaveLength(length);

    await map.put('l', 2);

    const found = await Store.open(disk.afterKill());
    expect([...found.map('m').getKeys()]).toEqual(['k', 'l']);
    await found.close();
    await store.close();
  }
});

test('where the reserve cannot be made, only deletions are taken, and it is no full disk unless it is', async () => {
  for (const [code, answer, fullCount] of [
    ['EIO', 'IO', 0],
    ['ENOSPC', 'DISK_FULL', 1],
  ] as const) {
    const disk = new SimulatedDisk();
    disk.onCall = refusing('open', 'reserve', code);
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');

    const put = map.put('k', 1);

    await expect(put).rejects.toMatchObject({ code: answer, committed: 'no' });
    expect(store.stats().storage_disk_full_total).toBe(fullCount);
    await map.remove('k');
    disk.onCall = undefined;
    await map.put('k', 2);
    await store.close();
  }
});

test('a deletion that fails for another reason than a full disk is refused, and the reserve stays', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  await map.put('k', 1);
  await nextTurn();
  let hasFailed = false;
  disk.onCall = ({ kind }) => {
    if (kind !== 'write' || hasFailed) return undefined;
    hasFailed = true;
    return { kind: 'fail', code: 'EIO' };
  };

  await expect(map.remove('k')).rejects.toMatchObject({ code: 'IO', committed: 'no' });

  expect(map.get('k')).toBe(1);
  expect(store.stats().storage_disk_full_total).toBe(0);
  expect(disk.names()).toContain('reserve');
  await store.close();
});

test('a reserve that cannot be given back is reported, and the deletion is refused as on a full disk', async () => {
  const disk = new SimulatedDisk();
  const said: string[] = [];
  const store = await Store.open(disk, { logger: ({ message }) => said.push(message) });
  const map = store.map<string, number>('m');
  await map.put('k', 1);
  await nextTurn();
  disk.capacity = disk.names().reduce((size, name) => size + disk.readFile(name).length, 0);
  disk.onCall = refusing('remove', 'reserve', 'EBUSY');

  await expect(map.remove('k')).rejects.toMatchObject({ code: 'DISK_FULL', committed: 'no' });

  expect(said).toEqual(['the reserve could not be removed']);
  disk.onCall = undefined;
  disk.capacity = undefined;
  await map.remove('k');
  await store.close();
});

test('what a blocking close could not begin says that it is not committed, and why', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  await map.put('n', 0);
  const checkpoint = store.checkpoint().catch(() => undefined);
  for (let turn = 0; turn < 4; turn++) await Promise.resolve();
  const waiting = map.put('k', 1);
  const answer = expect(waiting).rejects.toMatchObject({
    ...{ code: 'IO', committed: 'no', writesDisabled: false },
    cause: expect.anything(),
  });
  disk.onCall = ({ kind }) => (kind === 'open' ? { kind: 'fail', code: 'EMFILE' } : undefined);

  expect(() => store.closeSync()).toThrow('a new WAL could not be started');

  await answer;
  disk.onCall = undefined;
  await checkpoint;
});

test('no file stays open that nobody needs, also where a blocking commit has come between', async () => {
  for (let turns = 0; turns < 40; turns++) {
    const disk = new SimulatedDisk();
    let open = 0;
    disk.onCall = ({ kind }) => {
      if (kind === 'open') open++;
      if (kind === 'close') open--;
      return undefined;
    };
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    await map.put('n', 0);
    const checkpoint = store.checkpoint();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    map.putSync('n', 1);
    await checkpoint;
    // The WAL, and what reads are served from.
    expect(open, `after ${turns} turns`).toBe(1 + store.stats().snapshots);

    await store.close();

    expect(open, `after ${turns} turns`).toBe(0);
  }
});

test('a lock that is not released is reported, and the store is closed', async () => {
  const disk = new SimulatedDisk();
  const said: string[] = [];
  const store = await Store.open(disk, {
    logger: ({ type, message }) => said.push(`${type}: ${message}`),
  });
  await store.map('m').put('k', 1);
  disk.onCall = ({ kind }) => (kind === 'release' ? { kind: 'fail', code: 'EIO' } : undefined);

  await store.close();

  expect(said).toEqual(['error: the lock was not released', 'closed: the store is closed']);
});

test('a close that cannot write its end is content, for everything is durable', async () => {
  const disk = new SimulatedDisk();
  const said: string[] = [];
  const store = await Store.open(disk, { logger: ({ message }) => said.push(message) });
  await store.map('m').put('k', 1);
  disk.onCall = ({ kind }) => (kind === 'sync' ? { kind: 'fail', code: 'EIO' } : undefined);

  await store.close();

  expect(said).toEqual(['End was not written', 'the store is closed']);
});

test('one buffered commit that a close cannot sync is said to be in danger', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('m').put('k', 1, { durability: 'buffered' });
  disk.onCall = ({ kind }) => (kind === 'sync' ? { kind: 'fail', code: 'EIO' } : undefined);

  await expect(store.close()).rejects.toMatchObject({ code: 'IO' });
});

test('a close is content where what could not be written was seen by nobody', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  await map.put('k', 1);
  disk.onCall = ({ kind }) =>
    kind === 'sync' || kind === 'open' ? { kind: 'fail', code: 'EIO' } : undefined;
  await expect(map.put('l', 2)).rejects.toMatchObject({ committed: 'unknown' });

  await store.close();

  disk.onCall = undefined;
  const again = await Store.open(disk.afterKill());
  expect(again.map('m').get('k')).toBe(1);
  await again.close();
});
