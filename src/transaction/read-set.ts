/** What a transaction has read: keys, and ranges as far as they were iterated. */
import type { Cursor } from '../bytes/cursor.ts';
import { Memtable } from '../memtable/memtable.ts';
import { MemtableCursor } from '../memtable/memtable-cursor.ts';
import { isAtOrAbove, type KeyBounds } from '../store/layers.ts';
import { nextKey, type RangeWitness, type Selection } from '../store/range.ts';
import type { ReadWitness } from '../store/reads.ts';
import type { Footprint } from './footprint.ts';
import { Intervals } from './intervals.ts';

export class ReadSet implements ReadWitness, Footprint {
  readonly #maps = new Map<string, ReadsOfMap>();

  get isEmpty(): boolean {
    return this.#maps.size === 0;
  }

  key(map: string, key: Uint8Array): void {
    this.#of(map).addKey(key);
  }

  range(map: string, selection: Selection): RangeWitness {
    return this.#of(map).addRange(selection);
  }

  hasKey(map: string, key: Uint8Array): boolean {
    return this.#maps.get(map)?.hasKey(key) ?? false;
  }

  touches(map: string, bounds: KeyBounds): boolean {
    return this.#maps.get(map)?.touches(bounds) ?? false;
  }

  #of(map: string): ReadsOfMap {
    const known = this.#maps.get(map);
    if (known !== undefined) return known;
    const reads = new ReadsOfMap();
    this.#maps.set(map, reads);
    return reads;
  }
}

const THE_MAP = 0;

class ReadsOfMap {
  readonly #keys = new Memtable();
  readonly #ranges: RangeTrace[] = [];
  /** Of the ranges, as soon as it is asked for: then the transaction reads no more. */
  #intervals: Intervals | undefined;

  addKey(key: Uint8Array): void {
    this.#keys.put({
      map: THE_MAP,
      bytes: key,
      keyStart: 0,
      keyEnd: key.length,
      valueStart: key.length,
      valueEnd: key.length,
      isTombstone: false,
      sequence: 0,
    });
  }

  addRange(selection: Selection): RangeTrace {
    const trace = new RangeTrace(selection);
    this.#ranges.push(trace);
    return trace;
  }

  hasKey(key: Uint8Array): boolean {
    return this.#keys.get(THE_MAP, key) !== undefined || this.#rangesRead().has(key);
  }

  touches(bounds: KeyBounds): boolean {
    const cursor = new MemtableCursor(this.#keys, THE_MAP);
    if (bounds.start === undefined) cursor.toFirst();
    else cursor.seek(bounds.start);
    if (cursor.isValid && !isAtOrAbove(cursor, bounds.end)) return true;
    return this.#rangesRead().overlaps(bounds);
  }

  #rangesRead(): Intervals {
    this.#intervals ??= new Intervals(this.#ranges.flatMap((trace) => trace.bounds() ?? []));
    return this.#intervals;
  }
}

/** One iteration over a range. What it has not come to was not read, so nobody need rely on it. */
class RangeTrace implements RangeWitness {
  readonly #selection: Selection;
  #isExhausted = false;
  #bytes: Uint8Array | undefined;
  #keyStart = 0;
  #keyEnd = 0;

  constructor(selection: Selection) {
    this.#selection = selection;
  }

  reached({ bytes, keyStart, keyEnd }: Cursor): void {
    this.#bytes = bytes;
    this.#keyStart = keyStart;
    this.#keyEnd = keyEnd;
  }

  exhausted(): void {
    this.#isExhausted = true;
  }

  /** Undefined while it has come nowhere. */
  bounds(): KeyBounds | undefined {
    const { bounds, isReverse } = this.#selection;
    if (this.#isExhausted) return bounds;
    const last = this.#bytes?.slice(this.#keyStart, this.#keyEnd);
    if (last === undefined) return undefined;
    return isReverse
      ? { start: last, end: bounds.end }
      : { start: bounds.start, end: nextKey(last) };
  }
}
