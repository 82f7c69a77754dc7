/** What all three iterators of a Level database do: read one state, from wherever they are told to. */
import { hostEnvironment } from '../store/host.ts';
import { aborted, toLevelError } from './level-error.ts';
import { type Encoded, toBytes } from './level-format.ts';
import { type ByteRange, boundsOf, type LevelRange, rangeFrom } from './level-range.ts';
import type { FrozenState, LevelReads } from './level-snapshot.ts';

/** The items that an iterator makes of the entries of a range. */
export type Selection<T> = (reads: LevelReads, range: ByteRange) => Iterable<T>;

export interface CursorOptions extends LevelRange {
  readonly signal?: AbortSignal | undefined;
}

/** Items between two pauses. Reading is synchronous: without them nothing else would ever run. */
const SLICE_COUNT = 512;

const NOTHING: Iterator<never> = { next: () => ({ done: true, value: undefined }) };

export class LevelCursor<T> {
  /** Undefined once it is closed: nothing of it is kept then. */
  #state: FrozenState | undefined;
  readonly #range: ByteRange;
  readonly #select: Selection<T>;
  readonly #signal: AbortSignal | undefined;
  #items: Iterator<T>;
  #countUntilPause = SLICE_COUNT;

  constructor(state: FrozenState, options: CursorOptions, select: Selection<T>) {
    this.#state = state;
    this.#range = boundsOf(options);
    this.#select = select;
    this.#signal = options.signal;
    this.#items = this.#from(this.#range);
  }

  /** Undefined at the end. */
  async next(): Promise<T | undefined> {
    if (this.#countUntilPause === 0) await this.#pause();
    const item = this.#take();
    if (this.#signal !== undefined) await this.#obey(this.#signal);
    return item;
  }

  /** At most `size` items; none at the end. */
  async nextv(size: number): Promise<T[]> {
    const items: T[] = [];
    while (items.length < size) {
      if (this.#countUntilPause === 0) await this.#pause();
      const item = this.#take();
      if (item === undefined) break;
      items.push(item);
    }
    if (this.#signal !== undefined) await this.#obey(this.#signal);
    return items;
  }

  seek(target: Encoded): void {
    const range = rangeFrom(this.#range, toBytes(target));
    this.#items = range === undefined ? NOTHING : this.#from(range);
  }

  close(): void {
    this.#items = NOTHING;
    this.#state?.release();
    this.#state = undefined;
  }

  #take(): T | undefined {
    this.#countUntilPause--;
    try {
      const { done, value } = this.#items.next();
      return done === true ? undefined : value;
    } catch (error) {
      throw toLevelError(error);
    }
  }

  #from(range: ByteRange): Iterator<T> {
    if (this.#state === undefined) return NOTHING;
    return this.#select(this.#state.reads, range)[Symbol.iterator]();
  }

  async #pause(): Promise<void> {
    this.#countUntilPause = SLICE_COUNT;
    await hostEnvironment().pause();
    if (this.#signal?.aborted === true) throw aborted(this.#signal);
  }

  /** Whoever aborts behind the call, in the same turn, aborts it. */
  async #obey(signal: AbortSignal): Promise<void> {
    await undefined;
    if (signal.aborted) throw aborted(signal);
  }
}
