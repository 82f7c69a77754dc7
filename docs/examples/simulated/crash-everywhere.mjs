// @ts-check
/**
 * Stops a simulated machine before each call that a program makes to its disks, one after the other,
 * and looks at everything that may then be on them.
 */
import { SimulatedDisk } from 'onewal/testing';

/** @typedef {[SimulatedDisk, ...SimulatedDisk[]]} Disks */

/**
 * @template T
 * @typedef {object} CrashPlan
 * @property {number} diskCount of one machine: when it stops, all stop
 * @property {number} powerCutCount how many of the images that a power cut may leave, beside the one of a kill
 * @property {(disks: Disks, acknowledge: (what: T) => void) => Promise<void>} run
 * @property {(image: Image<T>) => Promise<void>} check
 */

/**
 * The disks as the next process finds them.
 *
 * @template T
 * @typedef {object} Image
 * @property {Disks} disks
 * @property {number} call before which the machine stopped
 * @property {readonly T[]} acknowledged before it did
 */

const SEED = 1;

/**
 * @template T
 * @param {CrashPlan<T>} plan
 * @returns {Promise<{ crashes: number, images: number }>}
 */
export async function crashEverywhere(plan) {
  let images = 0;
  for (let call = 0; ; call++) {
    const machine = new Machine(plan.diskCount, call);
    /** @type {T[]} */
    const acknowledged = [];
    await machine.runUntilCrash((disks) => plan.run(disks, (what) => acknowledged.push(what)));
    if (!machine.hasCrashed) return { crashes: call, images };
    for (const disks of machine.images(plan.powerCutCount)) {
      images += 1;
      await plan.check({ disks, call, acknowledged });
    }
  }
}

class Machine {
  #callsLeft;

  /** @param {number} diskCount @param {number} calls after these it stops */
  constructor(diskCount, calls) {
    this.#callsLeft = calls;
    const newDisk = () => new SimulatedDisk({ onCall: () => this.#stopInTime() });
    /** @type {Disks} */
    this.disks = [newDisk(), ...Array.from({ length: diskCount - 1 }, newDisk)];
  }

  get hasCrashed() {
    return this.disks.some((disk) => disk.isCrashed);
  }

  /** @param {(disks: Disks) => Promise<void>} run */
  async runUntilCrash(run) {
    try {
      await run(this.disks);
    } catch (error) {
      if (!this.hasCrashed) throw error;
    }
  }

  /** @param {number} powerCutCount */
  *images(powerCutCount) {
    yield this.#eachDisk((disk) => disk.afterKill());
    const left = new Map(this.disks.map((disk) => [disk, someOf(disk, powerCutCount)]));
    const count = Math.max(...[...left.values()].map((images) => images.length));
    for (let i = 0; i < count; i++) {
      yield this.#eachDisk((disk) => imageOf(left.get(disk) ?? [], i));
    }
  }

  /** @param {(disk: SimulatedDisk) => SimulatedDisk} change @returns {Disks} */
  #eachDisk(change) {
    const [first, ...others] = this.disks;
    return [change(first), ...others.map(change)];
  }

  /** @returns {import('onewal/testing').Fault | undefined} */
  #stopInTime() {
    this.#callsLeft -= 1;
    return this.#callsLeft < 0 ? { kind: 'crash' } : undefined;
  }
}

/** @param {SimulatedDisk[]} images @param {number} i */
function imageOf(images, i) {
  const image = images[i % images.length];
  if (image === undefined) throw new Error('a power cut always leaves something');
  return image.clone();
}

/** Spread over all that a power cut may leave: nothing, parts, everything. @param {SimulatedDisk} disk @param {number} count */
function someOf(disk, count) {
  const images = [...disk.powerLossImages({ limit: count, seed: SEED })];
  const stride = Math.max(1, Math.floor(images.length / count));
  return images.filter((_, i) => i % stride === 0).slice(0, count);
}
