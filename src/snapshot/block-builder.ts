/** Builds one block after the other in memory that it keeps (grammar: block.ts). Pure. */
import { assert } from '../assert.ts';
import { dataViewOf, EMPTY_BYTES } from '../bytes/bytes.ts';
import {
  BLOCK_SIZE_MAX,
  type BlockPointer,
  CHECK_SIZE,
  type EntryRange,
  entryHead,
  entryHeadSize,
  FILTER_UNIT_SIZE,
  HASH_SIZE,
  HEAD_SIZE,
  hashBlock,
  OFFSET_SIZE,
  POINTER_SIZE,
  startWidthOf,
} from './block.ts';

const ENTRIES_START = OFFSET_SIZE + HEAD_SIZE;
/** Memory above this is given back after the block that needed it. */
const BUFFER_SIZE_KEPT = 256 << 10;
/** Up to here a loop copies faster than a call that needs a view. */
const LOOP_COPY_SIZE_MAX = 48;
/** What a head of three bytes can say. */
const KEY_SIZE_MAX = (1 << 20) - 1;
const MULTIPLE = 2 ** 32;

export class BlockBuilder {
  private buffer = new Uint8Array(8192);
  private view = dataViewOf(this.buffer);
  private size = ENTRIES_START;
  private starts = new Uint32Array(128);
  private lastKeyStart = ENTRIES_START;
  private lastKeyEnd = ENTRIES_START;
  /** Entries in the open block. */
  count = 0;

  get entriesSize(): number {
    return this.size - ENTRIES_START;
  }

  /** What the entry adds to the size of the entries. */
  static entrySize(entry: EntryRange): number {
    const keySize = entry.keyEnd - entry.keyStart;
    return headSize(keySize) + keySize + valueSizeOf(entry);
  }

  add(entry: EntryRange): void {
    const keySize = entry.keyEnd - entry.keyStart;
    const valueSize = valueSizeOf(entry);
    assert(keySize <= KEY_SIZE_MAX, 'a key stays below the limit of the format');
    this.reserve(3 + keySize + valueSize);
    if (this.count === this.starts.length) this.growStarts();
    this.starts[this.count] = this.size - ENTRIES_START;
    this.writeHead(keySize * 2 + (entry.isTombstone ? 1 : 0));
    const keyStart = this.size;
    this.append(entry.bytes, entry.keyStart, entry.keyEnd);
    assert(
      this.count === 0 || this.isAboveLast(keyStart),
      'entries come in the order of their keys',
    );
    this.lastKeyStart = keyStart;
    this.lastKeyEnd = this.size;
    if (valueSize > 0) this.append(entry.bytes, entry.valueStart, entry.valueEnd);
    this.count++;
  }

  /** A copy. */
  firstKey(): Uint8Array {
    const start = ENTRIES_START + entryHeadSize(this.buffer, ENTRIES_START);
    return this.buffer.slice(start, start + (entryHead(this.buffer, ENTRIES_START) >>> 1));
  }

  /** A copy. */
  lastKey(): Uint8Array {
    return this.buffer.slice(this.lastKeyStart, this.lastKeyEnd);
  }

  /** The finished block; its bytes are valid until `clear`. */
  seal(place: BlockPlace, filter: Uint8Array = EMPTY_BYTES): SealedBlock {
    const entriesSize = this.entriesSize;
    const width = startWidthOf(entriesSize);
    this.reserve(this.count * width + filter.length + CHECK_SIZE);
    const { buffer, view } = this;
    view.setBigUint64(0, BigInt(place.offset), true);
    view.setUint32(OFFSET_SIZE, entriesSize, true);
    view.setUint8(OFFSET_SIZE + 4, place.level);
    view.setUint8(OFFSET_SIZE + 5, width);
    view.setUint16(OFFSET_SIZE + 6, filter.length / FILTER_UNIT_SIZE, true);
    view.setUint32(OFFSET_SIZE + 8, this.count, true);
    let end = this.writeStarts(width);
    buffer.set(filter, end);
    end += filter.length;
    const hash = hashBlock(buffer.subarray(0, end));
    buffer.set(hash.subarray(0, CHECK_SIZE), end);
    const bytes = buffer.subarray(OFFSET_SIZE, end + CHECK_SIZE);
    assert(bytes.length <= BLOCK_SIZE_MAX, 'a block stays below the limit of the format');
    return { bytes, hash };
  }

  clear(): void {
    this.count = 0;
    this.size = ENTRIES_START;
    if (this.buffer.length > BUFFER_SIZE_KEPT) this.replaceBuffer(BUFFER_SIZE_KEPT);
  }

  private isAboveLast(keyStart: number): boolean {
    const buffer = this.buffer;
    let last = this.lastKeyStart;
    for (let at = keyStart; at < this.size && last < this.lastKeyEnd; at++, last++) {
      const difference = (buffer[at] as number) - (buffer[last] as number);
      if (difference !== 0) return difference > 0;
    }
    return this.size - keyStart > this.lastKeyEnd - this.lastKeyStart;
  }

  private writeHead(head: number): void {
    let rest = head;
    while (rest >= 0x80) {
      this.buffer[this.size++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.size++] = rest;
  }

  private writeStarts(width: number): number {
    let at = this.size;
    for (let i = 0; i < this.count; i++, at += width) {
      if (width === 2) this.view.setUint16(at, this.starts[i] as number, true);
      else this.view.setUint32(at, this.starts[i] as number, true);
    }
    return at;
  }

  private append(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    if (size > LOOP_COPY_SIZE_MAX) {
      this.buffer.set(bytes.subarray(start, end), this.size);
    } else {
      const buffer = this.buffer;
      for (let from = start, to = this.size; from < end; from++, to++)
        buffer[to] = bytes[from] as number;
    }
    this.size += size;
  }

  private reserve(size: number): void {
    const needed = this.size + size;
    if (needed > this.buffer.length) this.replaceBuffer(Math.max(needed, this.buffer.length * 2));
  }

  private replaceBuffer(length: number): void {
    const replacement = new Uint8Array(length);
    replacement.set(this.buffer.subarray(0, this.size));
    this.buffer = replacement;
    this.view = dataViewOf(replacement);
  }

  private growStarts(): void {
    const larger = new Uint32Array(this.starts.length * 2);
    larger.set(this.starts);
    this.starts = larger;
  }
}

export interface BlockPlace {
  readonly offset: number;
  readonly level: number;
}

export interface SealedBlock {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

/** The entry that a page holds for a child. */
export function pointerEntry(separator: Uint8Array, child: BlockPointer): EntryRange {
  const bytes = new Uint8Array(separator.length + POINTER_SIZE);
  bytes.set(separator);
  const view = dataViewOf(bytes);
  const at = separator.length;
  view.setUint32(at, child.offset % MULTIPLE, true);
  view.setUint16(at + 4, Math.floor(child.offset / MULTIPLE), true);
  view.setUint32(at + 6, child.length, true);
  view.setUint32(at + 10, child.count, true);
  bytes.set(child.hash, bytes.length - HASH_SIZE);
  return {
    bytes,
    keyStart: 0,
    keyEnd: at,
    valueStart: at,
    valueEnd: bytes.length,
    isTombstone: false,
  };
}

/** The size of the entry that `pointerEntry` makes. */
export function pointerEntrySize(separator: Uint8Array): number {
  return headSize(separator.length) + separator.length + POINTER_SIZE;
}

/** The shortest key that is above `below` and not above `key`: a prefix of `key`. */
export function shortestSeparator(below: Uint8Array | undefined, key: Uint8Array): Uint8Array {
  if (below === undefined) return EMPTY_BYTES;
  let shared = 0;
  while (shared < below.length && shared < key.length && below[shared] === key[shared]) shared++;
  const isAbove =
    shared < key.length &&
    (shared === below.length || (key[shared] as number) > (below[shared] as number));
  assert(isAbove, 'blocks come in the order of their keys');
  return key.subarray(0, shared + 1);
}

function valueSizeOf(entry: EntryRange): number {
  return entry.isTombstone ? 0 : entry.valueEnd - entry.valueStart;
}

function headSize(keySize: number): number {
  if (keySize < 1 << 6) return 1;
  return keySize < 1 << 13 ? 2 : 3;
}
