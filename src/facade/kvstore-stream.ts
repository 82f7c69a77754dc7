/** The entries of a kvstore as Node streams, frozen at the moment in which a stream is made. */
import { Readable } from 'node:stream';
import { compareBytes, utf8Encode } from '../bytes/bytes.ts';
import type { RangeOptions } from '../options.ts';
import type { KvstoreConnection, Opened } from './kvstore-connection.ts';
import { asKvstoreError } from './kvstore-error.ts';
import { textOf } from './kvstore-text.ts';

/** An empty bound is no bound. */
export interface KvstoreStreamOptions {
  readonly gte?: unknown;
  readonly gt?: unknown;
  readonly lte?: unknown;
  readonly lt?: unknown;
  /** From the highest key down. */
  readonly reverse?: boolean;
  /** At most so many; all where it is negative. Default -1. */
  readonly limit?: number;
  /** False: only values are emitted. Default true. */
  readonly keys?: boolean;
  /** False: only keys are emitted. Default true. */
  readonly values?: boolean;
}

type Entries = AsyncIterable<unknown>;

/** Throws when the store is closed, and for `start` and `end`. */
export function readStream(connection: KvstoreConnection, options: KvstoreStreamOptions): Readable {
  const range = rangeOptions(options);
  const { keys = true, values = true } = options;
  const select = ({ entries }: Opened): Entries => {
    // A stream that is to emit neither ends at once, as it does in level.
    if (!keys && !values) return entries.getKeys({ limit: 0 });
    if (!values) return entries.getKeys(range);
    return keys ? entries.getRange(range) : valuesOf(entries.getRange(range));
  };
  if (connection.isClosed) throw new Error('cannot call iterator() before open()');
  return new EntryStream(connection.use(select));
}

export function keyStream(connection: KvstoreConnection, options: KvstoreStreamOptions): Readable {
  return readStream(connection, { ...options, keys: true, values: false });
}

function rangeOptions(options: KvstoreStreamOptions): RangeOptions<string> {
  if ('start' in options || 'end' in options) {
    throw new Error('Legacy range options ("start" and "end") have been removed');
  }
  const gte = boundOf(options, 'gte');
  const gt = boundOf(options, 'gt');
  const lte = boundOf(options, 'lte');
  const lt = boundOf(options, 'lt');
  const isGt = gt !== undefined && (gte === undefined || compareText(gt, gte) >= 0);
  const isLt = lt !== undefined && (lte === undefined || compareText(lt, lte) <= 0);
  const start = isGt ? gt : gte;
  const end = isLt ? lt : lte;
  const limit = limitOf(options.limit);
  return {
    ...(start === undefined ? {} : { start, exclusiveStart: isGt }),
    ...(end === undefined ? {} : { end, inclusiveEnd: !isLt }),
    ...(limit < 0 ? {} : { limit }),
    reverse: options.reverse === true,
  };
}

function boundOf(options: KvstoreStreamOptions, name: 'gte' | 'gt' | 'lte' | 'lt') {
  const text = name in options ? textOf(options[name]) : '';
  return text === '' ? undefined : text;
}

function compareText(left: string, right: string): number {
  return compareBytes(utf8Encode(left), utf8Encode(right));
}

/** Whole numbers are taken from others as a database in C would; what is none is no limit. */
function limitOf(limit: unknown): number {
  return typeof limit === 'number' ? Math.trunc(limit) || 0 : -1;
}

async function* valuesOf(entries: AsyncIterable<{ value: string }>): AsyncGenerator<string> {
  for await (const { value } of entries) yield value;
}

class EntryStream extends Readable {
  readonly #entries: AsyncIterator<unknown>;

  constructor(entries: Promise<Entries>) {
    super({ objectMode: true });
    // Whoever never reads it does not hear of it.
    entries.catch(() => undefined);
    this.#entries = iterate(entries);
  }

  override _read(): void {
    this.#entries.next().then(
      ({ done, value }) => void this.push(done === true ? null : value),
      (error: unknown) => this.destroy(asKvstoreError('ReadError', error)),
    );
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    void this.#entries.return?.();
    callback(error);
  }
}

async function* iterate(entries: Promise<Entries>): AsyncGenerator<unknown> {
  yield* await entries;
}
