// @ts-check
/** Chance that is the same for the same seed. */
export class Random {
  /** @param {number} seed */
  constructor(seed) {
    this.state = (seed ^ 0x5bf03635) >>> 0;
  }

  /** From 0 on and below 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  }

  /** @param {number} count */
  below(count) {
    return Math.floor(this.next() * count);
  }

  /** Below `count`, the low ones more often: the chance of `n` falls as 1 / n. @param {number} count */
  zipfian(count) {
    return Math.floor((count + 1) ** this.next()) - 1;
  }
}
