/** Reads, in the newest state, in a view and in a transaction. None of them takes the thread for long. */
import { UsageError } from '../errors.ts';
import { KEY_SIZE_MAX } from '../store/limits.ts';
import type { Reads } from '../store/reads.ts';
import { requireSize } from './admission.ts';
import { withoutOffset } from './clearing.ts';
import {
  addBytes,
  addSteps,
  boundsSize,
  type Desk,
  type Handlers,
  requireReceiving,
  toRangeOptions,
} from './desk.ts';
import type { ServedIteration } from './holdings.ts';
import type { AnswerOf, WireChunk, WireSelection } from './protocol.ts';
import { tooLarge } from './refusal.ts';

type ReadType = 'view' | 'get' | 'entry' | 'has' | 'many' | 'count' | 'range' | 'next';

/** A chunk is full when it has so many entries, or has come to so many bytes. */
const CHUNK_COUNT_MAX = 4096;
const CHUNK_SIZE_TARGET = 64 << 10;
/** Entries that are passed over between two pauses. */
const SLICE_COUNT = 4096;

export const READING: Handlers<ReadType> = {
  view: ({ holdings, store }, { id }) => {
    holdings.requireRoom('view');
    const view = store.view();
    holdings.hold(id, { kind: 'view', view });
    return view.sequence;
  },
  get: (desk, { at, map, key }) => pointReads(desk, { at, map }, [key]).get(key),
  entry: (desk, { at, map, key }) => pointReads(desk, { at, map }, [key]).getEntry(key),
  has: (desk, { at, map, key }) => pointReads(desk, { at, map }, [key]).has(key),
  many: (desk, { at, map, keys }) => getMany(desk, pointReads(desk, { at, map }, keys), keys),
  count: async (desk, { at, map, range }) => {
    const reads = rangeReads(desk, { at, map }, range);
    if (range === undefined) return reads.getCount();
    let count = 0;
    for (const _ of reads.getKeys(toRangeOptions(range))) {
      if (++count % SLICE_COUNT === 0) await desk.environment.pause();
    }
    return count;
  },
  range: (desk, { id, at, map, range, keysOnly, credit }) => {
    const { holdings } = desk;
    holdings.requireRoom('iteration');
    const reads = rangeReads(desk, { at, map }, range);
    const options = toRangeOptions(withoutOffset(range));
    const entries = keysOnly ? keysAlone(reads.getKeys(options)) : reads.getRange(options);
    const iteration: ServedIteration = {
      kind: 'iteration',
      entries: entries[Symbol.iterator](),
      skip: range.offset,
      isBusy: false,
    };
    holdings.hold(id, iteration);
    return nextChunk(desk, { id, iteration, credit });
  },
  next: (desk, { iteration: id, credit }) => {
    const iteration = desk.holdings.find(id);
    if (iteration?.kind === 'iteration' && !iteration.isBusy) {
      return nextChunk(desk, { id, iteration, credit });
    }
    throw new UsageError('VIEW_RELEASED', 'the iteration has ended, or is waited for already');
  },
};

interface Place {
  readonly at: number;
  readonly map: number;
}

/** What a transaction remembers of a read. */
interface Memory {
  readonly steps: number;
  readonly bytes: number;
}

/** Throws LIMIT, also for what is too long to be a key of any map, and what `readsOf` does. */
function pointReads(
  desk: Desk,
  place: Place,
  keys: readonly Uint8Array[],
): Reads<Uint8Array, Uint8Array> {
  let bytes = 0;
  for (const key of keys) {
    requireSize('key', key, KEY_SIZE_MAX);
    bytes += key.length;
  }
  return readsOf(desk, place, { steps: keys.length, bytes });
}

function rangeReads(
  desk: Desk,
  place: Place,
  range: WireSelection | undefined,
): Reads<Uint8Array, Uint8Array> {
  const bytes = range === undefined ? 0 : boundsSize(range);
  return readsOf(desk, place, { steps: 1, bytes });
}

/** Throws NOT_ALLOWED, INVALID_ARGUMENT, MAP_ENCODING_MISMATCH, TRANSACTION_ENDED, LIMIT. */
function readsOf(desk: Desk, { at, map }: Place, memory: Memory): Reads<Uint8Array, Uint8Array> {
  const { holdings, admission } = desk;
  admission.requireReadable(holdings.targetOf(map).name);
  const handle = holdings.mapOf(map);
  if (at === 0) return handle;
  const holding = holdings.find(at);
  if (holding?.kind === 'view') return holding.view.map(handle);
  if (holding?.kind === 'subscription' || holding?.kind === 'iteration') {
    throw new UsageError('INVALID_ARGUMENT', 'reads are at a view or in a transaction');
  }
  const served = holdings.transactionOf(at);
  addSteps(desk, served, memory.steps);
  addBytes(desk, served, memory.bytes);
  return served.transaction.map(handle);
}

function getMany(
  desk: Desk,
  reads: Reads<Uint8Array, Uint8Array>,
  keys: readonly Uint8Array[],
): AnswerOf<'many'> {
  const sizeMax = desk.policy.limits.messageBytes;
  let size = 0;
  return keys.map((key) => {
    const value = reads.get(key);
    size += value?.length ?? 0;
    if (size > sizeMax) throw tooLarge(sizeMax);
    return value;
  });
}

function* keysAlone(keys: Iterable<Uint8Array>): Generator<{ key: Uint8Array; value: undefined }> {
  for (const key of keys) yield { key, value: undefined };
}

interface Asked {
  readonly id: number;
  readonly iteration: ServedIteration;
  readonly credit: number;
}

function nextChunk(desk: Desk, asked: Asked): WireChunk | Promise<() => WireChunk> {
  return asked.iteration.skip > 0 ? skipFirst(desk, asked) : takeChunk(desk, asked);
}

async function skipFirst(desk: Desk, asked: Asked): Promise<() => WireChunk> {
  const { id, iteration } = asked;
  iteration.isBusy = true;
  try {
    while (iteration.skip > 0) {
      if (iteration.entries.next().done === true) iteration.skip = 0;
      else if (--iteration.skip % SLICE_COUNT === 0) await desk.environment.pause();
    }
  } catch (error) {
    desk.holdings.end(id);
    throw error;
  }
  return () => takeLate(desk, asked);
}

/** Others may have been answered since this was asked for. */
function takeLate(desk: Desk, asked: Asked): WireChunk {
  try {
    requireReceiving(desk);
  } catch (error) {
    desk.holdings.end(asked.id);
    throw error;
  }
  asked.iteration.isBusy = false;
  return takeChunk(desk, asked);
}

function takeChunk({ holdings }: Desk, { id, iteration, credit }: Asked): WireChunk {
  const entries: { key: Uint8Array; value: Uint8Array | undefined }[] = [];
  const countMax = Math.min(Math.max(credit, 1), CHUNK_COUNT_MAX);
  let size = 0;
  try {
    while (entries.length < countMax && size < CHUNK_SIZE_TARGET) {
      const next = iteration.entries.next();
      if (next.done === true) {
        holdings.end(id);
        return { entries, isDone: true };
      }
      entries.push(next.value);
      size += next.value.key.length + (next.value.value?.length ?? 0);
    }
  } catch (error) {
    holdings.end(id);
    throw error;
  }
  return { entries, isDone: false };
}
