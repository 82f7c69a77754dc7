/** Folds beside checkpoints, beside each other, and beside writers: what waits for what. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import type { File } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { nextTurn } from '../../src/fs/turn.ts';
import { Store, type StoreEvent } from '../../src/index.ts';
import type { SnapshotReader } from '../../src/snapshot/snapshot-reader.ts';
import { FoldSchedule } from '../../src/store/fold-schedule.ts';
import { setHost } from '../../src/store/host.ts';
import { insideOf } from '../../src/store/inside.ts';
import { type Fault, faultAt, SimulatedDisk } from '../../src/testing/index.ts';
import { seededNumbers, useSeededHost } from '../support/seeded.ts';

const SEED = 41;

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(SEED));

const snapshotsOn = (disk: SimulatedDisk): string[] =>
  disk.names().filter((name) => name.endsWith('.snap'));

async function untilIdle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** `size` puts in one commit, behind which comes a checkpoint. */
async function layer(store: Store, start: number, size: number): Promise<void> {
  const map = store.map<number, string>('m');
  await store.batch(
    Array.from({ length: size }, (_, i) => ({
      ...({ type: 'put', map, key: start + i, value: `${start}`.padEnd(20, 'x') } as const),
    })),
  );
  await store.checkpoint();
}

/** A store with three snapshots of one size: one more, and they are folded. */
async function threeLayers(size: number): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (let n = 0; n < 3; n++) await layer(store, n * size, size);
  await store.close();
  return disk.afterKill();
}

test('what is put on top of a long fold is folded meanwhile', async () => {
  const store = await Store.open(new MemoryFileSystem(), {
    durability: 'buffered',
    checkpointBytes: 128 << 10,
  });
  const map = store.map<number, string>('m');
  const putMany = (start: number, count: number) =>
    store.batch(
      Array.from({ length: count }, (_, i) => ({
        ...({ type: 'put', map, key: Math.imul(start + i, 0x9e3779b1) >>> 0 } as const),
        value: 'x'.repeat(50),
      })),
    );
  for (let n = 0; n < 200_000; n += 5000) await putMany(n, 5000);
  await store.compact();
  const before = store.stats();
  let isDone = false;
  const compaction = store.compact().then(() => {
    isDone = true;
  });

  let most = 0;
  for (let n = 200_000; !isDone; n += 100) {
    await putMany(n, 100);
    most = Math.max(most, store.stats().snapshots);
  }
  await compaction;

  const { checkpoints, compactions } = store.stats();
  expect(checkpoints - before.checkpoints).toBeGreaterThan(15);
  // One of them is the long one itself.
  expect(compactions - before.compactions).toBeGreaterThan(3);
  expect(most).toBeLessThan(12);
  await store.close();
}, 60_000);

test('a writer that never lets go of the thread has its snapshots folded all the same', async () => {
  const store = await Store.open(new SimulatedDisk(), { checkpointBytes: 8 << 10 });
  const map = store.map<number, string>('m');
  let most = 0;

  for (let n = 0; n < 400; n++) {
    map.putSync(n, 'x'.repeat(3000));
    most = Math.max(most, store.stats().snapshots);
  }

  expect(store.stats().checkpoints).toBeGreaterThan(50);
  expect(most).toBeLessThan(14);
  expect(map.getCount()).toBe(400);
  await store.close();
});

test('checkpoints that a caller asks for are folded like any others', async () => {
  const store = await Store.open(new SimulatedDisk());
  for (let n = 0; n < 40; n++) await layer(store, n, 1);
  await untilIdle();

  const { checkpoints, snapshots } = store.stats();
  expect(checkpoints).toBe(40);
  expect(snapshots).toBeLessThan(12);
  await store.close();
});

/** Syncs of these snapshots, counted as they are made, wait until they are let go. */
class HeldSnapshots extends MemoryFileSystem {
  readonly #held: (() => void)[] = [];
  readonly #numbers: readonly number[];
  #made = 0;
  /** The one that waits now. */
  holding: number | undefined;

  constructor(...numbers: number[]) {
    super();
    this.#numbers = numbers;
  }

  override open(name: string, mode: 'read' | 'create') {
    const file = super.open(name, mode) as File;
    const isSnapshot = name.endsWith('.snap') && mode === 'create';
    const isHeld = isSnapshot && this.#numbers.includes(++this.#made);
    const sync = file.sync.bind(file);
    const number = this.#made;
    file.sync = async () => {
      if (isHeld) {
        this.holding = number;
        await new Promise<void>((resolve) => this.#held.push(resolve));
      }
      return sync();
    };
    return file;
  }

  letGo(): void {
    this.holding = undefined;
    for (const resolve of this.#held.splice(0)) resolve();
  }
}

test('writers wait for a fold that is behind what they put on top of it, and go on when it has caught up', async () => {
  const fs = new HeldSnapshots(5);
  const store = await Store.open(fs, { checkpointBytes: 16 << 10 });
  for (let n = 0; n < 4; n++) await layer(store, n, 1);
  while (fs.holding === undefined) await untilIdle();
  const map = store.map<number, string>('m');
  const ended: number[] = [];
  let size = 0;
  for (let n = 10; n < 40; n++) {
    void map.put(n, 'x'.repeat(3000)).then(() => ended.push(n));
    await untilIdle();
    size = Math.max(size, store.stats().memtableBytes);
  }

  // Of the first memtable all is put on top; with the next, the fold is behind.
  expect(ended.length).toBeGreaterThan(4);
  expect(ended.length).toBeLessThan(15);
  expect(size).toBeLessThan(2 * (16 << 10));
  fs.letGo();
  while (ended.length < 30) {
    fs.letGo();
    await untilIdle();
  }
  expect(map.getCount()).toBe(34);
  await store.close();
});

test('a compaction takes the place of the folds under way, and one waits for the other', async () => {
  const disk = await threeLayers(4000);
  setHost({ environment: { pause: nextTurn } });
  const store = await Store.open(disk);
  await layer(store, 12_000, 4000);
  // The fold of the four has begun.
  expect(store.stats().compactions).toBe(0);

  const reports = await Promise.all([store.compact(), store.compact()]);

  expect(reports.map(({ snapshots }) => snapshots)).toEqual([1, 1]);
  await store.close();
  expect(store.stats()).toMatchObject({ compactions: 1, snapshots: 1 });
  const again = await Store.open(disk);
  expect(again.map('m').getCount()).toBe(16_000);
  expect((await again.verify()).isSound).toBe(true);
  await again.close();
  // The one that was written, and what the checkpoint before it has left for repairs.
  expect(snapshotsOn(disk).length).toBeLessThan(6);
});

test('a close waits for compactions, and for no fold that nobody has asked for', async () => {
  const disk = await threeLayers(3000);
  const store = await Store.open(disk);
  await layer(store, 9000, 3000);
  await store.close();
  expect(store.stats()).toMatchObject({ compactions: 0, snapshots: 4 });

  const again = await Store.open(disk);
  expect(again.info.recovery.notes).toEqual([]);
  expect(keysOf(again)).toHaveLength(12_000);
  await layer(again, 12_000, 1);
  const compactions = [again.compact(), again.compact()];
  await again.close();

  expect(again.stats()).toMatchObject({ compactions: 1, snapshots: 1 });
  expect(await Promise.all(compactions)).toMatchObject([{ snapshots: 1 }, { snapshots: 1 }]);
});

/** Turns of the event loop, and between them turns of the promises alone. */
async function letPass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await (turn % 2 === 0 ? Promise.resolve() : nextTurn());
  }
}

test('a blocking close at any moment of a fold loses nothing, and the fold touches nothing any more', async () => {
  const untouched = await threeLayers(3000);
  for (let turns = 0; turns < 60; turns++) {
    const place = `after ${turns} turns`;
    const disk = untouched.clone();
    const errors: string[] = [];
    const logger = ({ type, message }: StoreEvent) => type === 'error' && errors.push(message);
    const store = await Store.open(disk, { logger });
    await layer(store, 9000, 3000);
    // Its turn to take the place of the four comes behind this one.
    const waiting = turns % 3 === 0 ? store.checkpoint() : undefined;
    await letPass(turns);
    const { compactions } = store.stats();

    store.closeSync();
    const { callCount } = disk;
    await untilIdle();
    await waiting?.catch(() => undefined);

    expect([errors, disk.callCount], place).toEqual([[], callCount]);
    expect(snapshotsOn(disk).length, place).toBeLessThanOrEqual(4 + compactions);
    const again = await Store.open(disk);
    expect(again.map('m').getCount(), place).toBe(12_000);
    expect(again.info.recovery.notes.filter((note) => note.includes('.snap'))).toEqual([]);
    await again.close();
  }
}, 60_000);

/**
 * A store that folds four layers beneath a newer one. When it resolves, so many turns of the
 * promises have passed since the fold was `written`, and has still to be read back, or since it
 * began to put the new stack down, in the snapshot `naming` it.
 */
async function nearItsEnd(
  disk: SimulatedDisk,
  moment: 'written' | 'naming',
  turns: number,
): Promise<Store> {
  const store = await Store.open(disk, { checkpointBytes: 8 << 10 });
  const made: string[] = [];
  let syncs = 0;
  disk.onCall = ({ kind, file }) => {
    if (kind === 'open' && file?.endsWith('.snap') === true) made.push(file);
    if (kind === 'sync' && file === made[1]) syncs++;
    return undefined;
  };
  await layer(store, 9000, 3000);
  await layer(store, 12_000, 1);
  // The two layers, the fold, the stack anew.
  const isThere = () => (moment === 'written' ? syncs === 2 : made.length === 4);
  while (!isThere()) await Promise.resolve();
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  disk.onCall = undefined;
  return store;
}

const keysOf = (store: Store): number[] => [...store.map<number, string>('m').getKeys()];

/** `rival` wants the place of a fold that is about to take it. */
async function contest(rival: (store: Store, disk: SimulatedDisk) => unknown): Promise<void> {
  const untouched = await threeLayers(3000);
  // Some thirty turns are what either takes; the stack is put down within the first few.
  for (let turns = 0; turns < 72; turns += turns < 12 ? 1 : 3) {
    const place = `after ${turns} turns`;
    const disk = untouched.clone();
    const isLate = turns % 2 === 0;
    const store = await nearItsEnd(disk, isLate ? 'naming' : 'written', isLate ? turns : 2 * turns);

    await rival(store, disk);
    const killed = await Store.open(disk.afterKill());
    await untilIdle();
    await store.close();
    const { snapshots, compactions } = store.stats();

    // Those in use, and of the generation before as many as were there then.
    expect(snapshotsOn(disk).length, place).toBeLessThan(snapshots + (compactions > 0 ? 14 : 1));
    expect(keysOf(killed), place).toHaveLength(12_001);
    expect((await killed.verify()).damage, place).toEqual([]);
    await killed.close();
    const again = await Store.open(disk);
    expect(keysOf(again), place).toHaveLength(12_001);
    expect((await again.verify()).damage, place).toEqual([]);
    expect(again.info.recovery.notes.filter((note) => note.includes('.snap'))).toEqual([]);
    await again.close();
  }
}

test(
  'a compaction may come at any moment of the end of a fold',
  () => contest((store) => store.compact()),
  60_000,
);

test(
  'a blocking fold may come at any moment of the end of a fold',
  () =>
    contest((store) => {
      const map = store.map<number, string>('m');
      for (let n = 0; n < 150; n++) map.putSync(n, 'y'.repeat(3000));
    }),
  60_000,
);

test(
  'a blocking close may come at any moment of the end of a fold, and be cut short itself',
  () =>
    contest(async (store, disk) => {
      const cut: SimulatedDisk[] = [];
      const powerless: SimulatedDisk[] = [];
      disk.onCall = ({ kind }) => {
        if (kind === 'remove') cut.push(disk.afterKill());
        if (kind === 'remove' || kind === 'release') {
          powerless.push(...disk.powerLossImages({ limit: 8, seed: 3 }));
        }
        return undefined;
      };
      store.closeSync();
      disk.onCall = undefined;
      for (const image of cut) await (await Store.open(image, { recovery: 'strict' })).close();
      for (const image of powerless) {
        const found = await Store.open(image);
        expect(found.info.recovery.snapshot).toBe('sound');
        await found.close();
      }
    }),
  60_000,
);

test('a compaction beside bursts of a blocking writer comes to its end', async () => {
  const disk = await threeLayers(20_000);
  setHost({ environment: { pause: nextTurn } });
  const store = await Store.open(disk, { checkpointBytes: 8 << 10 });
  const map = store.map<number, string>('m');
  let isDone = false;
  const compaction = store.compact().then(() => {
    isDone = true;
  });

  let bursts = 0;
  for (; !isDone && bursts < 400; bursts++) {
    for (let n = 0; n < 20; n++) map.putSync(n, 'y'.repeat(3000));
    await nextTurn();
  }
  await compaction;

  expect(bursts).toBeLessThan(400);
  await store.close();
});

test('while a fold takes its place, no more than two memtables gather', async () => {
  // The four layers, their fold, one more, and what names the new stack.
  const fs = new HeldSnapshots(5, 7);
  const store = await Store.open(fs, { checkpointBytes: 16 << 10 });
  for (let n = 0; n < 5; n++) await layer(store, n, 1);
  while (fs.holding !== 7) {
    fs.letGo();
    await untilIdle();
  }
  const map = store.map<number, string>('m');
  let ended = 0;
  let most = 0;
  for (let n = 10; n < 40; n++) {
    void map.put(n, 'x'.repeat(3000)).then(() => ended++);
    await untilIdle();
    most = Math.max(most, store.stats().memtableBytes);
  }

  expect(ended).toBeGreaterThan(5);
  expect(most).toBeLessThan(2 * (16 << 10) + 4000);
  while (ended < 30) {
    fs.letGo();
    await untilIdle();
  }
  await store.close();
});

/** Puts of both kinds, checkpoints, compactions, and failures, beside a fold that is slow. */
async function crowd(seed: number): Promise<void> {
  const next = seededNumbers(seed);
  const disk = await threeLayers(3000);
  const pause = async (): Promise<void> => {
    for (let turn = next() % 400; turn >= 0; turn--) await Promise.resolve();
  };
  setHost({ environment: { pause } });
  const store = await Store.open(disk, { checkpointBytes: 8 << 10, logger: () => undefined });
  const map = store.map<number, string>('m');
  let failures = 0;
  disk.onCall = ({ kind, file }): Fault | undefined => {
    if (failures === 0 || kind !== 'write' || file?.endsWith('.snap') !== true) return undefined;
    failures--;
    return { kind: 'fail', code: 'EIO' };
  };
  const answers: Promise<unknown>[] = [];
  const ask = (work: Promise<unknown>) => answers.push(work.catch(() => undefined));
  ask(layer(store, 9000, 3000));
  for (let step = 0; step < 150; step++) {
    const kind = next() % 40;
    if (kind < 25) ask(map.put(step, 'x'.repeat(2000)));
    else if (kind < 30) map.putSync(step, 'y'.repeat(2000));
    else if (kind < 32) ask(Promise.all([store.checkpoint(), store.checkpoint()]));
    else if (kind < 33) ask(store.compact());
    else if (kind < 35) failures = 1 + (next() % 2);
    for (let turn = next() % 30; turn > 0; turn--) await Promise.resolve();
  }
  failures = 0;
  const silence = new Promise((_, reject) => setTimeout(reject, 5000, new Error(`seed ${seed}`)));
  await Promise.race([Promise.all(answers), silence]);
  await Promise.race([store.close(), silence]);
  const again = await Store.open(disk.afterKill());
  expect((await again.verify()).damage, `seed ${seed}`).toEqual([]);
  expect(keysOf(again).filter((key) => key >= 1000).length, `seed ${seed}`).toBe(11_000);
  await again.close();
}

test('in any crowd of writers, checkpoints and compactions beside a slow fold everybody gets an answer', async () => {
  for (let seed = 1; seed <= 30; seed += 2) await crowd(seed);
}, 120_000);

test('a fold that fails says so, leaves no file, and is tried again behind the next checkpoint', async () => {
  const disk = await threeLayers(10);
  const events: StoreEvent[] = [];
  const store = await Store.open(disk, { logger: (event) => events.push(event) });
  const made: string[] = [];
  disk.onCall = ({ kind, file }): Fault | undefined => {
    if (kind === 'open' && file?.endsWith('.snap') === true) made.push(file);
    const isMeant = made.length === 2 && file === made.at(-1) && kind === 'sync';
    return isMeant ? { kind: 'fail', code: 'EIO' } : undefined;
  };
  await layer(store, 30, 10);
  await untilIdle();

  expect(events.filter(({ type }) => type === 'error')).toMatchObject([
    { message: 'a compaction failed; it is tried again behind the next checkpoint' },
  ]);
  expect(store.stats()).toMatchObject({ compactions: 0, snapshots: 4 });
  expect(snapshotsOn(disk)).not.toContain(made.at(-1));

  await layer(store, 40, 10);
  await untilIdle();

  expect(store.stats()).toMatchObject({ compactions: 1, snapshots: 1 });
  expect(store.map('m').getCount()).toBe(50);
  await store.close();
});

interface Log {
  acknowledged: number;
  /** Folds that had ended while the four large layers were still being folded. */
  besides: number;
}

/** Four large layers that are folded, and small ones on top, which are folded meanwhile. */
async function foldsSideBySide(disk: SimulatedDisk, log: Log): Promise<void> {
  // Slices are long, next to the calls of this disk.
  const pause = async (): Promise<void> => {
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  };
  setHost({ environment: { pause } });
  const store = await Store.open(disk);
  await layer(store, 9000, 3000);
  log.acknowledged++;
  const { engine } = insideOf(store);
  const [large] = engine.state.snapshots;
  for (let n = 0; n < 9; n++) {
    await layer(store, 0, 5 + n);
    log.acknowledged++;
    if (large !== undefined && engine.state.snapshots.includes(large)) {
      log.besides = store.stats().compactions;
    }
  }
  await store.close();
  log.acknowledged++;
}

test('a crash at every call of folds side by side loses nothing', async () => {
  const untouched = await threeLayers(3000);
  const lived = untouched.clone();
  const before = lived.callCount;
  const whole: Log = { acknowledged: 0, besides: 0 };
  await foldsSideBySide(lived, whole);
  const calls = lived.callCount - before;
  expect(whole.besides).toBeGreaterThan(0);

  for (let at = 0; at < calls; at += 5) {
    useSeededHost(SEED);
    const disk = untouched.clone();
    const log: Log = { acknowledged: 0, besides: 0 };
    disk.onCall = faultAt(at, { kind: 'crash' });
    await foldsSideBySide(disk, log).catch((error: unknown) => {
      if (!disk.isCrashed) throw error;
    });
    if (!disk.isCrashed) continue;
    const [cut] = disk.powerLossImages({ limit: 1, seed: at });
    for (const image of [disk.afterKill(), cut]) {
      if (image !== undefined) await check(image, log, `crash at call ${at} of ${calls}`);
    }
  }
}, 120_000);

async function check(image: SimulatedDisk, { acknowledged }: Log, place: string): Promise<void> {
  const store = await Store.open(image);
  const map = store.map<number, string>('m');
  const count = map.getCount();
  expect(count, place).toBe(acknowledged > 0 ? 12_000 : count);
  expect([9000, 12_000], place).toContain(count);
  // Layer n has 5 + n puts: what is found is the state behind one of them.
  const layers = Math.max(0, acknowledged - 1);
  const found = [...map.getRange({ end: 20 })].length;
  expect(found, place).toBeGreaterThanOrEqual(layers === 0 ? 0 : 4 + layers);
  expect((await store.verify()).damage, place).toEqual([]);
  await map.put(-1, 'on');
  await store.close();
}

describe('of folds that wait for their turn', () => {
  const reader = (name: string) => ({ name }) as unknown as SnapshotReader;
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(reader) as [
    SnapshotReader,
    SnapshotReader,
    SnapshotReader,
    SnapshotReader,
  ];
  const pause = () => Promise.resolve();
  const nextOf = async (schedule: FoldSchedule, folds: ReturnType<FoldSchedule['begin']>[]) => {
    const turns = folds.map((fold) => schedule.turnOf(fold, pause, () => 0).then(() => fold));
    return await Promise.race(turns);
  };

  test('the newest is next, and before it one that is behind', async () => {
    const schedule = new FoldSchedule();
    const deep = schedule.begin([c, d]);
    schedule.charge(100);
    const shallow = schedule.begin([a, b]);

    expect(await nextOf(schedule, [deep, shallow])).toBe(deep);

    deep.countSlice();
    shallow.state = 'at work';
    expect(await nextOf(schedule, [deep, shallow])).toBe(shallow);
  });

  test('only what is newer than all of them is free', () => {
    const schedule = new FoldSchedule();
    expect(schedule.above([a, b, c])).toEqual([a, b, c]);
    const fold = schedule.begin([c]);
    expect(schedule.above([a, b, c, d])).toEqual([a, b]);
    schedule.end(fold);
    expect(schedule.above([a, b])).toEqual([a, b]);
  });

  test('one that is written owes nothing, and one that was stopped ends', async () => {
    const schedule = new FoldSchedule();
    const fold = schedule.begin([a]);
    schedule.charge(1000);
    expect(schedule.lag(24)).toBe(1024);
    fold.state = 'written';
    expect(schedule.lag(24)).toBe(0);

    const stopped = schedule.begin([b]);
    const turn = schedule.turnOf(stopped, pause, () => 0);
    schedule.stopAll();
    await expect(turn).rejects.toThrow();
    expect(schedule.isIdle).toBe(true);
  });
});
