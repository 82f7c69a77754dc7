// @ts-check
/**
 * Fails each call that a program makes to its disk, one after the other: once, or from then on until
 * somebody mends the disk; with each error code. The machine itself goes on.
 */
import { SimulatedDisk } from 'onewal/testing';

/** @import { Fault, PortCall } from 'onewal/testing' */

const CODES = /** @type {const} */ (['EIO', 'ENOSPC']);
const DURATIONS = /** @type {const} */ (['once', 'for ever']);

export class FailingDisk {
  disk = new SimulatedDisk({ onCall: (call) => this.#faultOf(call) });
  /** The program has come to the call that was to fail. */
  isReached = false;
  isMended = false;
  #plan;

  /** @param {{ code: string, duration: 'once' | 'for ever', call: number }} plan */
  constructor(plan) {
    this.#plan = plan;
  }

  mend() {
    this.isMended = true;
  }

  toString() {
    const { code, duration, call } = this.#plan;
    return `${code} ${duration} at call ${call}`;
  }

  /** @param {PortCall} portCall @returns {Fault | undefined} */
  #faultOf({ index, kind }) {
    const { code, duration, call } = this.#plan;
    if (index >= call) this.isReached = true;
    const isMeant = duration === 'once' ? index === call : index >= call;
    if (this.isMended || !isMeant) return undefined;
    if (kind === 'release') return undefined; // it is no matter of the disk, and ends with the process
    return { kind: 'fail', code };
  }
}

/**
 * @param {(failing: FailingDisk) => Promise<void>} live
 * @returns {Promise<number>} how many faults were tried
 */
export async function failEverywhere(live) {
  let count = 0;
  for (const code of CODES) {
    for (const duration of DURATIONS) {
      for (let call = 0; ; call++) {
        const failing = new FailingDisk({ code, duration, call });
        await live(failing).catch((e) => {
          console.log(String(failing));
          throw e;
        });
        if (!failing.isReached) break;
        count += 1;
      }
    }
  }
  return count;
}
