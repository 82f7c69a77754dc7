/**
 * What holds for every file that opens as a snapshot: reads fail with CORRUPT or not at all, and
 * they end; where verify finds nothing, all ways of reading agree.
 */
import { compareBytes, toHex } from '../../src/bytes/bytes.ts';
import type { Cursor } from '../../src/bytes/cursor.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { File } from '../../src/fs/file-system.ts';
import { runSync } from '../../src/fs/task.ts';
import { BlockCache } from '../../src/snapshot/block-cache.ts';
import { SnapshotReader } from '../../src/snapshot/snapshot-reader.ts';
import type { SnapshotSteps } from '../../src/snapshot/steps.ts';
import { codeOf, FaultError, requireSame } from './errors.ts';
import { memoryOf } from './opening.ts';

const READ_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['CORRUPT']);
const STEPS: SnapshotSteps = { pause() {}, check() {}, onProgress() {} };
const CACHE_SIZE = 1 << 16;

export function examineSnapshot(bytes: Uint8Array): void {
  const file = memoryOf([{ name: 'snapshot', bytes }]).open('snapshot', 'read') as File;
  const opened = SnapshotReader.open(file, 'snapshot', new BlockCache(CACHE_SIZE));
  if (opened.state !== 'valid') return;
  const { reader } = opened;
  const damage = runSync(reader.verify(STEPS));
  const isSound = damage.length === 0;
  for (const { id, count } of reader.footer.maps) {
    const map = new MapReading(reader, id, bytes.length);
    if (isSound) map.readAll(reader.footer.kind === 'full' ? count : undefined);
    else map.readWhatCanBe();
  }
  reader.close();
}

interface FoundEntry {
  readonly key: Uint8Array;
  readonly text: string;
}

class MapReading {
  readonly #reader: SnapshotReader;
  readonly #id: number;
  /** An entry takes a byte at least. */
  readonly #countMax: number;

  constructor(reader: SnapshotReader, id: number, countMax: number) {
    this.#reader = reader;
    this.#id = id;
    this.#countMax = countMax;
  }

  readAll(count: number | undefined): void {
    const forward = this.#forward();
    if (count !== undefined) requireSame(forward.length, count, 'entries of a full snapshot');
    requireSame(texts(this.#backward().reverse()), texts(forward), 'entries from the end');
    requireSame(texts(this.#passing()), texts(forward), 'entries past the cache');
    for (const [i, { key }] of forward.entries()) {
      const before = forward[i - 1];
      if (before !== undefined && compareBytes(before.key, key) >= 0) {
        throw new FaultError('keys do not ascend');
      }
      if (this.#reader.get(this.#id, key) === undefined) throw new FaultError('a key is not found');
      const sequence = this.#reader.sequenceOf(this.#id, key) ?? Number.POSITIVE_INFINITY;
      if (sequence > this.#reader.footer.sequence) throw new FaultError('a commit that is not in');
    }
  }

  readWhatCanBe(): void {
    const found = attempt(() => this.#forward()) ?? [];
    attempt(() => this.#backward());
    attempt(() => this.#passing());
    const keys = [...found.map(({ key }) => key), new Uint8Array(0), Uint8Array.of(107)];
    for (const key of keys) {
      attempt(() => this.#reader.get(this.#id, key));
      attempt(() => this.#reader.sequenceOf(this.#id, key));
      attempt(() => this.#reader.cursor(this.#id)?.seek(key));
      attempt(() => this.#reader.cursor(this.#id)?.seekBelow(key));
    }
  }

  #forward(): FoundEntry[] {
    const cursor = this.#reader.cursor(this.#id);
    cursor?.toFirst();
    return this.#collect(cursor, 'next');
  }

  #backward(): FoundEntry[] {
    const cursor = this.#reader.cursor(this.#id);
    cursor?.toLast();
    return this.#collect(cursor, 'previous');
  }

  #passing(): FoundEntry[] {
    const cursor = this.#reader.passingCursor(this.#id);
    cursor?.toFirst();
    return this.#collect(cursor, 'next');
  }

  #collect(cursor: Cursor | undefined, move: 'next' | 'previous'): FoundEntry[] {
    const found: FoundEntry[] = [];
    if (cursor === undefined) return found;
    for (; cursor.isValid; cursor[move]()) {
      if (found.length > this.#countMax) throw new FaultError('more entries than bytes');
      const { bytes, keyStart, keyEnd, valueStart, valueEnd, isTombstone } = cursor;
      const value = isTombstone ? 'none' : toHex(bytes.subarray(valueStart, valueEnd));
      const key = bytes.slice(keyStart, keyEnd);
      found.push({ key, text: `${toHex(key)}=${value}@${cursor.sequence()}` });
    }
    return found;
  }
}

function texts(entries: readonly FoundEntry[]): string[] {
  return entries.map(({ text }) => text);
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    codeOf(error, READ_CODES);
    return undefined;
  }
}
