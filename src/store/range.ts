/** Ranges as a caller asks for them, and what they give: the same entries every time. */
import { compareBytes } from '../bytes/bytes.ts';
import type { Cursor } from '../bytes/cursor.ts';
import type { KeyCodec } from '../codec/key-codec.ts';
import { LimitError } from '../errors.ts';
import { invalid, type RangeOptions, requireWhole } from '../options.ts';
import type { Environment } from './environment.ts';
import { toStorageError } from './host-error.ts';
import {
  ALL_KEYS,
  entriesCursor,
  isAtOrAbove,
  isBelow,
  type KeyBounds,
  type Layers,
} from './layers.ts';
import { BOUND_SIZE_MAX } from './limits.ts';

/** Can be iterated again and again, with `for` and `for await`: always the view of its creation. */
export interface Range<T> extends Iterable<T>, AsyncIterable<T> {}

export interface Selection {
  readonly bounds: KeyBounds;
  readonly isReverse: boolean;
  readonly limit: number;
  readonly offset: number;
}

const EVERYTHING: Selection = {
  bounds: ALL_KEYS,
  isReverse: false,
  limit: Number.POSITIVE_INFINITY,
  offset: 0,
};

const RANGE_OPTION_NAMES = new Set([
  ...['start', 'end', 'exclusiveStart', 'inclusiveEnd'],
  ...['prefix', 'reverse', 'limit', 'offset'],
]);

/** Throws INVALID_ARGUMENT, KEY_INVALID. */
export function checkRange<K>(options: RangeOptions<K> | undefined, codec: KeyCodec<K>): Selection {
  if (options === undefined) return EVERYTHING;
  if (typeof options !== 'object' || options === null) throw invalid('range options are an object');
  const unknown = Object.keys(options).find((name) => !RANGE_OPTION_NAMES.has(name));
  if (unknown !== undefined) throw invalid(`there is no range option ${JSON.stringify(unknown)}`);
  const { reverse = false, limit, offset = 0 } = options;
  return {
    bounds: intersect(boundsOf(options, codec), prefixBounds(options, codec)),
    isReverse: reverse,
    limit: limit === undefined ? Number.POSITIVE_INFINITY : requireWhole('limit', limit, 0),
    offset: requireWhole('offset', offset, 0),
  };
}

/** The same for a range to be cleared, whose bounds are logged. Throws LIMIT, too. */
export function checkClearedRange<K>(
  options: RangeOptions<K> | undefined,
  codec: KeyCodec<K>,
): Selection {
  const selection = checkRange(options, codec);
  const { start, end } = selection.bounds;
  for (const bound of [start, end]) {
    if (bound === undefined || bound.length <= BOUND_SIZE_MAX) continue;
    throw new LimitError(
      `a bound of the range takes ${bound.length} bytes, the limit is ${BOUND_SIZE_MAX}`,
    );
  }
  return selection;
}

function boundsOf<K>(options: RangeOptions<K>, codec: KeyCodec<K>): KeyBounds {
  const { start, end, exclusiveStart = false, inclusiveEnd = false } = options;
  const startKey = start === undefined ? undefined : codec.encode(start);
  const endKey = end === undefined ? undefined : codec.encode(end);
  return {
    start: startKey !== undefined && exclusiveStart ? nextKey(startKey) : startKey,
    end: endKey !== undefined && inclusiveEnd ? nextKey(endKey) : endKey,
  };
}

function prefixBounds<K>(options: RangeOptions<K>, codec: KeyCodec<K>): KeyBounds {
  if (options.prefix === undefined) return ALL_KEYS;
  if (codec.prefixOf === undefined) throw invalid(`${codec.name} keys have no prefixes`);
  const start = codec.prefixOf(options.prefix);
  return { start, end: endOfPrefix(start) };
}

function intersect(left: KeyBounds, right: KeyBounds): KeyBounds {
  return {
    start: pick(left.start, right.start, 'higher'),
    end: pick(left.end, right.end, 'lower'),
  };
}

function pick(
  left: Uint8Array | undefined,
  right: Uint8Array | undefined,
  which: 'higher' | 'lower',
): Uint8Array | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  const isLeft =
    which === 'higher' ? compareBytes(left, right) >= 0 : compareBytes(left, right) <= 0;
  return isLeft ? left : right;
}

/** The lowest key above `key`. */
export function nextKey(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** The lowest key above all that begin with `prefix`; undefined where there is none. */
export function endOfPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let size = prefix.length;
  while (size > 0 && prefix[size - 1] === 0xff) size--;
  if (size === 0) return undefined;
  const end = prefix.slice(0, size);
  end[size - 1] = (end[size - 1] as number) + 1;
  return end;
}

/** What a range reads: fixed when the range is made. */
export interface RangeSource {
  readonly environment: Environment;
  requireOpen(): void;
  readonly layers: Layers;
  /** Undefined while the map has never been written. */
  readonly map: number | undefined;
  readonly selection: Selection;
  /** Called for each iteration, where somebody must know how far it went. */
  onIterate?(): RangeWitness;
}

export interface RangeWitness {
  /** The iteration has come to this entry. */
  reached(cursor: Cursor): void;
  /** There is nothing more in the bounds. */
  exhausted(): void;
}

export class EntryRange<T> implements Range<T> {
  readonly #source: RangeSource;
  readonly #read: (cursor: Cursor) => T;

  constructor(source: RangeSource, read: (cursor: Cursor) => T) {
    this.#source = source;
    this.#read = read;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return new EntryIterator(new Walk(this.#source), this.#read);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    let count = 0;
    for (const entry of this) {
      yield entry;
      if (++count % ASYNC_SLICE_COUNT === 0) await this.#source.environment.pause();
    }
  }
}

/** Entries between two pauses of an asynchronous iteration. */
const ASYNC_SLICE_COUNT = 512;

/** The number of entries in the selection. Throws CORRUPT, IO, CLOSED. */
export function countEntries(source: RangeSource): number {
  const walk = new Walk(source);
  let count = 0;
  while (walk.next() !== undefined) count++;
  return count;
}

/** What a generator would be, without its cost for each entry. */
class EntryIterator<T> implements IterableIterator<T> {
  readonly #walk: Walk;
  readonly #read: (cursor: Cursor) => T;

  constructor(walk: Walk, read: (cursor: Cursor) => T) {
    this.#walk = walk;
    this.#read = read;
  }

  next(): IteratorResult<T> {
    const cursor = this.#walk.next();
    if (cursor === undefined) return { done: true, value: undefined };
    try {
      return { done: false, value: this.#read(cursor) };
    } catch (error) {
      this.#walk.end();
      throw error;
    }
  }

  return(value?: unknown): IteratorResult<T> {
    this.#walk.end();
    return { done: true, value };
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/** Goes once through the entries of a selection. Begins with its first step. */
class Walk {
  readonly #source: RangeSource;
  #cursor: Cursor | undefined;
  #witness: RangeWitness | undefined;
  #skip: number;
  #left: number;
  #isEnded = false;

  constructor(source: RangeSource) {
    this.#source = source;
    this.#skip = source.selection.offset;
    this.#left = source.selection.limit;
  }

  /** The same cursor again and again; undefined at the end. Throws CORRUPT, IO, CLOSED; that is the end, too. */
  next(): Cursor | undefined {
    if (this.#isEnded) return undefined;
    try {
      const cursor = this.#advance();
      if (cursor === undefined) this.#isEnded = true;
      return cursor;
    } catch (error) {
      this.#isEnded = true;
      throw toStorageError(error, { doing: 'a snapshot could not be read' });
    }
  }

  end(): void {
    this.#isEnded = true;
  }

  #advance(): Cursor | undefined {
    const { selection } = this.#source;
    this.#source.requireOpen();
    if (this.#left === 0) return undefined;
    let cursor = this.#cursor;
    if (cursor === undefined) cursor = this.#begin();
    else step(cursor, selection);
    while (cursor?.isValid === true && isWithin(cursor, selection)) {
      this.#witness?.reached(cursor);
      if (this.#skip === 0) {
        this.#left--;
        return cursor;
      }
      this.#skip--;
      step(cursor, selection);
    }
    this.#witness?.exhausted();
    return undefined;
  }

  /** Undefined while the map has never been written. */
  #begin(): Cursor | undefined {
    const { layers, map, selection } = this.#source;
    this.#witness = this.#source.onIterate?.();
    if (map === undefined) return undefined;
    this.#cursor = entriesCursor(layers, map);
    toFirst(this.#cursor, selection);
    return this.#cursor;
  }
}

function step(cursor: Cursor, { isReverse }: Selection): void {
  if (isReverse) cursor.previous();
  else cursor.next();
}

function toFirst(cursor: Cursor, { bounds, isReverse }: Selection): void {
  if (isReverse) {
    if (bounds.end === undefined) cursor.toLast();
    else cursor.seekBelow(bounds.end);
  } else if (bounds.start === undefined) cursor.toFirst();
  else cursor.seek(bounds.start);
}

function isWithin(cursor: Cursor, { bounds, isReverse }: Selection): boolean {
  return isReverse ? !isBelow(cursor, bounds.start) : !isAtOrAbove(cursor, bounds.end);
}
