/** A set of keys that is made of ranges: sorted, and merged where they touch. Pure. */
import { compareBytes, EMPTY_BYTES } from '../bytes/bytes.ts';
import type { KeyBounds } from '../store/layers.ts';

interface Interval {
  readonly start: Uint8Array;
  /** Undefined: without end. */
  end: Uint8Array | undefined;
}

export class Intervals {
  readonly #intervals: readonly Interval[];

  constructor(bounds: Iterable<KeyBounds>) {
    const sorted = Array.from(bounds, ({ start = EMPTY_BYTES, end }) => ({ start, end }))
      .filter(({ start, end }) => end === undefined || compareBytes(start, end) < 0)
      .sort((left, right) => compareBytes(left.start, right.start));
    const merged: Interval[] = [];
    for (const interval of sorted) {
      const last = merged.at(-1);
      if (last === undefined || isBefore(last, interval.start)) merged.push({ ...interval });
      else last.end = laterOf(last.end, interval.end);
    }
    this.#intervals = merged;
  }

  get bounds(): readonly KeyBounds[] {
    return this.#intervals;
  }

  has(key: Uint8Array): boolean {
    const last = this.#intervals[this.#countFrom(key) - 1];
    return last !== undefined && !isBefore(last, key);
  }

  overlaps({ start = EMPTY_BYTES, end }: KeyBounds): boolean {
    if (end !== undefined && compareBytes(start, end) >= 0) return false;
    if (this.has(start)) return true;
    const next = this.#intervals[this.#countFrom(start)];
    return next !== undefined && (end === undefined || compareBytes(next.start, end) < 0);
  }

  /** How many begin at or below `key`. */
  #countFrom(key: Uint8Array): number {
    let low = 0;
    let high = this.#intervals.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareBytes((this.#intervals[middle] as Interval).start, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isBefore({ end }: Interval, key: Uint8Array): boolean {
  return end !== undefined && compareBytes(end, key) <= 0;
}

function laterOf(
  left: Uint8Array | undefined,
  right: Uint8Array | undefined,
): Uint8Array | undefined {
  if (left === undefined || right === undefined) return undefined;
  return compareBytes(left, right) >= 0 ? left : right;
}
