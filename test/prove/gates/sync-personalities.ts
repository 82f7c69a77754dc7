/**
 * Random lives in which a sync goes wrong in each way a host may get it wrong, once or from then on:
 * then the machine crashes, or the store goes on. Where the disk has lied, what was promised may be
 * missing, and the open may refuse; nothing may be there by halves.
 */
import { type PortCall, SimulatedDisk, type SyncPersonality } from '../../../src/testing/index.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { preallocationOf } from '../../support/preallocation.ts';
import { useSeededHost } from '../../support/seeded.ts';
import type { Gate, Scale, Tally } from '../gate.ts';
import { type Inspection, inspectMoment } from '../lives/check-image.ts';
import { goOn, reopen } from '../lives/going-on.ts';
import type { Aftermath } from '../lives/ledger.ts';
import { type Moment, MomentRecorder, SYNC_TURNS } from '../lives/moments.ts';
import { randomDeeds } from '../lives/random-deeds.ts';
import { type Deed, SerialLife } from '../lives/serial-life.ts';

interface Plan {
  readonly lives: number;
  readonly deeds: number;
  readonly moments: number;
  readonly images: number;
}

const PLANS: { readonly [scale in Scale]: Plan } = {
  ci: { lives: 4, deeds: 6, moments: 2, images: 3 },
  full: { lives: 48, deeds: 10, moments: 6, images: 6 },
  long: { lives: 2000, deeds: 14, moments: 12, images: 12 },
};

type Repetition = 'once' | 'for ever';

interface FailingSync {
  readonly at: number;
  readonly personality: SyncPersonality;
  readonly repetition: Repetition;
}

const PERSONALITIES = ['ext4', 'btrfs', 'delayed', 'lying'] as const;
const SYNCS = new Set<PortCall['kind']>(['sync', 'syncNow', 'syncDirectory']);

export const syncPersonalities: Gate = {
  name: 'sync-personalities',
  promise: 'a sync that fails, forgets or lies is answered truly and survived, crash or not',
  pieceCount: (scale) => PLANS[scale].lives,
  async run(piece, scale, tally) {
    const seed = 1 + piece + 1000 * tally.seed;
    const deeds = randomDeeds(seed, PLANS[scale].deeds);
    const { syncs, refusals } = await soundRunOf(deeds, seed);
    for (const refusal of refusals) tally.fail(refusal, `life ${seed}, without a fault`);
    for (const failing of failingSyncs(syncs)) {
      const { at, personality, repetition } = failing;
      const name = `life ${seed}, ${personality} sync at call ${at}, ${repetition}`;
      if (!tally.isNew(name)) continue;
      tally.count('failing syncs');
      await inspectSync({ deeds, seed, failing, name }, PLANS[scale], tally);
    }
  },
};

async function soundRunOf(
  deeds: readonly Deed[],
  seed: number,
): Promise<{ readonly syncs: readonly number[]; readonly refusals: readonly string[] }> {
  const syncs: number[] = [];
  const life = newLife(seed);
  life.disk.onCall = ({ index, kind }) => {
    if (SYNCS.has(kind)) syncs.push(index);
    return undefined;
  };
  await live(life, deeds);
  return { syncs, refusals: [...life.problems, ...life.refusals] };
}

function* failingSyncs(syncs: readonly number[]): Generator<FailingSync> {
  for (const at of syncs) {
    for (const personality of PERSONALITIES) {
      for (const repetition of ['once', 'for ever'] as const) yield { at, personality, repetition };
    }
  }
}

function newLife(seed: number): SerialLife {
  useSeededHost(seed);
  return new SerialLife(new SimulatedDisk({ syncTurns: SYNC_TURNS, ...preallocationOf(seed) }));
}

async function live(life: SerialLife, deeds: readonly Deed[]): Promise<void> {
  await life.open();
  for (const deed of deeds) await life.do(deed);
}

interface SyncCase {
  readonly deeds: readonly Deed[];
  readonly seed: number;
  readonly failing: FailingSync;
  readonly name: string;
}

async function inspectSync(
  { deeds, seed, failing, name }: SyncCase,
  plan: Plan,
  tally: Tally,
): Promise<void> {
  const life = newLife(seed);
  const { disk, ledger } = life;
  const afterwards = aftermathsOf(failing.personality);
  life.openedAs = afterwards.aftermathOfKill;
  const recorder = new MomentRecorder(disk, ledger);
  life.onAnswer = () => recorder.takeIfStarted('behind an answer');
  const { at, personality, repetition } = failing;
  disk.onCall = recorder.watch(({ index, kind }) => {
    if (index === at + 1) recorder.start();
    const isMeant = index === at || (repetition === 'for ever' && index > at && SYNCS.has(kind));
    return isMeant ? { kind: 'sync', personality } : undefined;
  });
  await live(life, deeds);
  life.checkMemory('with the fault');
  recorder.take('with the fault');
  disk.onCall = recorder.watch();
  await goOn(life, personality === 'delayed' ? 2 : 1);
  recorder.take('gone on');
  await reopen(life);
  recorder.stop();
  for (const problem of life.problems) tally.fail(problem, name);
  const random = new SeededRandom(seed + at);
  const inspection: Inspection = {
    ...{ tally, ledger, name, seed: seed + at, imageCountMax: plan.images },
    ...afterwards,
  };
  for (const moment of chosen(recorder.moments, plan.moments, random)) {
    await inspectMoment(inspection, moment);
  }
}

/** Of pages that were given up, btrfs keeps nothing, not even for as long as the machine runs. */
function aftermathsOf(personality: SyncPersonality): {
  readonly aftermathOfKill: Aftermath;
  readonly aftermathOfPower: Aftermath;
} {
  const hasLied = personality === 'lying' || personality === 'delayed';
  return {
    aftermathOfKill: personality === 'btrfs' ? 'power' : 'kill',
    aftermathOfPower: hasLied ? 'lied to' : 'power',
  };
}

/** The first behind the fault, the last, and others by chance. */
function chosen(all: readonly Moment[], count: number, random: SeededRandom): Set<Moment> {
  if (all.length <= count) return new Set(all);
  const ends = [all[0], all.at(-1)] as Moment[];
  const others = Array.from({ length: count - 2 }, () => all[random.below(all.length)] as Moment);
  return new Set([...ends, ...others]);
}
