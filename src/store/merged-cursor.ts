/**
 * Merges sorted runs, newest first, into one run: of equal keys the newest entry wins, and where
 * that is a tombstone the key is not there (or is kept as a tombstone, for incremental snapshots).
 *
 * Goes one way at a time: `next` after `toFirst`, `seek` or `next`; `previous` after the others.
 */
import { assert } from '../assert.ts';
import { EMPTY_BYTES } from '../bytes/bytes.ts';
import { type Cursor, compareCursors } from '../bytes/cursor.ts';

export class MergedCursor implements Cursor {
  readonly #sources: readonly Cursor[];
  readonly #keepsTombstones: boolean;
  #current: Cursor | undefined;
  #isForward = true;

  constructor(sources: readonly Cursor[], tombstones: 'drop' | 'keep' = 'drop') {
    this.#sources = sources;
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
    for (const source of this.#sources) source.toFirst();
    this.#settle(true);
  }

  toLast(): void {
    for (const source of this.#sources) source.toLast();
    this.#settle(false);
  }

  seek(key: Uint8Array): void {
    for (const source of this.#sources) source.seek(key);
    this.#settle(true);
  }

  seekBelow(key: Uint8Array): void {
    for (const source of this.#sources) source.seekBelow(key);
    this.#settle(false);
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

  #settle(isForward: boolean): void {
    this.#isForward = isForward;
    this.#current = this.#select();
    this.#skipTombstones();
  }

  #skipTombstones(): void {
    while (!this.#keepsTombstones && this.#current?.isTombstone === true) this.#step();
  }

  /** Moves every source off the current key. Older ones first: they are compared with the newest. */
  #step(): void {
    const current = this.#current;
    if (current === undefined) return;
    for (const source of this.#sources) {
      if (source !== current && source.isValid && compareCursors(source, current) === 0) {
        this.#move(source);
      }
    }
    this.#move(current);
    this.#current = this.#select();
  }

  #move(source: Cursor): void {
    if (this.#isForward) source.next();
    else source.previous();
  }

  /** The source whose key comes first in our direction; the newest of equals. */
  #select(): Cursor | undefined {
    let best: Cursor | undefined;
    for (const source of this.#sources) {
      if (!source.isValid) continue;
      if (best === undefined || this.#isBefore(source, best)) best = source;
    }
    return best;
  }

  #isBefore(source: Cursor, best: Cursor): boolean {
    const order = compareCursors(source, best);
    return this.#isForward ? order < 0 : order > 0;
  }
}
