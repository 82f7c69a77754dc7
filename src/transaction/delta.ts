/**
 * What a transaction would log: first the ranges that it cleared, in order, then of each key the
 * last thing that it did, in map and key order. That comes to the same as what it did one by one,
 * because a clear takes with it what the transaction had written in its range before.
 */
import { compareBytes, utf8Encode } from '../bytes/bytes.ts';
import { LimitError } from '../errors.ts';
import { type Entry, Memtable } from '../memtable/memtable.ts';
import { MemtableCursor } from '../memtable/memtable-cursor.ts';
import { isAtOrAbove, type KeyBounds, walk } from '../store/layers.ts';
import { COMMIT_SIZE_MAX } from '../store/limits.ts';
import { type MapTarget, type PendingWrite, pendingSize } from '../store/pending-write.ts';
import type { PendingClear, PendingPut, PendingRemove } from '../store/write-encoder.ts';
import { OPERATION_OVERHEAD_MAX } from '../wal/record.ts';
import type { Footprint } from './footprint.ts';
import { Intervals } from './intervals.ts';

interface DeltaMap {
  /** Stands for the map among the entries; clearing the whole map gives it a new one. */
  readonly index: number;
  readonly target: MapTarget;
}

/** One key, in one of the maps of a delta. */
export interface DeltaEntry {
  readonly key: Uint8Array;
  /** Undefined: removed. */
  readonly value: Uint8Array | undefined;
}

/** In the `sequence` of an entry: a clear came after it. */
const CLEARED = 0;
const IN_FORCE = 1;

export class Delta implements Footprint {
  #entries = new Memtable();
  #maps: ReadonlyMap<string, DeltaMap> = new Map();
  #clears: readonly PendingClear[] = [];
  /** Of the clears, as far as it was asked for. */
  #cleared = new Map<string, Intervals>();
  #nextIndex = 0;
  /** As `pendingSize` has it. */
  #size = 0;
  #count = 0;

  fork(): Delta {
    const fork = new Delta();
    fork.#entries = this.#entries.fork();
    fork.#maps = this.#maps;
    fork.#clears = this.#clears;
    fork.#nextIndex = this.#nextIndex;
    fork.#size = this.#size;
    fork.#count = this.#count;
    return fork;
  }

  get isEmpty(): boolean {
    return this.#count === 0 && this.#clears.length === 0;
  }

  /** Throws LIMIT, with nothing changed, where the commit would become too large. */
  add(write: PendingPut | PendingRemove | PendingClear): void {
    const size = this.#size + pendingSize([write]);
    if (size > COMMIT_SIZE_MAX) {
      throw new LimitError(
        `the transaction would log ${size} bytes and the limit is ${COMMIT_SIZE_MAX}: split it into several`,
      );
    }
    if (write.type === 'clear') this.#clear(write);
    else this.#set(write);
  }

  /** What to log. */
  writes(): PendingWrite[] {
    const writes: PendingWrite[] = [...this.#clears];
    for (const target of this.targets()) {
      for (const { key, value } of this.entriesOf(target.name)) {
        if (value === undefined) writes.push({ type: 'remove', target, key });
        else writes.push({ type: 'put', target, key, value });
      }
    }
    return writes;
  }

  /** The maps that are written to, in the order of their names' bytes. */
  targets(): MapTarget[] {
    const names = new Map(
      [...this.#clears.map(({ target }) => target), ...this.#written()].map((target) => [
        target.name,
        target,
      ]),
    );
    return [...names.values()].sort((left, right) =>
      compareBytes(utf8Encode(left.name), utf8Encode(right.name)),
    );
  }

  /** In key order. */
  *entriesOf(map: string): Generator<DeltaEntry, void, void> {
    const index = this.#maps.get(map)?.index;
    if (index === undefined) return;
    const cursor = new MemtableCursor(this.#entries, index);
    for (cursor.toFirst(); cursor.isValid; cursor.next()) {
      if (cursor.sequence() === CLEARED) continue;
      const { bytes, keyStart, keyEnd, valueStart, valueEnd, isTombstone } = cursor;
      yield {
        key: bytes.subarray(keyStart, keyEnd),
        value: isTombstone ? undefined : bytes.subarray(valueStart, valueEnd),
      };
    }
  }

  clearedIn(map: string): Intervals {
    const known = this.#cleared.get(map);
    if (known !== undefined) return known;
    const cleared = new Intervals(this.#clears.filter(({ target }) => target.name === map));
    this.#cleared.set(map, cleared);
    return cleared;
  }

  hasKey(map: string, key: Uint8Array): boolean {
    return this.#find(map, key) !== undefined || this.clearedIn(map).has(key);
  }

  touches(map: string, bounds: KeyBounds): boolean {
    const index = this.#maps.get(map)?.index;
    if (index !== undefined) {
      const cursor = new MemtableCursor(this.#entries, index);
      if (bounds.start === undefined) cursor.toFirst();
      else cursor.seek(bounds.start);
      if (cursor.isValid && !isAtOrAbove(cursor, bounds.end)) return true;
    }
    return this.clearedIn(map).overlaps(bounds);
  }

  *#written(): Generator<MapTarget> {
    for (const { target } of this.#maps.values()) yield target;
  }

  #find(map: string, key: Uint8Array): Entry | undefined {
    const index = this.#maps.get(map)?.index;
    return index === undefined ? undefined : this.#entries.get(index, key);
  }

  #set(write: PendingPut | PendingRemove): void {
    const { target, key } = write;
    const before = this.#find(target.name, key);
    if (before !== undefined && before.sequence !== CLEARED) this.#forget(before);
    const value = write.type === 'put' ? write.value : undefined;
    const bytes = new Uint8Array(key.length + (value?.length ?? 0));
    bytes.set(key);
    if (value !== undefined) bytes.set(value, key.length);
    const entry: Entry = {
      map: this.#indexOf(target),
      bytes,
      keyStart: 0,
      keyEnd: key.length,
      valueStart: key.length,
      valueEnd: bytes.length,
      isTombstone: value === undefined,
      sequence: IN_FORCE,
    };
    this.#entries.put(entry);
    this.#size += sizeOf(entry);
    this.#count++;
  }

  #clear(write: PendingClear): void {
    const { target } = write;
    const isWhole = write.start === undefined && write.end === undefined;
    for (const entry of this.#entriesWithin(target.name, write)) {
      this.#forget(entry);
      if (!isWhole) this.#entries.put({ ...entry, sequence: CLEARED });
    }
    if (isWhole) {
      const earlier = this.#clears.filter((clear) => clear.target.name === target.name);
      this.#clears = this.#clears.filter((clear) => !earlier.includes(clear));
      this.#size -= pendingSize(earlier);
      this.#maps = new Map([...this.#maps, [target.name, { index: this.#nextIndex++, target }]]);
    }
    this.#clears = [...this.#clears, write];
    this.#cleared.clear();
    this.#size += pendingSize([write]);
  }

  #entriesWithin(map: string, bounds: KeyBounds): Entry[] {
    const index = this.#maps.get(map)?.index;
    const found: Entry[] = [];
    if (index === undefined) return found;
    walk(new MemtableCursor(this.#entries, index), bounds, (cursor) => {
      const { bytes, keyStart, keyEnd, valueStart, valueEnd, isTombstone } = cursor;
      const sequence = cursor.sequence();
      const place = { bytes, keyStart, keyEnd, valueStart, valueEnd };
      if (sequence !== CLEARED) found.push({ map: index, ...place, isTombstone, sequence });
      return 'go on';
    });
    return found;
  }

  #forget(entry: Entry): void {
    this.#size -= sizeOf(entry);
    this.#count--;
  }

  #indexOf(target: MapTarget): number {
    const known = this.#maps.get(target.name);
    if (known !== undefined) return known.index;
    const index = this.#nextIndex++;
    this.#maps = new Map([...this.#maps, [target.name, { index, target }]]);
    return index;
  }
}

function sizeOf({ keyStart, keyEnd, valueStart, valueEnd }: Entry): number {
  return keyEnd - keyStart + (valueEnd - valueStart) + OPERATION_OVERHEAD_MAX;
}
