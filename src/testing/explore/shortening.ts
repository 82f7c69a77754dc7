/** Makes a failure as simple as it can: at the earliest call, with as little lost as it takes. */
import { cornerRemainders } from '../crash-images.ts';
import { groupsOf } from './disturbances.ts';
import type { Laboratory } from './laboratory.ts';
import {
  type LostUnit,
  lessDamaged,
  lostUnits,
  sameLosses,
  simplifiedRemainder,
  withRestored,
  writeRemainder,
} from './remainder-choice.ts';
import type { FoundFailure } from './survey.ts';
import {
  type Disturbance,
  disturbedCall,
  type ImageChoice,
  type Trial,
  type WrittenRemainder,
} from './trial.ts';

/** Trials that one failure is worth. */
const TRIAL_COUNT_MAX = 400;

export async function shortened(
  laboratory: Laboratory,
  found: FoundFailure,
  place: 'earliest' | 'any',
): Promise<FoundFailure> {
  const shortener = new Shortener(laboratory, found);
  await shortener.loseLess();
  if (place === 'any' && (await shortener.moveToEarlierCall())) await shortener.loseLess();
  return shortener.best;
}

class Shortener {
  best: FoundFailure;
  readonly #laboratory: Laboratory;
  #trialCount = 0;

  constructor(laboratory: Laboratory, found: FoundFailure) {
    this.#laboratory = laboratory;
    this.best = found;
  }

  /** The first place, of those before it, where the same disturbance fails in some simple image. */
  async moveToEarlierCall(): Promise<boolean> {
    const { disturbance, image } = this.best.trial;
    for (const earlier of this.#earlierThan(disturbance)) {
      for (const simple of await this.#simpleImages(earlier, image)) {
        if (await this.#isStillFailing({ disturbance: earlier, image: simple })) return true;
      }
    }
    return false;
  }

  async loseLess(): Promise<void> {
    const { disturbance, image } = this.best.trial;
    if (image === 'everything') return;
    if (disturbance.fault !== 'power-loss') {
      if (await this.#isStillFailing({ disturbance, image: 'everything' })) return;
    }
    const { state } = await this.#laboratory.aftermathOf(disturbance);
    let least = image;
    const keep = async (candidate: WrittenRemainder) => {
      if (!(await this.#isStillFailing({ disturbance, image: candidate }))) return false;
      least = candidate;
      return true;
    };
    await keep(simplifiedRemainder(state, least));
    for (let isSimpler = true; isSimpler; ) {
      isSimpler = false;
      for (const candidate of lessDamaged(state, least)) isSimpler ||= await keep(candidate);
    }
    let count = lostUnits(state, least).length;
    while (count > 0) {
      let hasRestored = false;
      for (const units of chunks(lostUnits(state, least), count)) {
        hasRestored ||= await keep(withRestored(state, least, units));
      }
      if (!hasRestored) count = Math.floor(count / 2);
      else count = Math.min(count, lostUnits(state, least).length);
    }
  }

  async #isStillFailing(trial: Trial): Promise<boolean> {
    if (this.#trialCount >= TRIAL_COUNT_MAX) return false;
    this.#trialCount += 1;
    const verdict = await this.#laboratory.try(trial);
    if (verdict.is !== 'failed') return false;
    this.best = { trial, error: verdict.error };
    return true;
  }

  /** Of the same shape. Rot is where it is. */
  #earlierThan(disturbance: Disturbance): Disturbance[] {
    if (disturbance.fault === 'none' || disturbance.fault === 'rot') return [];
    const groups = groupsOf(disturbance.fault, this.#laboratory.recording);
    const candidates = groups.flatMap(({ size, at }) =>
      // Inside a write, or a step in the size of the disk: its ends stand for all.
      [
        ...new Set(size > 8 ? [0, size - 1] : Array.from({ length: size }, (_, index) => index)),
      ].map(at),
    );
    const place = placeOf(disturbance);
    return candidates.filter(
      (candidate) => placeOf(candidate) < place && isSameShape(candidate, disturbance),
    );
  }

  /** Nothing arrived, everything did, and all but what is lost in the failure. */
  async #simpleImages(earlier: Disturbance, image: ImageChoice): Promise<ImageChoice[]> {
    if (image === 'everything') return [image];
    const { state } = await this.#laboratory.aftermathOf(earlier);
    const failed = await this.#laboratory.aftermathOf(this.best.trial.disturbance);
    const corners = [...cornerRemainders(state)].slice(0, 2);
    return [
      ...corners.map((remainder) => writeRemainder(state, remainder)),
      sameLosses({ state: failed.state, written: image }, state),
    ];
  }
}

function placeOf(disturbance: Disturbance): number {
  if ('moment' in disturbance) return disturbance.moment;
  if ('capacity' in disturbance) return disturbance.capacity;
  return disturbedCall(disturbance) ?? 0;
}

function isSameShape(left: Disturbance, right: Disturbance): boolean {
  return shapeOf(left) === shapeOf(right);
}

function shapeOf(disturbance: Disturbance): string {
  const { personality, repetition } = { personality: '', repetition: '', ...disturbance };
  const isInside = 'afterBytes' in disturbance || 'byteCount' in disturbance;
  return [disturbance.fault, personality, repetition, isInside].join();
}

function chunks(units: readonly LostUnit[], size: number): LostUnit[][] {
  const count = Math.ceil(units.length / size);
  return Array.from({ length: count }, (_, index) => units.slice(index * size, (index + 1) * size));
}
