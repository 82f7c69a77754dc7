/** The three iterators of a Level database: the same cursor, over entries, keys or values. */
import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from 'abstract-level';
import { LevelCursor, type Selection } from './level-cursor.ts';
import { type Encoded, type Format, toFormat } from './level-format.ts';
import type { LevelRange } from './level-range.ts';
import type { FrozenState } from './level-snapshot.ts';

export interface IterationOptions extends LevelRange {
  readonly keyEncoding: Format;
  readonly valueEncoding: Format;
  readonly signal?: AbortSignal;
}

export interface EntryOptions extends IterationOptions {
  readonly keys: boolean;
  readonly values: boolean;
}

/** What is not asked for is undefined. */
type Entry = [Encoded | undefined, Encoded | undefined];

export class EntryIterator<Level, K, V> extends AbstractIterator<Level, K, V> {
  readonly #cursor: LevelCursor<Entry>;

  constructor(level: Level, options: EntryOptions, state: FrozenState) {
    super(level, options as object);
    this.#cursor = new LevelCursor(state, options, entriesOf(options));
  }

  protected _next(): Promise<Entry | undefined> {
    return this.#cursor.next();
  }

  protected _nextv(size: number): Promise<Entry[]> {
    return this.#cursor.nextv(size);
  }

  protected _seek(target: Encoded): void {
    this.#cursor.seek(target);
  }

  protected async _close(): Promise<void> {
    this.#cursor.close();
  }
}

export class KeyIterator<Level, K> extends AbstractKeyIterator<Level, K> {
  readonly #cursor: LevelCursor<Encoded>;

  constructor(level: Level, options: IterationOptions, state: FrozenState) {
    super(level, options as object);
    this.#cursor = new LevelCursor(state, options, keysOf(options));
  }

  protected _next(): Promise<Encoded | undefined> {
    return this.#cursor.next();
  }

  protected _nextv(size: number): Promise<Encoded[]> {
    return this.#cursor.nextv(size);
  }

  protected _seek(target: Encoded): void {
    this.#cursor.seek(target);
  }

  protected async _close(): Promise<void> {
    this.#cursor.close();
  }
}

export class ValueIterator<Level, K, V> extends AbstractValueIterator<Level, K, V> {
  readonly #cursor: LevelCursor<Encoded>;

  constructor(level: Level, options: IterationOptions, state: FrozenState) {
    super(level, options as object);
    this.#cursor = new LevelCursor(state, options, valuesOf(options));
  }

  protected _next(): Promise<Encoded | undefined> {
    return this.#cursor.next();
  }

  protected _nextv(size: number): Promise<Encoded[]> {
    return this.#cursor.nextv(size);
  }

  protected _seek(target: Encoded): void {
    this.#cursor.seek(target);
  }

  protected async _close(): Promise<void> {
    this.#cursor.close();
  }
}

function entriesOf(options: EntryOptions): Selection<Entry> {
  const { keyEncoding, valueEncoding, keys, values } = options;
  return function* (reads, range) {
    if (!values) {
      for (const key of reads.getKeys(range)) {
        yield [keys ? toFormat(key, keyEncoding) : undefined, undefined];
      }
      return;
    }
    for (const { key, value } of reads.getRange(range)) {
      yield [keys ? toFormat(key, keyEncoding) : undefined, toFormat(value, valueEncoding)];
    }
  };
}

function keysOf({ keyEncoding }: IterationOptions): Selection<Encoded> {
  return function* (reads, range) {
    for (const key of reads.getKeys(range)) yield toFormat(key, keyEncoding);
  };
}

function valuesOf({ valueEncoding }: IterationOptions): Selection<Encoded> {
  return function* (reads, range) {
    for (const { value } of reads.getRange(range)) yield toFormat(value, valueEncoding);
  };
}
