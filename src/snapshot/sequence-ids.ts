/**
 * The sequence ids of the entries of one data block, as they stand in a tree of sequence ids. Pure.
 *
 *     key   := u64 big-endian offset of the data block in the file
 *     value := varint smallest id, then for each entry varint (its id - smallest id)
 *     varint: 7 bits a byte, least significant first, the high bit set on all bytes but the last
 */
import { dataViewOf } from '../bytes/bytes.ts';
import { type EntryRange, MalformedError } from './block.ts';

export const SEQUENCE_KEY_SIZE = 8;
/** Of a safe integer. */
const VARINT_SIZE_MAX = 8;

/** A fresh key. */
export function sequenceKey(blockOffset: number): Uint8Array {
  const key = new Uint8Array(SEQUENCE_KEY_SIZE);
  dataViewOf(key).setBigUint64(0, BigInt(blockOffset));
  return key;
}

/** Collects the ids of one block, then of the next, in memory that it keeps. */
export class SequenceIds {
  private ids = new Float64Array(256);
  private bytes = new Uint8Array(1024);
  private size = 0;
  count = 0;

  add(id: number): void {
    if (this.count === this.ids.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.ids);
      this.ids = larger;
    }
    this.ids[this.count++] = id;
  }

  /** The entry for the block at `blockOffset`, valid until the next; forgets the ids. */
  take(blockOffset: number): EntryRange {
    const ids = this.ids.subarray(0, this.count);
    const sizeMax = SEQUENCE_KEY_SIZE + (ids.length + 1) * VARINT_SIZE_MAX;
    if (this.bytes.length < sizeMax) this.bytes = new Uint8Array(sizeMax * 2);
    this.bytes.set(sequenceKey(blockOffset));
    this.size = SEQUENCE_KEY_SIZE;
    const smallest = ids.reduce((least, id) => Math.min(least, id));
    this.writeVarint(smallest);
    for (let i = 0; i < ids.length; i++) this.writeVarint((ids[i] as number) - smallest);
    this.count = 0;
    return {
      bytes: this.bytes,
      keyStart: 0,
      keyEnd: SEQUENCE_KEY_SIZE,
      valueStart: SEQUENCE_KEY_SIZE,
      valueEnd: this.size,
      isTombstone: false,
    };
  }

  private writeVarint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.size++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.size++] = rest;
  }
}

/** The ids in [start, end) of `bytes`: `count` of them. Throws MalformedError. */
export function decodeSequenceIds(
  bytes: Uint8Array,
  range: { readonly start: number; readonly end: number },
  count: number,
): Float64Array {
  // Every id takes a byte, so `count` is believed only as far as there are bytes.
  if (count >= range.end - range.start) throw new MalformedError('fewer sequence ids than entries');
  const ids = new Float64Array(count);
  const reader = { bytes, at: range.start, end: range.end };
  const smallest = readVarint(reader);
  for (let i = 0; i < count; i++) {
    const id = smallest + readVarint(reader);
    if (id > Number.MAX_SAFE_INTEGER) throw new MalformedError('sequence id is too large');
    ids[i] = id;
  }
  if (reader.at !== range.end) throw new MalformedError('more sequence ids than entries');
  return ids;
}

function readVarint(reader: {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
}): number {
  let value = 0;
  let unit = 1;
  for (let size = 1; size <= VARINT_SIZE_MAX; size++, unit *= 0x80) {
    if (reader.at === reader.end) throw new MalformedError('sequence ids end in an id');
    const byte = reader.bytes[reader.at++] as number;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) {
      if (byte === 0 && size > 1) throw new MalformedError('sequence id is not in shortest form');
      return value;
    }
  }
  throw new MalformedError('sequence id is too long');
}
