// @ts-check
/**
 * What the workers of all lives said is stored. From here on the store has to keep it.
 */

/** @import { Report } from '../report.mjs' */

export class Acknowledged {
  /** Trigger numbers. @type {Set<number>} */
  enqueued = new Set();
  /** Trigger numbers. @type {Set<number>} */
  answered = new Set();
  highestSequence = 0;
  /** Acknowledgements that cannot both be true. @type {string[]} */
  contradictions = [];

  /** @type {Set<number>} */
  #sequences = new Set();

  /** @param {Report} report @returns {boolean} whether it acknowledged a commit */
  add({ name, number, sequence }) {
    if (name === 'enqueued') this.enqueued.add(number);
    else if (name === 'answered') this.answered.add(number);
    else if (name !== 'founded') return false;
    if (this.#sequences.has(sequence))
      this.contradictions.push(`two commits got sequence ${sequence}`);
    this.#sequences.add(sequence);
    this.highestSequence = Math.max(this.highestSequence, sequence);
    return true;
  }
}
