/** Ranges as abstract-level hands them over, and what is left of one after a seek. */
import { compareBytes } from '../bytes/bytes.ts';
import type { RangeOptions } from '../options.ts';
import { type Encoded, toBytes } from './level-format.ts';

export interface LevelRange {
  readonly gt?: Encoded;
  readonly gte?: Encoded;
  readonly lt?: Encoded;
  readonly lte?: Encoded;
  readonly reverse: boolean;
  /** −1 where there is none. */
  readonly limit: number;
}

export type ByteRange = RangeOptions<Uint8Array>;

/** The bounds and the direction, without the limit. `gte` and `lte` win over `gt` and `lt`. */
export function boundsOf({ gt, gte, lt, lte, reverse }: LevelRange): ByteRange {
  const start = gte ?? gt;
  const end = lte ?? lt;
  return {
    reverse,
    ...(start === undefined ? {} : { start: toBytes(start), exclusiveStart: gte === undefined }),
    ...(end === undefined ? {} : { end: toBytes(end), inclusiveEnd: lte !== undefined }),
  };
}

/** From `target` on, in the direction of the range; undefined for a target outside of it. */
export function rangeFrom(range: ByteRange, target: Uint8Array): ByteRange | undefined {
  if (isBelowStart(range, target) || isAboveEnd(range, target)) return undefined;
  return range.reverse === true
    ? { ...range, end: target, inclusiveEnd: true }
    : { ...range, start: target, exclusiveStart: false };
}

function isBelowStart({ start, exclusiveStart = false }: ByteRange, key: Uint8Array): boolean {
  if (start === undefined) return false;
  const order = compareBytes(key, start);
  return exclusiveStart ? order <= 0 : order < 0;
}

function isAboveEnd({ end, inclusiveEnd = false }: ByteRange, key: Uint8Array): boolean {
  if (end === undefined) return false;
  const order = compareBytes(key, end);
  return inclusiveEnd ? order > 0 : order >= 0;
}
