/** Answers that commits of one group get, when the group or the one who waits for it fails. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import type { FileSystem } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { type OnewalError, Store } from '../../src/index.ts';
import { type Fault, type PortCallKind, SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(29));

function failOnce(disk: SimulatedDisk, kind: PortCallKind, code: string): void {
  let hasFailed = false;
  disk.onCall = (call): Fault | undefined => {
    if (hasFailed || call.kind !== kind) return undefined;
    hasFailed = true;
    return { kind: 'fail', code };
  };
}

async function answerOf(commit: Promise<unknown>): Promise<string> {
  return commit.then(
    () => 'yes',
    (error: OnewalError) => `${error.code} ${error.committed}`,
  );
}

function thrownBy(work: () => unknown): OnewalError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as OnewalError;
  }
}

// The second one was told that the token was committed, of a commit that was then rolled back.
test('what was refused because of a commit of its group is decided anew when that is rolled back', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  await map.put('before', 0);

  failOnce(disk, 'sync', 'EIO');
  const tokens = await Promise.all([
    answerOf(map.put('paid', 1, { token: 't' })),
    answerOf(map.put('paid', 2, { token: 't' })),
  ]);
  failOnce(disk, 'sync', 'EIO');
  const absent = await Promise.all([
    answerOf(map.put('name', 1, { ifAbsent: true })),
    answerOf(map.put('name', 2, { ifAbsent: true })),
  ]);

  expect(tokens).toEqual(['COMMIT_IN_DOUBT unknown', 'yes']);
  expect([store.outcomeOf('t'), map.get('paid')]).toEqual(['committed', 2]);
  expect(absent).toEqual(['COMMIT_IN_DOUBT unknown', 'yes']);
  expect(map.get('name')).toBe(2);
  await store.close();
});

test('what was refused stays refused when the commit before it is there', async () => {
  const store = await Store.open(new SimulatedDisk());
  const map = store.map<string, number>('m');

  const answers = await Promise.all([
    answerOf(map.put('name', 1, { ifAbsent: true, token: 't' })),
    answerOf(map.put('name', 2, { ifAbsent: true })),
    answerOf(map.put('other', 3, { token: 't' })),
  ]);

  expect(answers).toEqual(['yes', 'CONFLICT no', 'TOKEN_USED no']);
  expect([map.get('name'), map.has('other')]).toEqual([1, false]);
  await store.close();
});

// A deletion that had been refused was tried again with those that a full disk had stopped.
test('a deletion that was refused because of a commit which then finds the disk full is decided anew', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  await map.put('victim', 1);

  failOnce(disk, 'write', 'ENOSPC');
  const answers = await Promise.all([
    answerOf(map.put('x', 1, { token: 't' })),
    answerOf(map.remove('victim', { token: 't' })),
  ]);

  expect(answers).toEqual(['DISK_FULL no', 'yes']);
  expect([map.has('victim'), store.outcomeOf('t')]).toEqual([false, 'committed']);
  await store.close();
});

// The request stayed in line and was committed behind the caller's back.
test('a blocking commit that throws is never committed later', async () => {
  let count = 0;
  for (let turns = 0; turns < 40; turns++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    await map.put('n', 0);
    const checkpoint = store.checkpoint().catch(() => undefined);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    const transaction = store.begin();
    const own = transaction.map(map);
    own.put('n', (own.get('n') ?? 0) + 1);
    const other = map.put('n', 100);
    disk.onCall = ({ kind }) => (kind === 'open' ? { kind: 'fail', code: 'EMFILE' } : undefined);

    const first = thrownBy(() => transaction.commitSync());
    const second = thrownBy(() => map.putSync('late', 1));

    disk.onCall = undefined;
    await other;
    await checkpoint;
    await store.flush();
    if (second !== undefined) {
      count++;
      expect(second).toMatchObject({ code: 'IO', committed: 'no' });
      expect(map.has('late'), `after ${turns} turns`).toBe(false);
    }
    expect(first?.committed ?? 'no', `after ${turns} turns`).toBe('no');
    expect(map.get('n'), `after ${turns} turns`).toBe(100);
    await store.close();
  }
  expect(count).toBeGreaterThan(0);
});

test('a host that waits for a file in the middle of a blocking commit leaves it out', async () => {
  const memory = new MemoryFileSystem();
  const fs: FileSystem = {
    facts: memory.facts,
    open: async (name, mode) => memory.open(name, mode),
    list: () => memory.list(),
    remove: (name) => memory.remove(name),
    syncDirectory: () => memory.syncDirectory(),
    lock: () => memory.lock(),
    free: () => memory.free(),
  };
  let count = 0;
  for (let turns = 0; turns < 30; turns++) {
    const store = await Store.open(fs);
    const map = store.map<string, number>('m');
    await map.put('n', turns);
    const checkpoint = store.checkpoint().catch(() => undefined);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();

    const error = thrownBy(() => map.putSync(`late${turns}`, 1));

    await checkpoint;
    await store.flush();
    if (error !== undefined) count++;
    expect(map.has(`late${turns}`), `after ${turns} turns: ${error}`).toBe(error === undefined);
    if (error !== undefined) expect(error.committed).toBe('no');
    await store.close();
  }
  expect(count).toBeGreaterThan(0);
});

test('a blocking close frees the store also where what waits cannot be committed', async () => {
  let count = 0;
  for (let turns = 0; turns < 20; turns++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    await map.put('n', 0);
    const checkpoint = store.checkpoint().catch(() => undefined);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    const waiting = answerOf(map.put('k', 1));
    disk.onCall = ({ kind }) => (kind === 'open' ? { kind: 'fail', code: 'EMFILE' } : undefined);

    const error = thrownBy(() => store.closeSync());

    disk.onCall = undefined;
    if (error !== undefined) count++;
    await checkpoint;
    const again = await Store.open(disk);
    const isThere = again.map('m').has('k');
    expect(await waiting, `after ${turns} turns`).toBe(isThere ? 'yes' : 'IO no');
    await again.close();
  }
  expect(count).toBeGreaterThan(0);
});

test('what an open transaction keeps is said, and does not slow others down by its length', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const map = store.map<number, number>('m');
  const transaction = store.begin();
  for (let n = 0; n < 2000; n++) map.putSync(n % 10, n);
  await store.checkpoint();

  const { viewBytes } = store.stats();

  expect(viewBytes).toBeGreaterThan(2000 * 300);
  transaction.abort();
  expect(store.stats().viewBytes).toBe(0);
  await store.close();
});

test('a signal that says stop is heard before a blocking commit; nothing to log has no size', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const map = store.map<string, number>('m');
  const controller = new AbortController();
  const transaction = store.begin({ signal: controller.signal });
  transaction.map(map).remove('nothing');
  const { size } = transaction;
  transaction.map(map).put('k', 1);
  controller.abort();

  expect(size).toBe(0);
  expect(() => transaction.commitSync()).toThrow(expect.objectContaining({ code: 'ABORTED' }));
  expect(map.has('k')).toBe(false);
  await store.close();
});

test('a callback that has committed by itself is not run again, whatever conflicts then', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const map = store.map<string, number>('m');
  await map.put('taken', 0);
  let runs = 0;

  const answer = await answerOf(
    store.transaction(async (transaction) => {
      runs++;
      transaction.map(map).put('done', runs);
      await transaction.commit();
      await map.put('taken', 1, { ifAbsent: true });
    }),
  );

  expect([answer, runs, map.get('done')]).toEqual(['CONFLICT no', 1, 1]);
  await store.close();
});

test('groups are counted with their commits, and a group of which nothing was written is not', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<number, number>('m');

  await Promise.all([1, 2, 3].map((key) => map.put(key, 1)));
  await map.put(4, 1);
  const before = store.stats();
  const refused = await answerOf(map.put(4, 9, { ifAbsent: true }));
  const after = store.stats();

  expect(refused).toBe('CONFLICT no');
  expect(before).toMatchObject({ commits: 4, groups: 2, largestGroup: 3 });
  expect(after).toMatchObject({ commits: 4, groups: 2, largestGroup: 3 });
  await store.close();
});

// They went back in line as the arguments of one call, which are more than a stack holds: the line
// stood still for ever.
test('a hundred thousand deletions in one turn that find the disk full are tried again', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, string>('m', { key: 'utf8' });
  await map.put('k', 'v');

  failOnce(disk, 'write', 'ENOSPC');
  const removals = Array.from({ length: 130_000 }, () => answerOf(map.remove('k')));
  const answers = new Set(await Promise.all(removals));

  expect([...answers]).toEqual(['yes']);
  expect(map.has('k')).toBe(false);
  await store.close();
}, 60_000);
