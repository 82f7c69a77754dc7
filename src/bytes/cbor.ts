/**
 * The part of CBOR (RFC 8949) that our own records use, in its deterministic encoding (4.2.1):
 * shortest integers and lengths, definite lengths, no tags, map keys sorted by their bytes.
 *
 *     value := unsigned | negative | bytes | text | array | map with text keys | false | true | null
 *
 * Any CBOR tool reads what this writes. Decoding refuses what deterministic encoding forbids, so
 * that equal values are equal bytes in both directions. Users' values are codec/'s business.
 */
import { compareBytes, dataViewOf, utf8Decode, utf8Encode } from './bytes.ts';

export type CborValue =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue };

/** Thrown on bytes that are not such a value. Its reader says which file they came from. */
export class CborError extends Error {
  override readonly name = 'CborError';
}

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const DEPTH_MAX = 16;

export class CborWriter {
  #buffer = new Uint8Array(256);
  #view = dataViewOf(this.#buffer);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** What was written so far; valid until the next write. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  /** Forgets what was written, and gives back a buffer that has grown past `sizeMax`. */
  reset(sizeMax: number): void {
    this.#size = 0;
    if (this.#buffer.length <= sizeMax) return;
    this.#buffer = new Uint8Array(256);
    this.#view = dataViewOf(this.#buffer);
  }

  array(count: number): void {
    this.#head(ARRAY, count);
  }

  /** A safe integer. */
  integer(value: number): void {
    if (value >= 0) this.#head(UNSIGNED, value);
    else this.#head(NEGATIVE, -1 - value);
  }

  /** Returns the offset at which `bytes` stands in what is written. */
  byteString(bytes: Uint8Array): number {
    this.#head(BYTES, bytes.length);
    this.#append(bytes);
    return this.#size - bytes.length;
  }

  text(text: string): void {
    const bytes = utf8Encode(text);
    this.#head(TEXT, bytes.length);
    this.#append(bytes);
  }

  value(value: CborValue): void {
    if (typeof value === 'number') this.integer(value);
    else if (typeof value === 'string') this.text(value);
    else if (value === null) this.#byte(NULL);
    else if (typeof value === 'boolean') this.#byte(value ? TRUE : FALSE);
    else if (value instanceof Uint8Array) this.byteString(value);
    else if (Array.isArray(value)) this.#items(value);
    else this.#entries(value as { readonly [key: string]: CborValue });
  }

  #items(values: readonly CborValue[]): void {
    this.array(values.length);
    for (const value of values) this.value(value);
  }

  #entries(map: { readonly [key: string]: CborValue }): void {
    const keys = Object.keys(map).map((text) => ({ text, bytes: encodeCbor(text) }));
    keys.sort((left, right) => compareBytes(left.bytes, right.bytes));
    this.#head(MAP, keys.length);
    for (const key of keys) {
      this.#append(key.bytes);
      this.value(map[key.text] as CborValue);
    }
  }

  #head(major: number, argument: number): void {
    this.#reserve(9);
    const first = major << 5;
    if (argument < 24) {
      this.#buffer[this.#size++] = first | argument;
    } else if (argument < 0x100) {
      this.#buffer[this.#size++] = first | 24;
      this.#buffer[this.#size++] = argument;
    } else if (argument < 0x10000) {
      this.#buffer[this.#size++] = first | 25;
      this.#view.setUint16(this.#size, argument);
      this.#size += 2;
    } else if (argument < 0x100000000) {
      this.#buffer[this.#size++] = first | 26;
      this.#view.setUint32(this.#size, argument);
      this.#size += 4;
    } else {
      this.#buffer[this.#size++] = first | 27;
      this.#view.setBigUint64(this.#size, BigInt(argument));
      this.#size += 8;
    }
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.#size++] = byte;
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  #reserve(size: number): void {
    const needed = this.#size + size;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.bytes());
    this.#buffer = larger;
    this.#view = dataViewOf(larger);
  }
}

/** Reads values one after the other; every length is held against what is there before it is used. */
export class CborReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = dataViewOf(bytes);
  }

  get offset(): number {
    return this.#offset;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.bytes.length;
  }

  /** The number of items that follow. */
  array(): number {
    return this.#count(ARRAY);
  }

  unsigned(): number {
    return this.#argument(UNSIGNED);
  }

  text(): string {
    const { start, end } = this.#span(TEXT);
    try {
      return utf8Decode(this.bytes.subarray(start, end));
    } catch {
      throw new CborError(`text at offset ${start} is not UTF-8`);
    }
  }

  /** Where the bytes of a byte string stand. */
  byteString(): { readonly start: number; readonly end: number } {
    return this.#span(BYTES);
  }

  value(depth = 0): CborValue {
    if (depth > DEPTH_MAX) throw new CborError('nested too deep');
    const first = this.#peek();
    switch (first >> 5) {
      case UNSIGNED:
        return this.unsigned();
      case NEGATIVE:
        return -1 - this.#argument(NEGATIVE);
      case BYTES: {
        const { start, end } = this.byteString();
        return this.bytes.slice(start, end);
      }
      case TEXT:
        return this.text();
      case ARRAY:
        return Array.from({ length: this.array() }, () => this.value(depth + 1));
      case MAP:
        return this.#map(depth);
      default:
        return this.#simple(first);
    }
  }

  #map(depth: number): CborValue {
    const map: { [key: string]: CborValue } = Object.create(null);
    const count = this.#count(MAP);
    let previous: Uint8Array | undefined;
    for (let i = 0; i < count; i++) {
      const start = this.#offset;
      const key = this.text();
      const encoded = this.bytes.subarray(start, this.#offset);
      if (previous !== undefined && compareBytes(previous, encoded) >= 0) {
        throw new CborError(`map keys are not in order at offset ${start}`);
      }
      previous = encoded;
      map[key] = this.value(depth + 1);
    }
    return map;
  }

  #simple(first: number): CborValue {
    this.#offset++;
    if (first === FALSE) return false;
    if (first === TRUE) return true;
    if (first === NULL) return null;
    throw new CborError(`unexpected byte 0x${first.toString(16)} at offset ${this.#offset - 1}`);
  }

  #span(major: number): { readonly start: number; readonly end: number } {
    const size = this.#argument(major);
    const start = this.#offset;
    if (size > this.bytes.length - start)
      throw new CborError(`length at offset ${start} is too large`);
    this.#offset = start + size;
    return { start, end: this.#offset };
  }

  /** Every item takes at least one byte, so a larger count is a lie. */
  #count(major: number): number {
    const count = this.#argument(major);
    if (count > this.bytes.length - this.#offset) throw new CborError('more items than bytes');
    return count;
  }

  #argument(major: number): number {
    const first = this.#peek();
    if (first >> 5 !== major) {
      throw new CborError(`unexpected byte 0x${first.toString(16)} at offset ${this.#offset}`);
    }
    const short = first & 31;
    this.#offset++;
    if (short < 24) return short;
    if (short > 27) throw new CborError('indefinite lengths are not used');
    const size = 1 << (short - 24);
    if (this.bytes.length - this.#offset < size) throw new CborError('ends inside a value');
    const argument = this.#wide(size);
    this.#offset += size;
    const shortest = size === 1 ? 24 : 2 ** (4 * size);
    if (argument < shortest) throw new CborError('not the shortest encoding');
    return argument;
  }

  #wide(size: number): number {
    if (size === 1) return this.bytes[this.#offset] as number;
    if (size === 2) return this.#view.getUint16(this.#offset);
    if (size === 4) return this.#view.getUint32(this.#offset);
    const wide = this.#view.getBigUint64(this.#offset);
    if (wide > BigInt(Number.MAX_SAFE_INTEGER)) throw new CborError('integer is too large');
    return Number(wide);
  }

  #peek(): number {
    const first = this.bytes[this.#offset];
    if (first === undefined) throw new CborError('ends inside a value');
    return first;
  }
}

/** Fresh bytes. */
export function encodeCbor(value: CborValue): Uint8Array {
  const writer = new CborWriter();
  writer.value(value);
  return writer.bytes().slice();
}

/** Throws CborError unless `bytes` are exactly one value. What is returned shares no memory. */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const reader = new CborReader(bytes);
  const value = reader.value();
  if (!reader.isAtEnd) throw new CborError('bytes after the value');
  return value;
}
