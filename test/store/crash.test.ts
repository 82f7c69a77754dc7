/**
 * Crashes at every call of a scripted life, and power cuts with every subset of unsynced sectors:
 * what is recovered is the state after some commit, and no acknowledged one is missing.
 */
import { beforeAll, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import {
  type Fault,
  faultAt,
  SimulatedDisk,
  type SimulatedDiskOptions,
} from '../../src/testing/index.ts';
import { preallocationOf, ZEROS_AHEAD } from '../support/preallocation.ts';
import { useSeededHost } from '../support/seeded.ts';
import {
  contentOf,
  type Log,
  modelOf,
  randomScript,
  runScript,
  type ScriptedWrite,
  type Step,
} from '../support/workload.ts';

const SEED = 20;

beforeAll(() => checksumReady);

/** Open, commits over three maps, checkpoint, compaction, close, reopen: each of them, twice. */
const LIFE: readonly Step[] = [
  commit(put('a', 'x', 1), put('b', 'x', 'one'), put('c', 'x', [1, 2])),
  commit(put('a', 'y', 2), remove('b', 'x')),
  { type: 'commit', writes: [put('c', 'y', 'buffered')], buffered: true },
  { type: 'commit together', commits: [[put('a', 'z', 3)], [put('b', 'z', 4), put('a', 'x', 5)]] },
  { type: 'checkpoint' },
  commit(put('a', 'after', 'checkpoint'), remove('a', 'y'), put('c', 'x', 'long'.repeat(200))),
  { type: 'commit', writes: [put('b', 'q', 'buffered')], buffered: true },
  { type: 'reopen' },
  commit({ type: 'clear', map: 'a', range: { start: 'a', end: 'b' } }, put('b', 'w', null)),
  { type: 'checkpoint' },
  commit(put('a', 'x', 6), put('b', 'x', 7), put('c', 'z', 8)),
  { type: 'compact' },
  { type: 'drop', map: 'c' },
  commit({ type: 'clear', map: 'a' }, put('a', 'fresh', true), put('c', 'again', 1)),
  { type: 'close' },
];

interface Tally {
  crashPoints: number;
  images: number;
  recoveries: number;
  /** Images that crashes of recoveries have left, many of them alike: those are opened once. */
  crashedRecoveries: number;
}

test('a crash at every call of a scripted life loses no acknowledged commit', async () => {
  const tally = await crashEverywhere(LIFE, { onPowerLoss: 'some images' });

  expect(tally.crashPoints).toBeGreaterThan(150);
  console.log(`crash at every call: ${describe(tally)}`);
}, 120_000);

test('a crash inside every write loses no acknowledged commit', async () => {
  const tally = newTally();
  for (const share of [0.1, 0.5, 0.95]) {
    const found = await crashEverywhere(LIFE, {
      onPowerLoss: 'none',
      host: share === 0.5 ? { preallocation: ZEROS_AHEAD } : {},
      faultOf: (byteCount) =>
        byteCount === undefined
          ? undefined
          : { kind: 'crash', afterBytes: Math.floor(byteCount * share) },
    });
    add(tally, found);
  }

  expect(tally.crashPoints).toBeGreaterThan(100);
  console.log(`crash inside every write: ${describe(tally)}`);
}, 120_000);

test('a power cut with every subset of at most 12 unsynced sectors loses no acknowledged commit', async () => {
  const tally = newTally();
  const seen = new Set<string>();
  const calls = await countCalls(LIFE);
  for (let at = 0; at < calls; at++) {
    const { disk, log } = await crashAt(LIFE, at, { kind: 'crash' });
    if (!disk.isCrashed || disk.pendingSectorCount > 12) continue;
    tally.crashPoints++;
    for (const image of disk.powerLossImages({ limit: 4096, seed: SEED })) {
      const digest = `${log.acknowledged} ${image.digest()}`;
      if (seen.has(digest)) continue;
      seen.add(digest);
      await checkImage(image, { steps: LIFE, log, at }, tally);
    }
  }

  console.log(`every subset of unsynced sectors: ${describe(tally)}`);
  expect(tally.images).toBeGreaterThan(1200);
}, 240_000);

test('a crash at every call of the recovery from a crash loses nothing either', async () => {
  const tally = newTally();
  const seen = new Set<string>();
  const calls = await countCalls(LIFE);
  for (let at = 2; at < calls; at += 5) {
    const { disk, log } = await crashAt(LIFE, at, { kind: 'crash' });
    if (!disk.isCrashed) continue;
    tally.crashPoints++;
    for (const image of [disk.afterKill(), ...someImages(disk, 2)]) {
      await crashRecovery(image, { log, seen }, tally);
    }
  }
  console.log(`crash during recovery: ${describe(tally)}, ${tally.crashedRecoveries} crashed`);
  expect(tally.crashedRecoveries).toBeGreaterThan(2000);
  expect(tally.images).toBeGreaterThan(1000);
}, 240_000);

test('random lives survive random crashes', async () => {
  const tally = newTally();
  for (let seed = 1; seed <= 40; seed++) {
    const steps = randomScript(seed, 12);
    const host = preallocationOf(seed);
    const calls = await countCalls(steps, host);
    for (let at = seed % 7; at < calls; at += 7) {
      await crashAndCheck(steps, { at, fault: { kind: 'crash' }, powerLoss: 4, host }, tally);
    }
  }
  console.log(`random lives: ${describe(tally)}`);
  expect(tally.crashPoints).toBeGreaterThan(400);
}, 240_000);

interface Plan {
  readonly onPowerLoss: 'none' | 'some images';
  readonly host?: SimulatedDiskOptions;
  readonly faultOf?: (byteCount: number | undefined) => Fault | undefined;
}

async function crashEverywhere(steps: readonly Step[], plan: Plan): Promise<Tally> {
  const tally = newTally();
  const { host = {} } = plan;
  const calls = await countCalls(steps, host);
  const powerLoss = plan.onPowerLoss === 'none' ? 0 : 12;
  for (let at = 0; at < calls; at++) {
    const fault = plan.faultOf === undefined ? { kind: 'crash' as const } : plan.faultOf;
    await crashAndCheck(steps, { at, fault, powerLoss, host }, tally);
  }
  return tally;
}

async function crashAndCheck(
  steps: readonly Step[],
  crash: {
    readonly at: number;
    readonly fault: Fault | ((byteCount: number | undefined) => Fault | undefined);
    readonly powerLoss: number;
    readonly host?: SimulatedDiskOptions;
  },
  tally: Tally,
): Promise<void> {
  const { disk, log } = await crashAt(steps, crash.at, crash.fault, crash.host);
  if (!disk.isCrashed) return;
  tally.crashPoints++;
  const seen = new Set<string>();
  await checkImage(disk.afterKill(), { steps, log, at: crash.at }, tally);
  for (const image of someImages(disk, crash.powerLoss)) {
    const digest = image.digest();
    if (seen.has(digest)) continue;
    seen.add(digest);
    await checkImage(image, { steps, log, at: crash.at }, tally);
  }
}

/** Up to `count` of the images a power cut may leave, spread over all of them. */
function someImages(disk: SimulatedDisk, count: number): SimulatedDisk[] {
  if (count === 0) return [];
  const images = [...disk.powerLossImages({ limit: count, seed: SEED })];
  const stride = Math.max(1, Math.floor(images.length / count));
  return images.filter((_, i) => i % stride === 0);
}

async function crashAt(
  steps: readonly Step[],
  at: number,
  fault: Fault | ((byteCount: number | undefined) => Fault | undefined),
  host: SimulatedDiskOptions = {},
): Promise<{ readonly disk: SimulatedDisk; readonly log: Log }> {
  useSeededHost(SEED);
  const onCall =
    typeof fault === 'function'
      ? (call: { index: number; kind: string; byteCount?: number }) =>
          call.index === at && call.kind === 'write' ? fault(call.byteCount) : undefined
      : faultAt(at, fault);
  const disk = new SimulatedDisk({ onCall, ...host });
  const log: Log = { acknowledged: 0, submitted: 0 };
  await runScript(disk, steps, { log }).catch((error: unknown) => {
    if (!disk.isCrashed) throw error;
  });
  return { disk, log };
}

/** The disk opens, holds the state after some commit, goes on, and holds that when opened again. */
async function checkImage(
  image: SimulatedDisk,
  crash: { readonly steps: readonly Step[]; readonly log: Log; readonly at: number },
  tally: Tally,
): Promise<void> {
  tally.images++;
  useSeededHost(SEED + 1);
  const { states } = modelOf(crash.steps);
  const place = `crash at call ${crash.at}`;
  const store = await Store.open(image);
  tally.recoveries++;
  const { sequence } = store.info;
  expect(sequence, place).toBeGreaterThanOrEqual(crash.log.acknowledged);
  expect(sequence, place).toBeLessThanOrEqual(crash.log.submitted);
  expect(contentOf(store), place).toBe(states[sequence]);
  expect((await store.verify()).damage, place).toEqual([]);
  expect((await store.map('probe').put('p', sequence)).sequence, place).toBe(sequence + 1);
  await store.close();
  const again = await Store.open(image);
  expect(again.map('probe').get('p'), place).toBe(sequence);
  expect(again.info.sequence, place).toBe(sequence + 1);
  const { probe: _, ...content } = JSON.parse(contentOf(again));
  expect(JSON.stringify(content), place).toBe(states[sequence]);
  await again.close();
}

/** Crashes at every call of it. What has been seen before is not looked at again. */
async function crashRecovery(
  image: SimulatedDisk,
  { log, seen }: { readonly log: Log; readonly seen: Set<string> },
  tally: Tally,
): Promise<void> {
  const untouched = image.clone();
  const before = image.callCount;
  await (await Store.open(image)).close();
  const calls = image.callCount - before;
  for (let at = 0; at < calls; at++) {
    const disk = untouched.clone();
    disk.onCall = faultAt(at, { kind: 'crash' });
    await openAndClose(disk);
    for (const again of [disk.afterKill(), ...someImages(disk, 1)]) {
      tally.crashedRecoveries++;
      const digest = `${log.acknowledged} ${log.submitted} ${again.digest()}`;
      if (seen.has(digest)) continue;
      seen.add(digest);
      await checkImage(again, { steps: LIFE, log, at }, tally);
    }
  }
}

async function openAndClose(disk: SimulatedDisk): Promise<void> {
  try {
    await (await Store.open(disk)).close();
  } catch (error) {
    if (!disk.isCrashed) throw error;
  }
}

async function countCalls(
  steps: readonly Step[],
  host: SimulatedDiskOptions = {},
): Promise<number> {
  useSeededHost(SEED);
  const disk = new SimulatedDisk(host);
  const log: Log = { acknowledged: 0, submitted: 0 };
  await runScript(disk, steps, { log });
  return disk.callCount;
}

function newTally(): Tally {
  return { crashPoints: 0, images: 0, recoveries: 0, crashedRecoveries: 0 };
}

function add(tally: Tally, found: Tally): void {
  tally.crashPoints += found.crashPoints;
  tally.images += found.images;
  tally.recoveries += found.recoveries;
}

function describe(tally: Tally): string {
  return `${tally.crashPoints} crash points, ${tally.images} images, ${tally.recoveries} recoveries`;
}

function commit(...writes: ScriptedWrite[]): Step {
  return { type: 'commit', writes };
}

function put(map: string, key: string, value: unknown): ScriptedWrite {
  return { type: 'put', map, key, value };
}

function remove(map: string, key: string): ScriptedWrite {
  return { type: 'remove', map, key };
}
