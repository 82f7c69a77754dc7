/**
 * Whether bytes are a value in CBOR, without making the value: each byte of them may stand for an
 * object that takes sixty bytes and a thousand instructions. What passes here is what
 * cbor-decoder.ts reads, and nothing else.
 */
import { bytesEqual, dataViewOf, toHex, utf8Encode } from '../bytes/bytes.ts';
import { MAJOR, SIMPLE, TAG, TYPED_ARRAYS } from './cbor-format.ts';
import { CborSource, dateOf, malformed } from './cbor-source.ts';
import { isUtf8 } from './utf8-check.ts';

const ELEMENT_SIZES = new Map(
  TYPED_ARRAYS.map(({ tag, type }) => [tag, type.BYTES_PER_ELEMENT] as const),
);
const REFUSED_KEY = utf8Encode('__proto__');
/** Larger bigints are made: hosts differ in how large one can be. */
const BIGINT_SIZE_SURE = 1 << 16;
/** No Set and no Map has more items, so none with more was ever written. */
const MEMBER_COUNT_MAX = 1 << 24;

/** Throws Error unless `bytes` are one value and nothing else. */
export function checkCborValue(bytes: Uint8Array): void {
  if (bytes[0] === SIMPLE.undefined)
    throw malformed('undefined, which means that there is no value');
  const check = new CborCheck(bytes);
  check.value();
  if (!check.isAtEnd) throw malformed('bytes after the value');
}

class CborCheck extends CborSource {
  value(): void {
    const first = this.byte();
    switch (first >> 5) {
      case MAJOR.unsigned:
      case MAJOR.negative:
        this.integer(first);
        return;
      case MAJOR.bytes:
        this.skip(this.argument(first));
        return;
      case MAJOR.text:
        this.text(first);
        return;
      case MAJOR.array:
        this.items(this.enter(first));
        return;
      case MAJOR.map:
        this.record(first);
        return;
      case MAJOR.tag:
        this.tagged(this.argument(first));
        return;
      default:
        this.simple(first);
    }
  }

  /** What was entered, and is left with the last of them. */
  private items(count: number): void {
    for (let i = 0; i < count; i++) this.value();
    this.depth--;
  }

  private record(first: number): void {
    const count = this.enter(first);
    for (let i = 0; i < count; i++) {
      this.key();
      this.value();
    }
    this.depth--;
  }

  private tagged(tag: number): void {
    if (tag === TAG.date) this.date();
    else if (tag === TAG.bigint || tag === TAG.negativeBigint) this.bigint();
    else if (tag === TAG.set) this.items(this.members(MAJOR.array));
    else if (tag === TAG.map) this.items(2 * this.members(MAJOR.map));
    else this.elements(tag);
  }

  private members(major: number): number {
    const count = this.enter(this.byteOf(major));
    if (count > MEMBER_COUNT_MAX) throw malformed('more members than a Set or a Map has');
    return count;
  }

  private date(): void {
    const first = this.byte();
    if (first === SIMPLE.double) dateOf(dataViewOf(this.take(8)).getFloat64(0));
    else if (first >> 5 <= MAJOR.negative) dateOf(this.integer(first));
    else throw malformed('a Date of no number');
  }

  private bigint(): void {
    const size = this.argument(this.byteOf(MAJOR.bytes));
    if (size > BIGINT_SIZE_SURE) BigInt(`0x${toHex(this.take(size))}`);
    else this.skip(size);
  }

  private elements(tag: number): void {
    const elementSize = ELEMENT_SIZES.get(tag);
    if (elementSize === undefined) throw malformed(`tag ${tag} has no meaning here`);
    const size = this.argument(this.byteOf(MAJOR.bytes));
    this.skip(size);
    if (size % elementSize !== 0) throw malformed('half an element');
  }

  private key(): void {
    const size = this.text(this.byteOf(MAJOR.text));
    if (size !== REFUSED_KEY.length) return;
    const key = this.bytes.subarray(this.offset - size, this.offset);
    if (bytesEqual(key, REFUSED_KEY)) throw malformed('a key that could change what an object is');
  }

  /** Its size. */
  private text(first: number): number {
    const size = this.argument(first);
    this.skip(size);
    if (isUtf8(this.bytes, this.offset - size, this.offset)) return size;
    throw malformed('text that is not UTF-8');
  }

  private simple(first: number): void {
    if (first === SIMPLE.double) this.skip(8);
    else if (first < SIMPLE.false || first > SIMPLE.undefined)
      throw malformed(`unknown byte ${first}`);
  }

  /** About what it is: beyond 2^53 its last digits do not matter to a Date. */
  private integer(first: number): number {
    const argument = this.isWide(first) ? Number(this.wide()) : this.argument(first);
    return first >> 5 === MAJOR.negative ? -1 - argument : argument;
  }
}
