/**
 * The crash explorer: runs a function of the user's against everything that can go wrong beneath it,
 * and shows what is left to another one.
 */

import { type Aftermath, Laboratory } from './laboratory.ts';
import {
  checkedPlan,
  type Exploration,
  type ExplorationPlan,
  type ExploredFailure,
  type ExploredFault,
  type FaultTally,
} from './plan.ts';
import { recordRun } from './recording.ts';
import { exclusively } from './seeded-host.ts';
import { shortened } from './shortening.ts';
import { type FoundFailure, surveyFault } from './survey.ts';
import { describeFailure } from './trace.ts';
import { decodeTrial, encodeTrial } from './trial.ts';

/**
 * Runs `plan.run` on simulated disks, disturbs it in every way of `plan.faults`, or in a sample of
 * them that the seed decides, and calls `plan.check` with each image of the disk that is left. Equal
 * plans with equal seeds give equal results.
 *
 * Each kind of fault ends with its first failure, which is made as short as can be found, reported,
 * and returned. A check that fails without a fault is the only failure there is then.
 *
 * Explorations run one after the other, and meanwhile seed the chance of every store that is opened:
 * open no other.
 *
 * Rejects with INVALID_ARGUMENT for a plan that is wrong, and when `run` is: it fails or never ends
 * without a fault, or it is not the same each time.
 */
export function explore(plan: ExplorationPlan): Promise<Exploration> {
  return exclusively(async () => {
    const checked = checkedPlan(plan);
    const laboratory = new Laboratory(checked, await recordRun(checked));
    if (checked.replay !== undefined) return replayed(laboratory, checked.replay);
    const undisturbed = await tryUndisturbed(laboratory);
    return undisturbed ?? exploreFaults(laboratory);
  });
}

async function exploreFaults(laboratory: Laboratory): Promise<Exploration> {
  const { faults, budget } = laboratory.plan;
  const counts: { [fault in ExploredFault]?: FaultTally } = {};
  const failures: ExploredFailure[] = [];
  let checksLeft = budget;
  for (const [index, fault] of faults.entries()) {
    const share = Math.floor(checksLeft / (faults.length - index));
    const { tally, failure, isEarliest } = await surveyFault(laboratory, fault, share);
    counts[fault] = tally;
    checksLeft -= tally.images;
    if (failure !== undefined) {
      const place = isEarliest ? 'earliest' : 'any';
      failures.push(await report(laboratory, await shortened(laboratory, failure, place)));
    }
  }
  return summary(counts, failures);
}

function summary(counts: Exploration['counts'], failures: readonly ExploredFailure[]): Exploration {
  const tallies = Object.values(counts);
  return {
    images: tallies.reduce((sum, { images }) => sum + images, 0),
    faults: tallies.reduce((sum, { faults }) => sum + faults, 0),
    isComplete: tallies.length > 0 && tallies.every(({ isComplete }) => isComplete),
    counts,
    failures,
  };
}

/** Without this, every fault would be blamed for what is wrong anyway. */
async function tryUndisturbed(laboratory: Laboratory): Promise<Exploration | undefined> {
  const trial = { disturbance: { fault: 'none' }, image: 'everything' } as const;
  const verdict = await laboratory.try(trial);
  if (verdict.is !== 'failed') return undefined;
  const failure = await report(laboratory, { trial, error: verdict.error });
  return { ...summary({}, [failure]), images: 1 };
}

async function replayed(laboratory: Laboratory, replay: string): Promise<Exploration> {
  const trial = decodeTrial(replay);
  const verdict = await laboratory.try(trial);
  const failures =
    verdict.is === 'failed' ? [await report(laboratory, { trial, error: verdict.error })] : [];
  return { ...summary({}, failures), images: 1, faults: 1 };
}

async function report(laboratory: Laboratory, found: FoundFailure): Promise<ExploredFailure> {
  const { plan, recording } = laboratory;
  const { trial, error } = found;
  const left: Aftermath = await laboratory.aftermathOf(trial.disturbance);
  const trace = describeFailure(found, left, { recording, seed: plan.seed });
  plan.report(trace);
  return { seed: plan.seed, trace, error, replay: encodeTrial(trial) };
}
