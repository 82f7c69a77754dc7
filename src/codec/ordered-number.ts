/**
 * Numbers as ordered keys: the 64 bits of the double behind four bits of kind, so that bytes sort
 * as numbers do.
 *
 *     number := 0001 double 0000            positive and zero; alone, cut to 4, 6 or 8 bytes
 *             | 0000 1 ~(63 bits) 0000      negative: all bits but the sign are flipped
 *     bigint := number of the nearest double below, its last four bits and then groups of seven
 *               (1xxxxxxx, at least one) holding what the double leaves out
 */
import { dataViewOf } from '../bytes/bytes.ts';

/** The bytes of a number that something follows, and of the number in a bigint. */
export const NUMBER_SIZE = 9;
export const NUMBER_KIND_MIN = 8;
export const NUMBER_KIND_MAX = 23;

/** A double takes 9 bytes; a bigint, 53 of its bits in those and 7 in each further one. */
const BIGINT_SIZE_MAX = NUMBER_SIZE + 1 + Math.ceil((1024 - 53) / 7);
const EXPONENT_BIAS = 1075n;
const FIRST_BITS = 4n;
const GROUP_BITS = 7n;

const doubleView = new DataView(new ArrayBuffer(8));
const scratch = new Uint8Array(BIGINT_SIZE_MAX);
const scratchView = dataViewOf(scratch);

/** As `NUMBER_SIZE` bytes, valid until the next call. */
export function wholeNumber(value: number): Uint8Array {
  doubleView.setFloat64(0, value);
  let high = doubleView.getUint32(0);
  let low = doubleView.getUint32(4);
  const isNegative = value < 0;
  if (isNegative) {
    high ^= 0x7fffffff;
    low = ~low;
  }
  scratchView.setUint32(0, (high >>> 4) | (isNegative ? 0 : 0x10000000));
  scratchView.setUint32(4, (low >>> 4) | (high << 28));
  scratch[8] = (low << 4) & 0xff;
  return scratch.subarray(0, NUMBER_SIZE);
}

/** Without the zeros that a reader puts back: for a number that is the whole key. */
export function shortNumber(value: number): Uint8Array {
  const whole = wholeNumber(value);
  if (value < 0 || whole[8] !== 0) return whole;
  if (whole[6] !== 0 || whole[7] !== 0) return whole.subarray(0, 8);
  if (whole[4] !== 0 || whole[5] !== 0) return whole.subarray(0, 6);
  return whole.subarray(0, 4);
}

/** Undefined for a value beyond the doubles. Valid until the next call. */
export function bigintBytes(value: bigint): Uint8Array | undefined {
  const double = doubleBelow(value);
  if (!Number.isFinite(double)) return undefined;
  wholeNumber(double);
  let rest = value - BigInt(double);
  let shift = exponentOf(double) - EXPONENT_BIAS - FIRST_BITS;
  let size = NUMBER_SIZE;
  scratch[size - 1] = (scratch[size - 1] as number) | Number(rest >> shift);
  rest -= (rest >> shift) << shift;
  do {
    shift -= GROUP_BITS;
    scratch[size++] = 0x80 | Number(rest >> shift);
    rest -= (rest >> shift) << shift;
  } while (rest > 0n);
  return scratch.subarray(0, size);
}

/** The sizes that `shortNumber` cuts to, besides the whole one. */
export function isShortNumberSize(size: number): boolean {
  return size === 4 || size === 6 || size === 8;
}

/** From up to `NUMBER_SIZE` bytes; what is missing at their end is zero. */
export function readDouble(bytes: Uint8Array): number {
  scratch.fill(0, bytes.length, NUMBER_SIZE);
  scratch.set(bytes);
  const isNegative = (scratch[0] as number) < 16;
  const high = (scratchView.getUint32(0) << 4) | ((scratch[4] as number) >>> 4);
  const low = (scratchView.getUint32(4) << 4) | ((scratch[8] as number) >>> 4);
  doubleView.setUint32(0, isNegative ? high ^ 0x7fffffff : high);
  doubleView.setUint32(4, isNegative ? ~low : low);
  return doubleView.getFloat64(0);
}

/** From `NUMBER_SIZE` bytes of number and the groups after them; RangeError over a fraction. */
export function readBigint(bytes: Uint8Array): bigint {
  const double = readDouble(bytes.subarray(0, NUMBER_SIZE));
  let shift = exponentOf(double) - EXPONENT_BIAS - FIRST_BITS;
  let value = BigInt(double) + (BigInt((bytes[NUMBER_SIZE - 1] as number) & 15) << shift);
  for (const group of bytes.subarray(NUMBER_SIZE)) {
    shift -= GROUP_BITS;
    value += BigInt(group & 0x7f) << shift;
  }
  return value;
}

/** The largest double that is not above `value`. */
function doubleBelow(value: bigint): number {
  const nearest = Number(value);
  if (!Number.isFinite(nearest) || BigInt(nearest) <= value) return nearest;
  doubleView.setFloat64(0, nearest);
  const bits = doubleView.getBigInt64(0);
  doubleView.setBigInt64(0, nearest > 0 ? bits - 1n : bits + 1n);
  return doubleView.getFloat64(0);
}

function exponentOf(double: number): bigint {
  doubleView.setFloat64(0, double);
  return BigInt((doubleView.getUint32(0) >>> 20) & 0x7ff);
}
