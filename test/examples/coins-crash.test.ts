/**
 * docs/examples/coins on a disk that crashes or fails at every call: a block is there in all twelve
 * maps or in none, whether it is being applied or rolled back.
 */
import { OnewalError, type Write } from 'onewal';
import { type Fault, type FaultPlan, faultAt, faultFrom, SimulatedDisk } from 'onewal/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { faultsIn } from '../../docs/examples/coins/checker.mjs';
import { CoinStore } from '../../docs/examples/coins/coin-store.mjs';
import { contentOf, digestOf } from '../../docs/examples/coins/content.mjs';
import { MADE_UP_START, madeUpChain } from '../../docs/examples/coins/made-up-chain.mjs';
import type { MapName } from '../../docs/examples/coins/maps.mjs';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { useSeededHost } from '../support/seeded.ts';

const SEED = 277;
/** Enough for the last block to archive coins. */
const CHAIN = madeUpChain({ blocks: 9, transactions: 2 });
const LAST = CHAIN.at(-1)!;
/** Of what a power cut may leave at one call, before the work is acknowledged and after. */
const IMAGES_MAX = { pending: 30, done: 6 };
/** More than the store makes to go on after a failed sync. */
const SETTLING_CALLS = 30;
const ROOM_MAX = 144 * 1024;
const ROOM_STEP = 4608;

type Work = (coinStore: CoinStore) => Promise<unknown>;
/** Which state an image holds: that before the work, that after it, or neither. */
type Side = 'before' | 'after' | 'between';
type LifeName = 'applying' | 'rolling back';

interface Life {
  /** Closed and without a fault. */
  readonly disk: SimulatedDisk;
  readonly work: Work;
  readonly before: string;
  readonly after: string;
}

let lives: { readonly [Name in LifeName]: Life };

beforeAll(async () => {
  await checksumReady;
  useSeededHost(SEED);
  const lower = new SimulatedDisk();
  await inStore(lower, async (coinStore) => {
    await coinStore.begin(MADE_UP_START);
    for (const block of CHAIN.slice(0, -1)) await coinStore.apply(block);
  });
  const upper = lower.clone();
  await inStore(upper, async (coinStore) => {
    await coinStore.apply(LAST);
    await coinStore.store.checkpoint(); // what undoes the block is then read from a snapshot
  });
  const { digest: below } = await stateOn(lower);
  const { digest: above } = await stateOn(upper);
  lives = {
    applying: { disk: lower, work: (store) => store.apply(LAST), before: below, after: above },
    'rolling back': { disk: upper, work: (store) => store.rollBack(), before: above, after: below },
  };
});

describe.each<LifeName>(['applying', 'rolling back'])('%s a block', (name) => {
  test('and crashing at any call leaves all of it or nothing, and goes on from there', async () => {
    const tally = await crashEverywhere(lives[name]);

    print(`${name}, a crash at every call`, tally);
    expect(tally.between).toBe(0);
    expect(tally.faults).toBeGreaterThan(20);
    expect(Math.min(tally.before, tally.after)).toBeGreaterThan(5);
  });

  test.each(['EIO', 'ENOSPC'])(
    'and failing with %s at any call leaves all of it or nothing',
    async (code) => {
      const tally = await failEverywhere(lives[name], { kind: 'fail', code });

      print(`${name}, ${code} at every call`, tally);
      expect(tally.between).toBe(0);
      expect(Math.min(tally.before, tally.after)).toBeGreaterThan(20);
    },
  );

  test('and running out of room leaves all of it or nothing', async () => {
    const life = lives[name];
    const tally = newTally();
    for (let room = 0; room < ROOM_MAX; room += ROOM_STEP) {
      await fail(life, tally, (disk) => {
        disk.capacity = usedBytes(life.disk) + room;
      });
    }

    print(`${name}, a full disk`, tally);
    expect(tally.between).toBe(0);
    expect(Math.min(tally.before, tally.after)).toBeGreaterThan(5);
  });
});

test('rolling back map by map is caught halfway, where the maps disagree', async () => {
  const tally = await crashEverywhere({ ...lives['rolling back'], work: rollBackMapByMap });

  print('rolling back map by map, a crash at every call', tally);
  expect(tally.between).toBeGreaterThan(20);
  expect(tally.disagreeing).toBe(tally.between);
});

function newTally() {
  return { faults: 0, images: 0, before: 0, after: 0, between: 0, disagreeing: 0 };
}
type Tally = ReturnType<typeof newTally>;

function print(title: string, tally: Tally): void {
  console.log(title, JSON.stringify(tally));
}

/** At every call from opening the store to closing it. Counts each image once. */
async function crashEverywhere(life: Life): Promise<Tally> {
  const tally = newTally();
  const seen = new Set<string>();
  const { closed } = await callsOf(life);
  for (let at = 0; at < closed; at++) {
    const { disk, isDone } = await crash(life, faultAt(at, { kind: 'crash' }));
    tally.faults++;
    for (const image of [disk.afterKill(), ...imagesOf(disk, isDone ? 'done' : 'pending')]) {
      const name = `${isDone} ${image.digest()}`;
      if (seen.has(name)) continue;
      seen.add(name);
      const side = await count(life, image, tally);
      if (isDone) expect(side, `acknowledged, and a crash at call ${at}`).toBe('after');
      if (side === 'before') await goOn(life, image);
    }
  }
  return tally;
}

function* imagesOf(disk: SimulatedDisk, when: keyof typeof IMAGES_MAX): Generator<SimulatedDisk> {
  let left = IMAGES_MAX[when];
  for (const image of disk.powerLossImages({ limit: left, seed: SEED })) {
    if (left-- === 0) return;
    yield image;
  }
}

/** What was cut off can be done again. */
async function goOn({ work, after }: Life, disk: SimulatedDisk): Promise<void> {
  await inStore(disk, work);
  expect((await stateOn(disk)).digest).toBe(after);
}

/** At every call of the work: once, for good, and where it writes, again while the store settles that. */
async function failEverywhere(life: Life, fault: Fault): Promise<Tally> {
  const tally = newTally();
  const { opened, worked, writing } = await callsOf(life);
  for (let at = opened; at < worked; at++) {
    const plans = [faultAt(at, fault), faultFrom(at, fault)];
    const seconds = writing.has(at) ? SETTLING_CALLS : 0;
    for (let second = at + 1; second <= at + seconds; second++) {
      plans.push(({ index }) => (index === at || index === second ? fault : undefined));
    }
    for (const plan of plans) {
      await fail(life, tally, (disk) => {
        disk.onCall = plan;
      });
    }
  }
  return tally;
}

/** What the program was told must be what it sees, what a kill leaves, and what a close leaves. */
async function fail(life: Life, tally: Tally, harm: (disk: SimulatedDisk) => void): Promise<void> {
  useSeededHost(SEED);
  const disk = life.disk.clone();
  const coinStore = await CoinStore.open(disk);
  harm(disk);
  tally.faults++;
  const told = await life.work(coinStore).then(
    () => 'after',
    (error: unknown) => {
      if (!(error instanceof OnewalError)) throw error;
      return error.committed === 'unknown' ? 'unknown' : 'before';
    },
  );
  disk.onCall = undefined;
  const seen = sideOf(life, digestOf(contentOf(coinStore)));
  const killed = disk.afterKill();
  await coinStore.close();

  for (const image of [killed, disk]) {
    image.capacity = undefined;
    const side = await count(life, image, tally);
    if (told !== 'unknown') expect([seen, side]).toEqual([told, told]);
  }
}

async function count(life: Life, disk: SimulatedDisk, tally: Tally): Promise<Side> {
  const { digest, faults } = await stateOn(disk);
  const side = sideOf(life, digest);
  tally.images++;
  tally[side]++;
  if (faults.length > 0) tally.disagreeing++;
  if (side !== 'between') expect(faults).toEqual([]);
  return side;
}

function sideOf({ before, after }: Life, digest: string): Side {
  if (digest === before) return 'before';
  return digest === after ? 'after' : 'between';
}

/** Of a life without a fault: how many calls it has made when, and which of them write. */
async function callsOf(life: Life) {
  useSeededHost(SEED);
  const disk = life.disk.clone();
  const writing = new Set<number>();
  disk.onCall = ({ index, kind }) => {
    if (kind === 'write' || kind === 'sync' || kind === 'syncNow') writing.add(index);
    return undefined;
  };
  const coinStore = await CoinStore.open(disk);
  const opened = disk.callCount;
  await life.work(coinStore);
  const worked = disk.callCount;
  await coinStore.close();
  return { opened, worked, writing, closed: disk.callCount };
}

async function crash(life: Life, plan: FaultPlan) {
  useSeededHost(SEED);
  const disk = life.disk.clone();
  disk.onCall = plan;
  let isDone = false;
  const end = inStore(disk, async (coinStore) => {
    await life.work(coinStore);
    isDone = true;
  });
  await end.catch(() => undefined);
  expect(disk.isCrashed).toBe(true);
  return { disk, isDone };
}

async function inStore(disk: SimulatedDisk, work: Work): Promise<void> {
  const coinStore = await CoinStore.open(disk);
  await work(coinStore);
  await coinStore.close();
}

interface State {
  readonly digest: string;
  readonly faults: readonly string[];
}
const knownStates = new Map<string, State>();

/** What the next process finds. Equal disks are opened once. */
async function stateOn(disk: SimulatedDisk): Promise<State> {
  const name = disk.digest();
  const known = knownStates.get(name);
  if (known !== undefined) return known;
  const coinStore = await CoinStore.open(disk.clone());
  const state = { digest: digestOf(contentOf(coinStore)), faults: faultsIn(coinStore) };
  await coinStore.close();
  knownStates.set(name, state);
  return state;
}

/** As a store does it whose families are cleared and filled by writes of their own. */
async function rollBackMapByMap({ store, maps, tip }: CoinStore): Promise<void> {
  const undo = maps.state_snapshots.get(tip!.height)!;
  for (const [name, entries] of Object.entries(undo)) {
    const map = maps[name as MapName];
    await store.batch(
      entries.map(([key, ...before]): Write => {
        const isNew = before.length === 0;
        return isNew ? { type: 'remove', map, key } : { type: 'put', map, key, value: before[0] };
      }),
    );
  }
  await store.batch([{ type: 'remove', map: maps.state_snapshots, key: tip!.height }]);
}

function usedBytes(disk: SimulatedDisk): number {
  return disk.names().reduce((size, name) => size + disk.readFile(name).length, 0);
}
