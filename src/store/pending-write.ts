/**
 * Writes as a caller asked for them: encoded, but with maps by name. When their turn comes they
 * are resolved against the catalog of that moment, and a map that is not defined yet is defined
 * within the same commit.
 */
import { CborWriter } from '../bytes/cbor.ts';
import { LimitError, UsageError } from '../errors.ts';
import {
  commitBody,
  encodeOperation,
  OPERATION_OVERHEAD_MAX,
  type Operation,
} from '../wal/record.ts';
import type { Catalog } from './catalog.ts';
import { COMMIT_SIZE_MAX, MAP_COUNT_MAX } from './limits.ts';

export interface MapTarget {
  readonly name: string;
  readonly keyEncoding: string;
  readonly valueEncoding: string;
}

export type PendingWrite =
  | {
      readonly type: 'put';
      readonly target: MapTarget;
      readonly key: Uint8Array;
      readonly value: Uint8Array;
    }
  | { readonly type: 'remove'; readonly target: MapTarget; readonly key: Uint8Array }
  | {
      readonly type: 'clear';
      readonly target: MapTarget;
      readonly start: Uint8Array | undefined;
      readonly end: Uint8Array | undefined;
    }
  | { readonly type: 'drop'; readonly name: string }
  | {
      readonly type: 'quota';
      readonly target: MapTarget | undefined;
      readonly bytes: number | undefined;
    }
  | { readonly type: 'acknowledge'; readonly report: string };

/** One part of a commit is closed when it has grown to this. Not part of the format. */
const PART_SIZE_TARGET = 4 << 20;

/** What the writes would take in the WAL, at most. */
export function pendingSize(writes: readonly PendingWrite[]): number {
  let size = 0;
  for (const write of writes) {
    size += OPERATION_OVERHEAD_MAX;
    if (write.type === 'put') size += write.key.length + write.value.length;
    else if (write.type === 'remove') size += write.key.length;
    else if (write.type === 'clear') size += (write.start?.length ?? 0) + (write.end?.length ?? 0);
  }
  return size;
}

/** Throws LIMIT. */
export function requireCommitSize(size: number): void {
  if (size <= COMMIT_SIZE_MAX) return;
  throw new LimitError(
    `the commit takes ${size} bytes and the limit is ${COMMIT_SIZE_MAX}: split it into several`,
  );
}

/** True when nothing of the writes can make the store larger. */
export function onlyDeletes(writes: readonly PendingWrite[]): boolean {
  return writes.every((write) => write.type !== 'put' && write.type !== 'quota');
}

/**
 * The operations that the writes come to; none where they change nothing (removing from a map
 * that does not exist). Throws MAP_ENCODING_MISMATCH, LIMIT.
 */
export function resolveWrites(writes: readonly PendingWrite[], catalog: Catalog): Operation[] {
  const resolution = new Resolution(catalog);
  for (const write of writes) resolution.add(write);
  return resolution.operations;
}

class Resolution {
  readonly operations: Operation[] = [];
  readonly #ids = new Map<string, number | undefined>();
  readonly #catalog: Catalog;
  #nextMapId: number;
  #mapCount: number;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    this.#nextMapId = catalog.nextMapId;
    this.#mapCount = catalog.count;
  }

  add(write: PendingWrite): void {
    switch (write.type) {
      case 'put': {
        const map = this.#id(write.target) ?? this.#define(write.target);
        this.operations.push({ type: 'put', map, key: write.key, value: write.value });
        return;
      }
      case 'remove': {
        const map = this.#id(write.target);
        if (map !== undefined) this.operations.push({ type: 'remove', map, key: write.key });
        return;
      }
      case 'clear':
        this.#clear(write);
        return;
      case 'drop':
        this.#drop(write.name);
        return;
      case 'quota': {
        const { target } = write;
        const map = target === undefined ? null : (this.#id(target) ?? this.#define(target));
        this.operations.push({ type: 'quota', map, bytes: write.bytes ?? null });
        return;
      }
      case 'acknowledge':
        this.operations.push(write);
    }
  }

  #clear({ target, start, end }: PendingWrite & { type: 'clear' }): void {
    const map = this.#id(target);
    if (map === undefined) return;
    if (start !== undefined || end !== undefined) {
      this.operations.push({ type: 'clear', map, start: start ?? null, end: end ?? null });
      return;
    }
    const next = this.#takeMapId();
    this.operations.push({ type: 'empty', map, next });
    this.#ids.set(target.name, next);
  }

  #drop(name: string): void {
    const map = this.#ids.has(name) ? this.#ids.get(name) : this.#catalog.named(name)?.id;
    if (map === undefined) return;
    this.operations.push({ type: 'drop', map });
    this.#ids.set(name, undefined);
    this.#mapCount--;
  }

  #id(target: MapTarget): number | undefined {
    if (this.#ids.has(target.name)) return this.#ids.get(target.name);
    const definition = this.#catalog.named(target.name);
    if (definition === undefined) return undefined;
    checkEncodings(target, definition);
    this.#ids.set(target.name, definition.id);
    return definition.id;
  }

  #takeMapId(): number {
    if (this.#nextMapId < Number.MAX_SAFE_INTEGER) return this.#nextMapId++;
    throw new LimitError('there is no map id left: dump the store and load it into a new one');
  }

  #define(target: MapTarget): number {
    if (++this.#mapCount > MAP_COUNT_MAX) {
      throw new LimitError(`the store would have more than ${MAP_COUNT_MAX} maps: drop one first`);
    }
    const map = this.#takeMapId();
    const { name, keyEncoding, valueEncoding } = target;
    this.operations.push({ type: 'define', map, name, keyEncoding, valueEncoding });
    this.#ids.set(name, map);
    return map;
  }
}

/** Throws MAP_ENCODING_MISMATCH. */
export function checkEncodings(asked: MapTarget, stored: MapTarget): void {
  const isEqual =
    asked.keyEncoding === stored.keyEncoding && asked.valueEncoding === stored.valueEncoding;
  if (isEqual) return;
  throw new UsageError(
    'MAP_ENCODING_MISMATCH',
    `map ${JSON.stringify(stored.name)} has ${stored.keyEncoding} keys and ${stored.valueEncoding} values, ` +
      `not ${asked.keyEncoding} and ${asked.valueEncoding}: open it with the encodings it was made with`,
    { committed: 'no' },
  );
}

// One buffer for all commits: a fresh one for each would be most of the garbage of a bulk load.
const writer = new CborWriter();
const WRITER_SIZE_MAX = 1 << 20;

/** The bodies of the frames that log the operations: one, or the parts of a large commit. */
export function encodeBodies(operations: readonly Operation[]): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  writer.reset(WRITER_SIZE_MAX);
  let count = 0;
  for (const operation of operations) {
    if (count > 0 && writer.size + operationSize(operation) > PART_SIZE_TARGET) {
      bodies.push(commitBody(writer.bytes(), count));
      writer.reset(WRITER_SIZE_MAX);
      count = 0;
    }
    encodeOperation(writer, operation);
    count++;
  }
  bodies.push(commitBody(writer.bytes(), count));
  return bodies;
}

function operationSize(operation: Operation): number {
  if (operation.type === 'put') return operation.key.length + operation.value.length;
  return operation.type === 'remove' ? operation.key.length : 0;
}
