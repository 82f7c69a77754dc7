// @ts-check
/**
 * The entries that every engine is given: made from their number and the seed, never stored.
 *
 * Keys are hashes, as those of transactions and addresses are: entries that are loaded in the order
 * of their numbers arrive in no order of their keys. Values are windows into one block of noise,
 * so that no engine can compress them, and so that a value can be checked without making it again.
 */
import { Random } from './random.mjs';

export const KEY_SIZE = 20;
const VALUE_SIZE = 100;
const NOISE_BITS = 20;
const NOISE_SIZE = 1 << NOISE_BITS;
/** Odd, so that no two of the first 2^20 numbers share a window; far apart for neighbours. */
const STRIDE = 0x9e375;

export class WrongValueError extends Error {}

export class Entries {
  /** @param {{ seed: number, valueSize?: number }} options */
  constructor({ seed, valueSize = VALUE_SIZE }) {
    this.seed = seed;
    this.valueSize = valueSize;
    const random = new Random(seed);
    this.noise = new Uint8Array(NOISE_SIZE + valueSize);
    for (let i = 0; i < this.noise.length; i++) this.noise[i] = random.below(256);
  }

  /** @param {number} n */
  key(n) {
    const key = new Uint8Array(KEY_SIZE);
    let word = (n ^ this.seed) >>> 0;
    for (let i = 0; i < KEY_SIZE; i += 4) {
      word = mixed(word);
      key[i] = word >>> 24;
      key[i + 1] = word >>> 16;
      key[i + 2] = word >>> 8;
      key[i + 3] = word;
    }
    return key;
  }

  /** @param {number} n @param {number} [version] of its value; 0 is the first */
  value(n, version = 0) {
    const start = (Math.imul(n, STRIDE) + version * (KEY_SIZE + 1)) & (NOISE_SIZE - 1);
    return this.noise.subarray(start, start + this.valueSize);
  }

  /** Throws unless this is the value of `n`. @param {number} n @param {Uint8Array | undefined} value @param {number} [version] */
  check(n, value, version = 0) {
    if (value !== undefined && isEqual(value, this.value(n, version))) return;
    throw new WrongValueError(`entry ${n} is not what was written`);
  }

  /** The numbers below `count` in the order of their keys. @param {number} count */
  sorted(count) {
    const firstWords = new Uint32Array(count);
    for (let n = 0; n < count; n++) firstWords[n] = mixed((n ^ this.seed) >>> 0);
    firstWords.sort();
    return firstWords.map((word) => (unmixed(word) ^ this.seed) >>> 0);
  }
}

/** @type {(a: Uint8Array, b: Uint8Array) => boolean} */
const isEqual =
  typeof Buffer === 'undefined'
    ? (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i])
    : (a, b) => Buffer.compare(a, b) === 0;

/** Turns a word of 32 bits into another; no two into the same. @param {number} word */
function mixed(word) {
  const first = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  const second = Math.imul(first ^ (first >>> 15), 0x846ca68b);
  return (second ^ (second >>> 16)) >>> 0;
}

/** @param {number} word */
function unmixed(word) {
  const second = Math.imul(word ^ (word >>> 16), INVERSE_OF_SECOND);
  const first = Math.imul(second ^ (second >>> 15) ^ (second >>> 30), INVERSE_OF_FIRST);
  return (first ^ (first >>> 16)) >>> 0;
}

const INVERSE_OF_FIRST = inverse(0x7feb352d);
const INVERSE_OF_SECOND = inverse(0x846ca68b);

/** Modulo 2^32, by Newton's iteration: each step doubles the bits that are right. @param {number} odd */
function inverse(odd) {
  let result = odd;
  for (let step = 0; step < 5; step++) result = Math.imul(result, 2 - Math.imul(odd, result));
  return result;
}
