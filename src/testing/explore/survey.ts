/** Tries the disturbances of one kind, until one fails or there are no more, or no more checks. */

import { completeCount } from '../crash-images.ts';
import { SeededRandom } from '../seeded-random.ts';
import { chooseDisturbances, evenShares, groupsOf } from './disturbances.ts';
import type { Aftermath, Laboratory } from './laboratory.ts';
import type { ExploredFault, FaultTally } from './plan.ts';
import { chooseRemainders, writeRemainder } from './remainder-choice.ts';
import type { Disturbance, ImageChoice, Trial } from './trial.ts';

export interface FoundFailure {
  readonly trial: Trial;
  readonly error: unknown;
}

export interface Survey {
  readonly tally: FaultTally;
  readonly failure?: FoundFailure;
  /** Everything before the failure was tried, and did not fail. */
  readonly isEarliest: boolean;
}

/** Behind a failed call: what a kill leaves, and at least what is synced alone. */
const IMAGES_PER_RUN_MIN = 2;

export async function surveyFault(
  laboratory: Laboratory,
  fault: ExploredFault,
  checkCountMax: number,
): Promise<Survey> {
  const surveyor = new Surveyor(laboratory, fault, checkCountMax);
  return surveyor.survey();
}

class Surveyor {
  readonly #laboratory: Laboratory;
  readonly #fault: ExploredFault;
  readonly #checkCountMax: number;
  #faultCount = 0;
  #imageCount = 0;
  #refusedCount = 0;
  #isComplete = true;

  constructor(laboratory: Laboratory, fault: ExploredFault, checkCountMax: number) {
    this.#laboratory = laboratory;
    this.#fault = fault;
    this.#checkCountMax = checkCountMax;
  }

  async survey(): Promise<Survey> {
    const chosen = this.#choose();
    const shares = this.#fault === 'power-loss' ? this.#sharesOfMoments(chosen) : undefined;
    for (const [index, disturbance] of chosen.entries()) {
      const left = this.#checkCountMax - this.#imageCount;
      const share = shares?.[index] ?? Math.ceil(left / (chosen.length - index));
      const failure = await this.#disturb(disturbance, Math.min(left, share));
      if (failure !== undefined) {
        const tally = { ...this.#tally, isComplete: false };
        return { tally, failure, isEarliest: this.#isComplete };
      }
    }
    return { tally: this.#tally, isEarliest: false };
  }

  get #tally(): FaultTally {
    return {
      faults: this.#faultCount,
      images: this.#imageCount,
      refused: this.#refusedCount,
      isComplete: this.#isComplete,
    };
  }

  #choose(): Disturbance[] {
    const { plan, recording } = this.#laboratory;
    const groups = groupsOf(this.#fault, recording);
    const total = groups.reduce((sum, { size }) => sum + size, 0);
    const countMax = Math.max(1, Math.floor(this.#checkCountMax / this.#imagesPerDisturbance));
    this.#isComplete = total <= countMax;
    const chosen = chooseDisturbances(groups, countMax, new SeededRandom(plan.seed));
    if (this.#fault !== 'disk-full') return chosen;
    const sizeOf = (disturbance: Disturbance) =>
      'capacity' in disturbance ? disturbance.capacity : 0;
    return chosen.sort((left, right) => sizeOf(left) - sizeOf(right));
  }

  get #imagesPerDisturbance(): number {
    return ['crash', 'power-loss', 'rot'].includes(this.#fault) ? 1 : IMAGES_PER_RUN_MIN;
  }

  #sharesOfMoments(chosen: readonly Disturbance[]): number[] {
    const states = new Map(
      this.#laboratory.recording.moments.map(({ ordinal, disk }) => [ordinal, disk.crashState]),
    );
    const sizes = chosen.map((disturbance) => {
      const state = 'moment' in disturbance ? states.get(disturbance.moment) : undefined;
      return (state === undefined ? 0 : completeCount(state)) ?? this.#checkCountMax;
    });
    return evenShares(sizes, this.#checkCountMax);
  }

  async #disturb(
    disturbance: Disturbance,
    imageCountMax: number,
  ): Promise<FoundFailure | undefined> {
    if (imageCountMax === 0) {
      this.#isComplete = false;
      return undefined;
    }
    const left = await this.#laboratory.aftermathOf(disturbance);
    this.#faultCount += 1;
    if (left.hang !== undefined) {
      return { trial: { disturbance, image: 'everything' }, error: left.hang };
    }
    const end = this.#imageCount + imageCountMax;
    for (const image of this.#imagesOf(left, imageCountMax)) {
      if (this.#imageCount >= end) return undefined;
      const verdict = await this.#laboratory.tryNew(left, image);
      if (verdict === undefined) continue;
      this.#imageCount += 1;
      if (verdict.is === 'refused') this.#refusedCount += 1;
      if (verdict.is === 'failed') {
        return { trial: { disturbance, image }, error: verdict.error };
      }
    }
    return undefined;
  }

  *#imagesOf({ state }: Aftermath, countMax: number): Generator<ImageChoice> {
    if (this.#fault !== 'power-loss') yield 'everything';
    if (this.#fault === 'crash' || this.#fault === 'rot') return;
    const { seed } = this.#laboratory.plan;
    const room = this.#fault === 'power-loss' ? countMax : countMax - 1;
    const { remainders, isComplete } = chooseRemainders(state, room, seed);
    if (!isComplete) this.#isComplete = false;
    for (const remainder of remainders) yield writeRemainder(state, remainder);
  }
}
