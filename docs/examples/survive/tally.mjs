// @ts-check
/**
 * What a run has seen so far: kills, acknowledgements, faults, and how long recovery took.
 */
import { maximum, median, milliseconds, number, table } from '../table.mjs';

/**
 * - `lost`: a commit was acknowledged and is not there
 * - `half applied`: a part of a commit is there without the rest
 * - `other`: whatever else must not be, such as a store that does not open
 *
 * @typedef {{ kind: 'lost' | 'half applied' | 'other', text: string }} Fault
 */

/**
 * What a check found. `openMs` is what `Store.open` took, recovery included.
 *
 * @typedef {object} Check
 * @property {number} openMs
 * @property {string} summary for people: what the store holds
 * @property {Fault[]} faults
 */

/** @param {string} text @returns {Fault} */
export const lost = (text) => ({ kind: 'lost', text });
/** @param {string} text @returns {Fault} */
export const halfApplied = (text) => ({ kind: 'half applied', text });
/** @param {string} text @returns {Fault} */
export const otherFault = (text) => ({ kind: 'other', text });

export class Tally {
  kills = 0;
  acknowledged = 0;
  /** @type {Fault[]} */
  faults = [];
  /** @type {number[]} */
  recoveriesMs = [];

  get isClean() {
    return this.faults.length === 0;
  }

  toString() {
    const count = (/** @type {Fault['kind']} */ kind) =>
      number(this.faults.filter((fault) => fault.kind === kind).length);
    return table({
      rounds: number(this.kills),
      'commits acknowledged': number(this.acknowledged),
      lost: count('lost'),
      'half applied': count('half applied'),
      'other faults': count('other'),
      'recovery median': milliseconds(median(this.recoveriesMs)),
      'recovery max': milliseconds(maximum(this.recoveriesMs)),
    });
  }
}
