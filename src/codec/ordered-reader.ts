/** Reads the key encoding `ordered`. Throws Error on bytes that no key gives, wherever they end. */
import { bytesEqual, utf8Decode } from '../bytes/bytes.ts';
import {
  ESCAPE,
  FALSE,
  NULL,
  type OrderedElement,
  type OrderedKey,
  SEPARATOR,
  TEXT,
  TEXT_UNIT_MIN,
  TRUE,
} from './ordered-format.ts';
import {
  bigintBytes,
  isShortNumberSize,
  NUMBER_KIND_MAX,
  NUMBER_KIND_MIN,
  NUMBER_SIZE,
  readBigint,
  readDouble,
  shortNumber,
  wholeNumber,
} from './ordered-number.ts';
import { readText } from './text.ts';

export function decodeOrderedKey(bytes: Uint8Array): OrderedKey {
  const reader = new OrderedReader(bytes);
  const first = reader.element();
  if (reader.isAtEnd) return first;
  const elements = [first];
  while (!reader.isAtEnd) {
    reader.separator();
    elements.push(reader.element());
  }
  return elements;
}

class OrderedReader {
  private readonly bytes: Uint8Array;
  private offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.offset === this.bytes.length;
  }

  separator(): void {
    if (this.bytes[this.offset++] !== SEPARATOR) throw malformed('no separator after an element');
  }

  element(): OrderedElement {
    const kind = this.bytes[this.offset];
    if (kind === undefined) throw malformed('it ends where an element was expected');
    if (kind >= TEXT) return this.text(kind);
    if (kind >= NUMBER_KIND_MIN && kind <= NUMBER_KIND_MAX) return this.number();
    this.offset++;
    if (kind === NULL) return null;
    if (kind === FALSE) return false;
    if (kind === TRUE) return true;
    throw malformed(`unknown kind ${kind}`);
  }

  private number(): number | bigint {
    const { bytes, offset } = this;
    const whole = bytes.subarray(offset, offset + NUMBER_SIZE);
    this.offset += whole.length;
    if (whole.length < NUMBER_SIZE && !(offset === 0 && isShortNumberSize(whole.length))) {
      throw malformed('it ends inside a number');
    }
    const groupsStart = this.offset;
    while ((bytes[this.offset] ?? SEPARATOR) >= 0x80) this.offset++;
    const stored = bytes.subarray(offset, this.offset);
    if (this.offset > groupsStart) return storedBigint(stored);
    return storedDouble(stored, offset === 0 && this.isAtEnd ? shortNumber : wholeNumber);
  }

  private text(kind: number): string {
    const start = kind === TEXT ? this.offset + 1 : this.offset;
    let end = start;
    let escapeCount = 0;
    for (; end < this.bytes.length && this.bytes[end] !== SEPARATOR; end++) {
      const byte = this.bytes[end] as number;
      if (byte > ESCAPE) continue;
      end++;
      if (byte < ESCAPE || (this.bytes[end] ?? TEXT) > ESCAPE) throw malformed('a stray escape');
      escapeCount++;
    }
    this.offset = end;
    const isMarked = start === end || (this.bytes[start] as number) < TEXT_UNIT_MIN;
    if (isMarked !== (kind === TEXT)) throw malformed('text with the wrong first byte');
    if (escapeCount === 0) return readText(this.bytes, start, end);
    return utf8Decode(withoutEscapes(this.bytes.subarray(start, end), escapeCount));
  }
}

/** Whatever else reads as the number is refused: two keys that read alike could not be told apart. */
function storedDouble(bytes: Uint8Array, encode: (double: number) => Uint8Array): number {
  const double = readDouble(bytes);
  if (Number.isNaN(double) || Object.is(double, -0)) throw malformed('NaN or -0');
  if (!bytesEqual(encode(double), bytes)) throw malformed('other bytes than those of the number');
  return double;
}

function storedBigint(bytes: Uint8Array): bigint {
  const value = readBigint(bytes);
  const own = bigintBytes(value);
  if (own !== undefined && bytesEqual(own, bytes)) return value;
  throw malformed('other bytes than those of the bigint');
}

function withoutEscapes(escaped: Uint8Array, escapeCount: number): Uint8Array {
  const plain = new Uint8Array(escaped.length - escapeCount);
  for (let from = 0, to = 0; to < plain.length; from++, to++) {
    if (escaped[from] === ESCAPE) from++;
    plain[to] = escaped[from] as number;
  }
  return plain;
}

function malformed(reason: string): Error {
  return new Error(`not an ordered key: ${reason}`);
}
