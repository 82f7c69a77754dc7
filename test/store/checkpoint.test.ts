/** Checkpoints and compactions beside commits: nobody sees them, and nothing is lost by them. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import type { File } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { foldCount } from '../../src/store/compaction.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';
import { contentOf } from '../support/workload.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(17));

const untilIdle = () => new Promise((resolve) => setImmediate(resolve));

/** Syncs of WALs, or of snapshots, wait until they are let go. */
class HeldSyncs extends MemoryFileSystem {
  readonly #held = new Map<string, (() => void)[]>();

  failsNextSnapshot = false;

  override open(name: string, mode: 'read' | 'create') {
    const file = super.open(name, mode) as File;
    const write = file.write.bind(file);
    file.write = (data, offset) => {
      if (!this.failsNextSnapshot || !name.endsWith('.snap')) return write(data, offset);
      this.failsNextSnapshot = false;
      throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' });
    };
    const sync = file.sync.bind(file);
    file.sync = async () => {
      const held = this.#held.get(name.slice(name.indexOf('.')));
      if (held !== undefined) await new Promise<void>((resolve) => held.push(resolve));
      return sync();
    };
    return file;
  }

  hold(ending: '.wal' | '.snap'): void {
    this.#held.set(ending, []);
  }

  async untilHeld(ending: '.wal' | '.snap'): Promise<void> {
    while (!this.#held.get(ending)?.length) await untilIdle();
  }

  letGo(ending: '.wal' | '.snap'): void {
    const held = this.#held.get(ending) ?? [];
    this.#held.delete(ending);
    for (const resolve of held) resolve();
  }
}

// A commit that was prepared before a checkpoint ended used to put the state of before the
// checkpoint back when it became visible: the frozen memtable, without the new snapshot.
test('a commit that is syncing while a checkpoint ends does not undo the checkpoint', async () => {
  const fs = new HeldSyncs();
  const store = await Store.open(fs);
  const map = store.map<number | string, unknown>('m');
  for (let i = 0; i < 2000; i++) map.putSync(i, 'x'.repeat(100));
  fs.hold('.snap');
  const checkpoint = store.checkpoint();
  await fs.untilHeld('.snap');
  fs.hold('.wal');
  const late = map.put('late', 1);
  await fs.untilHeld('.wal');

  fs.letGo('.snap');
  await checkpoint;
  fs.letGo('.wal');
  await late;

  expect(store.stats()).toMatchObject({ snapshots: 1, memtableEntries: 1 });
  await store.checkpoint();
  expect(map.getCount()).toBe(2001);
  await store.close();
});

test('checkpoints and compactions start by themselves, and memory and files stay bounded', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk, { checkpointBytes: 16 << 10 });
  const map = store.map<number, string>('m');

  for (let n = 0; n < 3000; n++) {
    const put = map.put((n * 7919) % 1000, `${n}`.repeat(10));
    if (n % 10 === 0) await put;
    expect(store.stats().memtableBytes).toBeLessThan(4 * (16 << 10));
  }
  await store.flush();

  const { checkpoints, compactions, snapshots } = store.stats();
  expect(checkpoints).toBeGreaterThan(10);
  expect(compactions).toBeGreaterThan(2);
  expect(snapshots).toBeLessThan(12);
  expect(disk.names().length).toBeLessThan(32);
  expect(map.getCount()).toBe(1000);
  expect((await store.verify()).isSound).toBe(true);
  await store.close();
});

test('commits and a long compaction go on side by side', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk, { checkpointBytes: 8 << 10 });
  const map = store.map<number, string>('m');
  for (let n = 0; n < 6000; n++) await map.put(n, 'x'.repeat(50), { durability: 'buffered' });
  await store.checkpoint();
  const { checkpoints } = store.stats();
  let isDone = false;
  const compaction = store.compact().then((report) => {
    isDone = true;
    return report;
  });
  let during = 0;
  while (!isDone) {
    await map.put(10_000 + during, 'y'.repeat(3000));
    during++;
  }
  await compaction;

  expect(during).toBeGreaterThan(5);
  expect(store.stats().checkpoints).toBeGreaterThan(checkpoints);
  expect(map.getCount()).toBe(6000 + during);
  const content = contentOf(store);
  await store.close();
  const again = await Store.open(disk);
  expect(contentOf(again)).toBe(content);
  await again.close();
});

test('a fold that a newer checkpoint has overtaken lies beneath it, in memory and on disk', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk, { checkpointBytes: 8 << 10 });
  const map = store.map<number, string>('m');
  for (const start of [0, 3000]) {
    const puts = Array.from({ length: 3000 }, (_, i) => map.put(start + i, 'x'.repeat(30)));
    await Promise.all(puts);
    await store.checkpoint();
  }
  let killed: SimulatedDisk | undefined;
  let snapshots = 0;
  // At once: the next checkpoint would name whatever is in memory.
  const compaction = store.compact().then(() => {
    killed = disk.afterKill();
    ({ snapshots } = store.stats());
  });
  for (let n = 0; killed === undefined; n++) await map.put(0, `${n}`.padEnd(9000, 'y'));
  await compaction;

  const found = await Store.open(killed);

  expect(snapshots).toBeGreaterThan(2);
  expect(found.info.recovery.snapshot).toBe('sound');
  expect(found.stats().snapshots).toBe(snapshots);
  const others = (of: Store) => JSON.stringify([...of.map('m').getRange({ start: 1 })]);
  expect(others(found) === others(store)).toBe(true);
  await found.close();
  await map.put(-1, 'one more');
  await store.checkpoint();
  const last = contentOf(store);
  await store.close();
  const newest = Math.max(
    ...disk.names().map((name) => (name.endsWith('.snap') ? Number.parseInt(name, 10) : 0)),
  );
  disk.flipBit(`${newest}.snap`, disk.readFile(`${newest}.snap`).length - 20, 1);
  const rebuilt = await Store.open(disk);
  expect(rebuilt.info.recovery.snapshot).toBe('older');
  expect(contentOf(rebuilt) === last).toBe(true);
  await rebuilt.close();
});

test('a checkpoint that the caller aborts leaves everything as it was, and the next one works', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<number, string>('m');
  for (let n = 0; n < 3000; n++) await map.put(n, 'x', { durability: 'buffered' });
  const abort = new AbortController();
  const seen: number[] = [];

  const aborted = store.checkpoint({
    signal: abort.signal,
    onProgress: ({ done }) => {
      seen.push(done);
      abort.abort();
    },
  });

  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
  expect(seen.length).toBeGreaterThan(0);
  expect(map.getCount()).toBe(3000);
  expect(disk.names().filter((name) => name.endsWith('.snap'))).toEqual([]);
  expect((await store.checkpoint()).sequence).toBe(3000);
  await store.close();
});

test('a WAL that says where commits went on is believed: without that file the store is refused', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('m').put('k', 1);
  disk.onCall = (call) =>
    call.file?.endsWith('.snap') === true ? { kind: 'fail', code: 'EIO' } : undefined;
  await store.checkpoint().catch(() => undefined);
  disk.onCall = undefined;
  await store.map('m').put('k', 2);
  const image = disk.afterKill();
  await image.remove(`${store.info.generation}.wal`);
  const withoutHead = image.clone();
  await withoutHead.remove(`${store.info.generation}.head`);

  await expect(Store.open(image)).rejects.toMatchObject({ code: 'MISSING_FILE' });
  await expect(Store.open(withoutHead)).rejects.toMatchObject({ code: 'MISSING_FILE' });
  await store.close();
});

// A reader that listed the directory before the writer rotated, and read the old WAL after, took
// the Switch record for the witness of a missing file.
test('a reader beside a writer that checkpoints always finds a committed state', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  await map.put('n', 0);
  for (let turns = 0; turns < 120; turns++) {
    const reading = Store.open(disk, { readOnly: true });
    const lenient = Store.open(disk, { recovery: 'inspect' });
    for (let turn = 0; turn < turns % 40; turn++) await Promise.resolve();
    await map.put('n', turns);
    await store.checkpoint();
    for (const reader of [await reading, await lenient]) {
      expect(reader.map<string, number>('m').get('n')).toBeGreaterThanOrEqual(
        Math.max(0, turns - 1),
      );
      expect(reader.info.loss).toBeUndefined();
      await reader.close();
    }
  }
  await store.close();
});

// A blocking close used to write commits to a WAL whose end a waiting rotation had published, and the
// work it overtook went on writing files when the store had its next owner.
test('a blocking close at any moment of a checkpoint loses nothing, and the rest of it touches nothing', async () => {
  for (let turns = 0; turns < 80; turns++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    await map.put('n', 1);
    const checkpoint = store.checkpoint().catch(() => undefined);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    const waiting = map.put('waiting', 2);

    store.closeSync();

    const next = await Store.open(disk);
    expect(next.map('m').get('waiting'), `after ${turns} turns`).toBe(2);
    expect(next.info.recovery.notes.filter((note) => note.includes('.snap'))).toEqual([]);
    await next.map<string, number>('m').put('n', 3);
    await Promise.all([checkpoint, waiting]);
    await next.close();
    for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 2, seed: 1 })]) {
      const again = await Store.open(image);
      expect(contentOf(again), `after ${turns} turns`).toBe('{"m":[["n",3],["waiting",2]]}');
      await again.close();
    }
  }
});

test('a checkpoint that a blocking one has overtaken does not put its snapshot over the other', async () => {
  for (let turns = 0; turns < 80; turns += 2) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk, { checkpointBytes: 4 << 10 });
    const map = store.map<number, string>('m');
    await map.put(0, 'x'.repeat(100));
    const waiting = store.checkpoint();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    for (let n = 1; n < 5; n++) map.putSync(n, 'y'.repeat(3000));
    await waiting;
    await store.checkpoint();

    const image = disk.afterKill();
    const found = await Store.open(image);

    expect([...map.getKeys()], `after ${turns} turns`).toEqual([0, 1, 2, 3, 4]);
    expect(found.info.recovery, `after ${turns} turns`).toMatchObject({
      snapshot: 'sound',
      replayedCommits: 0,
    });
    expect(contentOf(found) === contentOf(store)).toBe(true);
    await found.close();
    await store.close();
  }
}, 60_000);

test('WALs of rotations that were overtaken do not stay', async () => {
  for (let turns = 0; turns < 40; turns++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    await map.put('n', 0);
    const overtaken = store.checkpoint();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    map.putSync('n', 1);
    await overtaken;

    for (let n = 2; n < 5; n++) {
      await map.put('n', n);
      await store.checkpoint();
    }

    const wals = disk.names().filter((name) => name.endsWith('.wal'));
    expect(wals, `after ${turns} turns`).toHaveLength(2);
    await store.close();
  }
});

test('after a blocking close nothing of what it overtook reaches the disk', async () => {
  for (let turns = 0; turns < 80; turns++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    await store.map<string, number>('m').put('n', 1);
    const checkpoint = store.checkpoint().catch(() => undefined);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    store.closeSync();
    const { callCount } = disk;

    await checkpoint;
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();

    expect(disk.callCount, `after ${turns} turns`).toBe(callCount);
  }
});

test('what was removed stays removed when only the newest snapshots are folded', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk, { checkpointBytes: 4096 });
  const map = store.map<number, string>('m');
  await store.batch(
    Array.from({ length: 4000 }, (_, key) => ({ type: 'put', map, key, value: 'x'.repeat(60) })),
  );
  await store.compact();
  const { compactions } = store.stats();
  for (let key = 0; key < 200; key++) await map.remove(key);
  for (let key = 5000; key < 5200; key++) await map.put(key, 'y'.repeat(60));
  await store.checkpoint();

  expect(store.stats().compactions).toBeGreaterThan(compactions);
  expect(store.stats().snapshots).toBeGreaterThan(1);
  expect(map.get(7)).toBeUndefined();
  expect(map.getCount()).toBe(4000);
  expect([...map.getKeys({ limit: 1 })]).toEqual([200]);
  await store.close();
});

test('snapshots are folded by size, so that each entry is written about log N times', () => {
  expect(foldCount([])).toBe(0);
  expect(foldCount([10, 10, 10])).toBe(0);
  expect(foldCount([10, 10, 10, 10])).toBe(4);
  expect(foldCount([10, 10, 10, 1000])).toBe(0);
  expect(foldCount([10, 10, 10, 40, 100])).toBe(5);
  expect(foldCount(Array.from({ length: 13 }, (_, i) => 4 ** i))).toBe(2);
  // What a large one is folded with anyway is not left to be folded with it again.
  expect(foldCount([10, 1000, ...Array.from({ length: 11 }, () => 100)])).toBe(13);
});

test('an open whose own checkpoint fails opens, says so, and loses nothing', async () => {
  const disk = new SimulatedDisk();
  for (let session = 0; session < 4; session++) {
    const store = await Store.open(disk);
    await store.map<number, number>('m').put(session, session);
    await store.close();
  }
  const messages: string[] = [];
  disk.onCall = (call) =>
    call.file?.endsWith('.snap') === true ? { kind: 'fail', code: 'EIO' } : undefined;

  for (let session = 4; session < 8; session++) {
    const store = await Store.open(disk, { logger: ({ message }) => messages.push(message) });
    await store.map<number, number>('m').put(session, session);
    expect(store.map('m').getCount()).toBe(session + 1);
    await store.close();
  }

  expect(messages).toContain('the open wrote no checkpoint');
  disk.onCall = undefined;
  const store = await Store.open(disk);
  expect([...store.map('m').getKeys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  await store.map('m').put('last', 1);
  await store.checkpoint();
  expect(disk.names().filter((name) => name.endsWith('.wal')).length).toBeLessThan(4);
  await store.close();
});

test('progress that throws is reported, and the work goes on', async () => {
  const disk = new SimulatedDisk();
  const fault = new Error('the progress bar broke');
  let reports = 0;
  const logger = ({ error }: { error?: unknown }) => {
    if (error === fault) reports++;
  };
  const onProgress = () => {
    throw fault;
  };
  const store = await Store.open(disk, { logger });
  for (let n = 0; n < 100; n++) await store.map<number, number>('m').put(n, n);

  await store.checkpoint({ onProgress });
  const afterCheckpoint = reports;
  const { isSound } = await store.verify({ onProgress });
  const afterVerify = reports;
  await store.map('m').put('x', 1);
  await store.close();
  const again = await Store.open(disk, { logger, onProgress });

  expect([isSound, again.map('m').getCount()]).toEqual([true, 101]);
  expect(afterCheckpoint).toBeGreaterThan(0);
  expect(afterVerify).toBeGreaterThan(afterCheckpoint);
  expect(reports).toBeGreaterThan(afterVerify);
  await again.close();
});

test('writers that wait for a checkpoint go on when it fails', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk, { checkpointBytes: 16 << 10 });
  const map = store.map<number, string>('m');
  disk.onCall = (call) =>
    call.file?.endsWith('.snap') === true ? { kind: 'fail', code: 'EIO' } : undefined;

  for (let n = 0; n < 600; n++) {
    const put = map.put(n, 'x'.repeat(200));
    if (n % 20 === 0) await put;
  }
  await store.flush();

  expect(map.getCount()).toBe(600);
  disk.onCall = undefined;
  await store.checkpoint();
  expect(store.stats().memtableEntries).toBe(0);
  await store.close();
});

test('a fold that a newer checkpoint overtakes, and that cannot name the new stack, leaves no file', async () => {
  let failures = 0;
  for (let nth = 2; nth < 8; nth++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk, { checkpointBytes: 4 << 10 });
    const map = store.map<number, string>('m');
    for (let n = 0; n < 100; n++) await map.put(n, 'x'.repeat(100));
    // The fold takes several slices, so that checkpoints come between them.
    await Promise.all(Array.from({ length: 5000 }, (_, i) => map.put(1000 + i, '')));
    const made: string[] = [];
    disk.onCall = (call) => {
      if (call.kind === 'open' && call.file?.endsWith('.snap') === true) made.push(call.file);
      const isMeant = made.length === nth && call.file === made.at(-1) && call.kind === 'sync';
      return isMeant ? { kind: 'fail', code: 'EIO' } : undefined;
    };
    const compaction = store.compact().catch((error: unknown) => error);
    for (let n = 0; n < 200; n++) await map.put(n, 'y'.repeat(100));
    if ((await compaction) instanceof Error) failures++;
    disk.onCall = undefined;
    for (const key of [-1, -2]) {
      await map.put(key, 'z');
      await store.compact();
    }

    expect(store.stats().snapshots).toBe(1);
    expect(disk.names().filter((name) => name.endsWith('.snap')).length).toBeLessThan(4);
    expect(map.getCount()).toBe(5202);
    await store.close();
  }
  expect(failures).toBeGreaterThan(1);
}, 60_000);

// The waiting checkpoint went on to freeze a second memtable.
test('a blocking checkpoint that fails while another one waits for its turn leaves it to that one', async () => {
  const fs = new HeldSyncs();
  const errors: unknown[] = [];
  const store = await Store.open(fs, {
    checkpointBytes: 32 << 10,
    logger: ({ error }) => errors.push(error),
  });
  const map = store.map<number, string>('m');
  await map.put(0, 'x');
  await untilIdle();
  fs.hold('.wal');
  const syncing = map.put(0, 'z');
  await fs.untilHeld('.wal');
  const compaction = store.compact().catch((error: unknown) => error);
  await untilIdle();
  fs.failsNextSnapshot = true;
  let n = 0;
  while (fs.failsNextSnapshot) map.putSync(++n, 'y'.repeat(3000));
  expect(store.stats()).toMatchObject({ snapshots: 0, checkpoints: 0 });
  fs.letGo('.wal');

  await syncing;
  errors.push(await compaction);
  const causes = errors.map((error) => (error as Error | undefined)?.cause);
  expect([...errors, ...causes].join()).not.toContain('invariant');
  await store.checkpoint();
  expect([store.stats().memtableEntries, map.getCount()]).toEqual([0, n + 1]);
  await store.close();
});

test('a checkpoint is not kept waiting by the writers that wait for it', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk, { checkpointBytes: 8 << 10, logger: () => undefined });
  const map = store.map<number, string>('m');
  disk.onCall = ({ kind, file }) => {
    const isMeant = kind === 'open' && file?.endsWith('.wal') === true;
    return isMeant ? { kind: 'fail', code: 'EIO' } : undefined;
  };
  for (let n = 0; n < 20; n++) await map.put(n, 'x'.repeat(2000));
  await expect(store.checkpoint()).rejects.toThrow('EIO');
  disk.onCall = undefined;

  await Promise.all([store.checkpoint(), map.put(20, 'y')]);
  expect(store.stats().checkpoints).toBeGreaterThan(0);
  expect(map.getCount()).toBe(21);
  await store.close();
}, 10_000);

// On a full disk the rotation is tried twice, and the blocking work may come between the two.
test('a blocking checkpoint that fails while another one makes room for its WAL leaves it to that one', async () => {
  let overtaken = 0;
  for (let turns = 0; turns < 40; turns++) {
    const disk = new SimulatedDisk();
    const errors: unknown[] = [];
    const store = await Store.open(disk, {
      checkpointBytes: 4 << 10,
      logger: ({ error }) => errors.push(error),
    });
    const map = store.map<number, string>('m');
    await map.put(0, 'x'.repeat(100));
    let isFull = true;
    let hasFailed = false;
    disk.onCall = (call) => {
      if (isFull && call.kind === 'open' && call.file?.endsWith('.wal')) {
        isFull = false;
        return { kind: 'fail', code: 'ENOSPC' };
      }
      if (hasFailed || call.kind !== 'write' || !call.file?.endsWith('.snap')) return undefined;
      hasFailed = true;
      return { kind: 'fail', code: 'EIO' };
    };
    const compaction = store.compact().catch((error: unknown) => error);
    for (let turn = 0; isFull && turn < 1000; turn++) await Promise.resolve();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    for (let n = 1; n < 5; n++) map.putSync(n, 'y'.repeat(3000));

    errors.push(await compaction);

    const causes = errors.map((error) => (error as Error | undefined)?.cause);
    expect([...errors, ...causes].join(), `after ${turns} turns`).not.toContain('invariant');
    if (causes.some((cause) => String(cause).includes('EIO'))) overtaken++;
    disk.onCall = undefined;
    await store.checkpoint();
    expect([store.stats().memtableEntries, map.getCount()]).toEqual([0, 5]);
    await store.close();
  }
  expect(overtaken).toBeGreaterThan(1);
}, 60_000);

test('a checkpoint that a blocking commit has overtaken is written all the same when it says so', async () => {
  for (let turns = 0; turns < 60; turns++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    await map.put('n', 1);
    const checkpoint = store.checkpoint();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    map.putSync('n', 2);

    const { sequence, snapshots } = await checkpoint;

    expect(snapshots, `after ${turns} turns`).toBe(1);
    expect(sequence, `after ${turns} turns`).toBeGreaterThan(0);
    await store.close();
  }
});

test('checkpoints between the slices of a compaction are written before it is done', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk, { checkpointBytes: 8 << 10 });
  const map = store.map<number, string>('m');
  for (const start of [0, 6000]) {
    const puts = Array.from({ length: 6000 }, (_, i) => map.put(start + i, 'x'.repeat(50)));
    await Promise.all(puts);
    await store.checkpoint();
  }
  const before = store.stats().checkpoints;
  let during: number | undefined;
  const compaction = store.compact().then(() => {
    during = store.stats().checkpoints - before;
  });

  for (let n = 0; during === undefined; n++) await map.put(n, 'y'.repeat(3000));
  await compaction;

  expect(during).toBeGreaterThan(1);
  await store.close();
});

test('a checkpoint that a caller asks for ends the wait behind those that failed', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk, { checkpointBytes: 64 << 10, logger: () => undefined });
  const map = store.map<number, string>('m');
  const putMany = async (): Promise<void> => {
    for (let n = 0; n < 1000; n++) await map.put(n, 'v'.repeat(400));
  };
  disk.onCall = ({ kind, file }) => {
    const isMeant = kind === 'open' && /wal|snap/.test(file ?? '');
    return isMeant ? { kind: 'fail', code: 'ENOSPC' } : undefined;
  };
  await putMany();
  expect(store.stats().checkpoints).toBe(0);
  disk.onCall = undefined;
  await store.checkpoint();

  await putMany();
  expect(store.stats().checkpoints).toBeGreaterThan(4);
  expect(store.stats().memtableBytes).toBeLessThan(140 << 10);
  await store.close();
});
