/**
 * Merges sorted runs, newest first, into one run: of equal keys the newest entry wins, and where
 * that is a tombstone the key is not there (or is kept as a tombstone, for incremental snapshots).
 *
 * Goes one way at a time: `next` after `toFirst`, `seek` or `next`; `previous` after the others.
 */
import { assert } from '../assert.ts';
import { EMPTY_BYTES } from '../bytes/bytes.ts';
import { type Cursor, compareCursors } from '../bytes/cursor.ts';

interface Source {
  readonly cursor: Cursor;
  /** 0 for the newest. */
  readonly age: number;
}

export class MergedCursor implements Cursor {
  readonly #sources: readonly Source[];
  readonly #keepsTombstones: boolean;
  /** The sources that stand on an entry: the first in our direction first, of equal keys the newest. */
  #line: Source[] = [];
  #current: Cursor | undefined;
  #isForward = true;

  constructor(sources: readonly Cursor[], tombstones: 'drop' | 'keep' = 'drop') {
    this.#sources = sources.map((cursor, age) => ({ cursor, age }));
    this.#keepsTombstones = tombstones === 'keep';
  }

  get isValid(): boolean {
    return this.#current !== undefined;
  }
  get bytes(): Uint8Array {
    return this.#current?.bytes ?? EMPTY_BYTES;
  }
  get keyStart(): number {
    return this.#current?.keyStart ?? 0;
  }
  get keyEnd(): number {
    return this.#current?.keyEnd ?? 0;
  }
  get valueStart(): number {
    return this.#current?.valueStart ?? 0;
  }
  get valueEnd(): number {
    return this.#current?.valueEnd ?? 0;
  }
  get isTombstone(): boolean {
    return this.#current?.isTombstone ?? false;
  }
  sequence(): number {
    return this.#current?.sequence() ?? 0;
  }

  toFirst(): void {
    for (const { cursor } of this.#sources) cursor.toFirst();
    this.#settle('forward');
  }

  toLast(): void {
    for (const { cursor } of this.#sources) cursor.toLast();
    this.#settle('backward');
  }

  seek(key: Uint8Array): void {
    for (const { cursor } of this.#sources) cursor.seek(key);
    this.#settle('forward');
  }

  seekBelow(key: Uint8Array): void {
    for (const { cursor } of this.#sources) cursor.seekBelow(key);
    this.#settle('backward');
  }

  next(): void {
    assert(this.#isForward, 'a merged cursor goes one way at a time');
    this.#step();
    this.#skipTombstones();
  }

  previous(): void {
    assert(!this.#isForward, 'a merged cursor goes one way at a time');
    this.#step();
    this.#skipTombstones();
  }

  #settle(direction: 'forward' | 'backward'): void {
    this.#isForward = direction === 'forward';
    this.#line = this.#sources
      .filter(({ cursor }) => cursor.isValid)
      .sort((left, right) => this.#order(left, right));
    this.#current = this.#line[0]?.cursor;
    this.#skipTombstones();
  }

  #skipTombstones(): void {
    while (!this.#keepsTombstones && this.#current?.isTombstone === true) this.#step();
  }

  /** Moves every source off the current key: those that have it stand together, at the head. */
  #step(): void {
    const line = this.#line;
    const current = this.#current;
    if (current === undefined) return;
    let count = 1;
    while (count < line.length && compareCursors((line[count] as Source).cursor, current) === 0) {
      count++;
    }
    for (let i = 0; i < count; i++) this.#move((line[i] as Source).cursor);
    for (let i = count - 1; i >= 0; i--) this.#lineUp(i);
    this.#current = line[0]?.cursor;
  }

  #move(cursor: Cursor): void {
    if (this.#isForward) cursor.next();
    else cursor.previous();
  }

  /** Requires: all behind `index` are in order. Nearly always few are passed. */
  #lineUp(index: number): void {
    const line = this.#line;
    const source = line[index] as Source;
    if (!source.cursor.isValid) {
      line.splice(index, 1);
      return;
    }
    let place = index;
    while (place + 1 < line.length && this.#order(line[place + 1] as Source, source) < 0) {
      line[place] = line[place + 1] as Source;
      place++;
    }
    line[place] = source;
  }

  #order(left: Source, right: Source): number {
    const order = compareCursors(left.cursor, right.cursor);
    if (order === 0) return left.age - right.age;
    return this.#isForward ? order : -order;
  }
}
