/**
 * A block: the unit of a snapshot that is read, verified and cached. Pure.
 *
 *     block    := head · entry* · start* · filter · checksum
 *     head     := u32 size of the entries, u8 level, u8 start width, u16 filter units, u32 count
 *     entry    := varint (key size · 2 + tombstone), key, value
 *     start    := u16 (u32 when the entries take 65,536 bytes or more): start of the entry in them
 *     filter   := filter units of 32 bytes, in pages of level 1 of a tree with filters (filter.ts)
 *     checksum := the first 16 bytes of the block's hash
 *     hash     := BLAKE3 (u64 offset of the block in the file · block without its checksum)
 *
 * All integers are little-endian. Level 0 holds a map's entries; a page of level n + 1 points at
 * blocks of level n, and the value of its entries is
 *
 *     pointer  := u48 offset, u32 length, u32 count of entries below, 32 bytes hash of the block
 *
 * under the shortest key that separates the block from the one before it.
 *
 * A Block is only made from bytes that hold all of this, so nothing that uses one checks again.
 */

import { dataViewOf } from '../bytes/bytes.ts';
import { checksum } from '../bytes/checksum.ts';
import { KeyMarks } from './key-marks.ts';

export const HEAD_SIZE = 12;
export const CHECK_SIZE = 16;
export const HASH_SIZE = 32;
export const POINTER_SIZE = 46;
export const FILTER_UNIT_SIZE = 32;
export const FILTER_UNITS_MAX = 0xffff;
const WIDE_ENTRIES_SIZE = 0x10000;
/** The offset that a block's hash covers stands before the block wherever one is in memory. */
export const OFFSET_SIZE = 8;
export const BLOCK_SIZE_MIN = HEAD_SIZE + 1 + 2 + CHECK_SIZE;
/** Room for the largest value with its key; larger lengths on disk are not believed. */
export const BLOCK_SIZE_MAX = 64 << 20;
/** With at least 16 children to a page, 8 levels of pages are more than any file can fill. */
export const LEVEL_MAX = 8;
/** A key's size and the tombstone mark take at most three bytes: keys are below 1 MiB. */
const ENTRY_HEAD_SIZE_MAX = 3;
const MULTIPLE = 2 ** 32;
/** What a block takes besides its bytes, about: its objects and its place in the cache. */
const OBJECTS_SIZE = 512;
const NO_HOLDERS: BlockHolder[] = [];

/** Where the cache keeps a block; empty once it has given the block up. */
export interface BlockHolder {
  block: Block | undefined;
  /** Read again since the cache looked last. */
  isRecent: boolean;
}

/** An entry by its place in `bytes`; a Cursor is one. */
export interface EntryRange {
  readonly bytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly isTombstone: boolean;
}

/** Where a block is and what it must be. */
export interface BlockPointer {
  readonly offset: number;
  readonly length: number;
  /** Entries of the tree in and below the block. */
  readonly count: number;
  readonly hash: Uint8Array;
}

/** Thrown on bytes that are not what they should be. Its reader says where they came from. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/** `sealed` is u64 offset · block without checksum. */
export function hashBlock(sealed: Uint8Array): Uint8Array {
  return checksum([sealed]);
}

export class Block {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly level: number;
  readonly count: number;
  readonly entriesEnd: number;
  readonly filterUnits: number;
  /** Of a page: where the cache keeps its children, as far as it does. */
  readonly holders: (BlockHolder | undefined)[];
  private readonly view: DataView;
  private readonly startWidth: number;
  private marks: KeyMarks | undefined;
  private isSearched = false;

  /** Throws MalformedError. Does not look at the checksum: its reader has. */
  constructor(bytes: Uint8Array, offset: number) {
    if (bytes.length < BLOCK_SIZE_MIN) throw new MalformedError('block is too short');
    this.bytes = bytes;
    this.offset = offset;
    this.view = dataViewOf(bytes);
    const head = readHead(this.view);
    this.level = head.level;
    this.count = head.count;
    this.startWidth = head.startWidth;
    this.filterUnits = head.filterUnits;
    this.entriesEnd = HEAD_SIZE + head.entriesSize;
    if (head.length !== bytes.length) throw new MalformedError('block lengths do not add up');
    this.checkEntries();
    this.holders = this.level === 0 ? NO_HOLDERS : new Array(this.count).fill(undefined);
  }

  /** What the block takes in memory, about. */
  get memorySize(): number {
    return this.bytes.length + OBJECTS_SIZE + this.count * (this.level === 0 ? 4 : 12);
  }

  /** Where entry `index` begins in `bytes`. */
  start(index: number): number {
    const at = this.entriesEnd + index * this.startWidth;
    return (
      HEAD_SIZE +
      (this.startWidth === 2 ? this.view.getUint16(at, true) : this.view.getUint32(at, true))
    );
  }

  end(index: number): number {
    return index + 1 < this.count ? this.start(index + 1) : this.entriesEnd;
  }

  keyStart(index: number): number {
    const start = this.start(index);
    return start + entryHeadSize(this.bytes, start);
  }

  keyEnd(index: number): number {
    return this.valueStart(index);
  }

  valueStart(index: number): number {
    const start = this.start(index);
    return start + entryHeadSize(this.bytes, start) + (entryHead(this.bytes, start) >>> 1);
  }

  isTombstone(index: number): boolean {
    return ((this.bytes[this.start(index)] as number) & 1) === 1;
  }

  get filterStart(): number {
    return this.entriesEnd + this.count * this.startWidth;
  }

  get filterSize(): number {
    return this.filterUnits * FILTER_UNIT_SIZE;
  }

  /** Shares this block's memory. */
  key(index: number): Uint8Array {
    return this.bytes.subarray(this.keyStart(index), this.keyEnd(index));
  }

  /** The index of `key`, or the complement (~) of the index where it would stand. */
  search(key: Uint8Array): number {
    if (this.marks !== undefined) return this.marks.search(key);
    if (this.isSearched || this.level > 0) this.marks = new KeyMarks(this);
    this.isSearched = true;
    return this.marks?.search(key) ?? this.searchEntries(key);
  }

  /** Marks cost more to make than a search saves: a block that is searched once needs none. */
  private searchEntries(key: Uint8Array): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.compare(key, middle);
      if (order === 0) return middle;
      if (order > 0) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }

  /** Of a page: the index of the child that would hold `key`. */
  childIndex(key: Uint8Array): number {
    const found = this.search(key);
    if (found >= 0) return found;
    // Only a crafted page begins above the key that led here.
    return Math.max(~found - 1, 0);
  }

  /** Of a page: where child `index` stands in the file. */
  childOffset(index: number): number {
    const at = this.end(index) - POINTER_SIZE;
    return this.view.getUint32(at, true) + this.view.getUint16(at + 4, true) * MULTIPLE;
  }

  /** Of a page: the entries in and below child `index`. */
  childCount(index: number): number {
    return this.view.getUint32(this.end(index) - POINTER_SIZE + 10, true);
  }

  /** Of a page. The hash shares this block's memory. */
  child(index: number): BlockPointer {
    const end = this.end(index);
    return {
      offset: this.childOffset(index),
      length: this.view.getUint32(end - POINTER_SIZE + 6, true),
      count: this.childCount(index),
      hash: this.bytes.subarray(end - HASH_SIZE, end),
    };
  }

  compare(key: Uint8Array, index: number): number {
    const bytes = this.bytes;
    const keyStart = this.keyStart(index);
    const size = this.keyEnd(index) - keyStart;
    const shared = key.length < size ? key.length : size;
    for (let i = 0, at = keyStart; i < shared; i++, at++) {
      const difference = (key[i] as number) - (bytes[at] as number);
      if (difference !== 0) return difference;
    }
    return key.length - size;
  }

  private checkEntries(): void {
    if (this.start(0) !== HEAD_SIZE) throw new MalformedError('first entry does not come first');
    for (let i = 0; i < this.count; i++) {
      const end = this.end(i);
      if (end > this.entriesEnd || end <= this.start(i)) {
        throw new MalformedError(`entry ${i} does not end after its start`);
      }
      this.checkEntry(i);
      if (i > 0 && !this.isAscending(i)) {
        throw new MalformedError(`keys are not in order at entry ${i}`);
      }
    }
  }

  /** Entry `index` has a greater key than the one before it. */
  private isAscending(index: number): boolean {
    const { bytes } = this;
    const end = this.keyEnd(index);
    const previousEnd = this.keyEnd(index - 1);
    let at = this.keyStart(index);
    let previous = this.keyStart(index - 1);
    while (previous < previousEnd && at < end) {
      const difference = (bytes[at++] as number) - (bytes[previous++] as number);
      if (difference !== 0) return difference > 0;
    }
    return previous === previousEnd && at < end;
  }

  private checkEntry(index: number): void {
    const start = this.start(index);
    const end = this.end(index);
    const headSize = entryHeadSize(this.bytes, start);
    if (start + headSize > end) throw new MalformedError(`entry ${index} ends in its head`);
    if (
      headSize > ENTRY_HEAD_SIZE_MAX ||
      (headSize > 1 && this.bytes[start + headSize - 1] === 0)
    ) {
      throw new MalformedError(`key size of entry ${index} is malformed`);
    }
    const head = entryHead(this.bytes, start);
    const valueSize = end - start - headSize - (head >>> 1);
    if (valueSize < 0) throw new MalformedError(`key of entry ${index} passes its end`);
    const isTombstone = (head & 1) === 1;
    if (isTombstone && (valueSize > 0 || this.level > 0)) {
      throw new MalformedError(`entry ${index} is a tombstone with a value`);
    }
    if (this.level > 0 && valueSize !== POINTER_SIZE) {
      throw new MalformedError(`entry ${index} of a page is not a pointer`);
    }
  }
}

export interface BlockHead {
  readonly entriesSize: number;
  readonly level: number;
  readonly startWidth: number;
  readonly filterUnits: number;
  readonly count: number;
  /** Of the whole block. */
  readonly length: number;
}

/** Throws MalformedError on a head that no block of this format has. */
export function readHead(view: DataView): BlockHead {
  const entriesSize = view.getUint32(0, true);
  const level = view.getUint8(4);
  const startWidth = view.getUint8(5);
  const filterUnits = view.getUint16(6, true);
  const count = view.getUint32(8, true);
  const length =
    HEAD_SIZE + entriesSize + count * startWidth + filterUnits * FILTER_UNIT_SIZE + CHECK_SIZE;
  if (count === 0) throw new MalformedError('block is empty');
  if (level > LEVEL_MAX) throw new MalformedError(`level ${level} is above ${LEVEL_MAX}`);
  if (startWidth !== startWidthOf(entriesSize)) throw new MalformedError('start width is wrong');
  if (filterUnits > 0 && level !== 1) throw new MalformedError('filter outside of level 1');
  if (length > BLOCK_SIZE_MAX) throw new MalformedError(`block of ${length} bytes is too large`);
  return { entriesSize, level, startWidth, filterUnits, count, length };
}

export function startWidthOf(entriesSize: number): 2 | 4 {
  return entriesSize < WIDE_ENTRIES_SIZE ? 2 : 4;
}

/** Key size · 2 + tombstone. */
export function entryHead(bytes: Uint8Array, start: number): number {
  const first = bytes[start] as number;
  if (first < 0x80) return first;
  const second = bytes[start + 1] as number;
  if (second < 0x80) return (first & 0x7f) | (second << 7);
  return (first & 0x7f) | ((second & 0x7f) << 7) | ((bytes[start + 2] as number) << 14);
}

/** Above ENTRY_HEAD_SIZE_MAX when the head does not end in time. */
export function entryHeadSize(bytes: Uint8Array, start: number): number {
  if ((bytes[start] as number) < 0x80) return 1;
  if ((bytes[start + 1] as number) < 0x80) return 2;
  return (bytes[start + 2] as number) < 0x80 ? 3 : 4;
}
