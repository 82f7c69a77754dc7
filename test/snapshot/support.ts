/** Snapshot files in memory, whose bytes a test may change, and the entries to fill them with. */
import { compareBytes, EMPTY_BYTES, utf8Encode } from '../../src/bytes/bytes.ts';
import { checksumReady } from '../../src/bytes/checksum.ts';
import type { Cursor } from '../../src/bytes/cursor.ts';
import type { File } from '../../src/fs/file-system.ts';
import { runSync } from '../../src/fs/task.ts';
import { BlockCache } from '../../src/snapshot/block-cache.ts';
import { type OpenedSnapshot, SnapshotReader } from '../../src/snapshot/snapshot-reader.ts';
import {
  type PlannedMap,
  type SnapshotPlan,
  writeSnapshot,
} from '../../src/snapshot/snapshot-writer.ts';
import type { WriteSteps } from '../../src/snapshot/steps.ts';
import type { BlockLimits } from '../../src/snapshot/tree-writer.ts';

// The slower provider is tested where it lives.
await checksumReady;

/** Trees of many levels from few entries. */
export const SMALL_LIMITS: BlockLimits = { blockSize: 64, pageSize: 150, childCountMin: 2 };

export const QUIET_STEPS: WriteSteps = { pause() {}, check() {}, onProgress() {}, sync() {} };

export interface TestEntry {
  readonly key: Uint8Array;
  /** Undefined: a tombstone. */
  readonly value: Uint8Array | undefined;
  readonly sequence: number;
}

export class BytesFile implements File {
  bytes: Uint8Array;
  /** What was read, as [offset, size]. */
  readonly reads: [number, number][] = [];
  isClosed = false;

  constructor(bytes: Uint8Array = EMPTY_BYTES) {
    this.bytes = bytes.slice();
  }

  read(target: Uint8Array, offset: number): number {
    const part = this.bytes.subarray(offset, offset + target.length);
    target.set(part);
    this.reads.push([offset, target.length]);
    return part.length;
  }

  write(source: Uint8Array, offset: number): number {
    if (offset !== this.bytes.length) throw new Error('a write that does not append');
    const longer = new Uint8Array(offset + source.length);
    longer.set(this.bytes);
    longer.set(source, offset);
    this.bytes = longer;
    return source.length;
  }

  truncate(size: number): void {
    this.bytes = this.bytes.slice(0, size);
  }

  size(): number {
    return this.bytes.length;
  }

  async sync(): Promise<void> {}

  close(): void {
    if (this.isClosed) throw new Error('closed twice');
    this.isClosed = true;
  }
}

/** Over a sorted array. */
class EntriesCursor implements Cursor {
  private readonly entries: readonly TestEntry[];
  private index = -1;

  constructor(entries: readonly TestEntry[]) {
    this.entries = entries;
  }

  get isValid(): boolean {
    return this.entries[this.index] !== undefined;
  }
  get bytes(): Uint8Array {
    const { key, value } = this.entry;
    const bytes = new Uint8Array(key.length + (value?.length ?? 0));
    bytes.set(key);
    bytes.set(value ?? EMPTY_BYTES, key.length);
    return bytes;
  }
  readonly keyStart = 0;
  get keyEnd(): number {
    return this.entry.key.length;
  }
  get valueStart(): number {
    return this.entry.key.length;
  }
  get valueEnd(): number {
    return this.entry.key.length + (this.entry.value?.length ?? 0);
  }
  get isTombstone(): boolean {
    return this.entry.value === undefined;
  }
  sequence(): number {
    return this.entry.sequence;
  }
  toFirst(): void {
    this.index = 0;
  }
  toLast(): void {
    this.index = this.entries.length - 1;
  }
  seek(key: Uint8Array): void {
    const found = this.entries.findIndex((entry) => compareBytes(entry.key, key) >= 0);
    this.index = found < 0 ? this.entries.length : found;
  }
  seekBelow(key: Uint8Array): void {
    this.seek(key);
    this.index--;
  }
  next(): void {
    if (this.isValid) this.index++;
  }
  previous(): void {
    if (this.isValid) this.index--;
  }

  private get entry(): TestEntry {
    const entry = this.entries[this.index];
    if (entry === undefined) throw new Error('the cursor stands on no entry');
    return entry;
  }
}

export function entry(key: string, value: string | undefined, sequence = 1): TestEntry {
  return {
    key: utf8Encode(key),
    value: value === undefined ? undefined : utf8Encode(value),
    sequence,
  };
}

/** `count` entries whose keys have one size, so that they come in order. */
export function numberedEntries(count: number): TestEntry[] {
  return Array.from({ length: count }, (_, i) =>
    entry(`key-${String(i).padStart(6, '0')}`, `value of ${i}`, 1 + ((i * 7919) % 1000)),
  );
}

export function planMap(id: number, name: string, entries: readonly TestEntry[]): PlannedMap {
  const live = entries.filter(({ value }) => value !== undefined);
  const bytes = live.reduce((size, { key, value }) => size + key.length + (value?.length ?? 0), 0);
  const described = { id, name, keyEncoding: 'utf8', valueEncoding: 'binary' };
  return { ...described, count: live.length, bytes, cursor: new EntriesCursor(entries) };
}

export function makePlan(
  maps: readonly PlannedMap[],
  changes: Partial<SnapshotPlan> = {},
): SnapshotPlan {
  return {
    kind: 'full',
    store: new Uint8Array(16).fill(7),
    generation: 3,
    sequence: 1000,
    chain: new Uint8Array(32).fill(9),
    wal: 4,
    nextMapId: 1 + Math.max(0, ...maps.map((map) => map.id)),
    maps,
    beneath: [],
    ...changes,
  };
}

export function writePlan(plan: SnapshotPlan): Uint8Array {
  const file = new BytesFile();
  runSync(writeSnapshot(file, plan, QUIET_STEPS));
  return file.bytes;
}

/** A file with one map, whose id is 1. */
export function writeEntries(
  entries: readonly TestEntry[],
  changes: Partial<SnapshotPlan> = {},
): Uint8Array {
  return writePlan(makePlan([planMap(1, 'map', entries)], changes));
}

export function openBytes(bytes: Uint8Array, cacheBytes = 1 << 20): OpenedSnapshot {
  return SnapshotReader.open(new BytesFile(bytes), 'test.snap', new BlockCache(cacheBytes));
}

export function readerOf(bytes: Uint8Array, cacheBytes = 1 << 20): SnapshotReader {
  const opened = openBytes(bytes, cacheBytes);
  if (opened.state !== 'valid') throw new Error(`not valid: ${JSON.stringify(opened)}`);
  return opened.reader;
}

export function damageOf(bytes: Uint8Array): readonly { offset: number; reason: string }[] {
  const opened = openBytes(bytes);
  if (opened.state === 'damaged') return [opened];
  if (opened.state !== 'valid') return [{ offset: 0, reason: opened.state }];
  return runSync(opened.reader.verify(QUIET_STEPS));
}

/** Everything that a cursor shows from where it stands to the end. */
export function collect(cursor: Cursor, move: 'next' | 'previous'): TestEntry[] {
  const entries: TestEntry[] = [];
  for (; cursor.isValid; cursor[move]()) entries.push(current(cursor));
  return entries;
}

export function current(cursor: Cursor): TestEntry {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd, isTombstone } = cursor;
  return {
    key: bytes.slice(keyStart, keyEnd),
    value: isTombstone ? undefined : bytes.slice(valueStart, valueEnd),
    sequence: cursor.sequence(),
  };
}
