/**
 * Reads what cbor-encoder.ts writes. The bytes are not trusted: nothing is reserved for a length
 * before its bytes are seen to be there, nesting is bounded, and nothing but plain values comes
 * out. What comes out shares no memory with the bytes.
 */
import { copyBytes, dataViewOf, toHex } from '../bytes/bytes.ts';
import { copyOut } from '../bytes/pool.ts';
import { MAJOR, SIMPLE, swapElements, TAG, TYPED_ARRAYS } from './cbor-format.ts';
import { CborSource, dateOf, malformed } from './cbor-source.ts';
import { readText } from './text.ts';

const TYPED_ARRAY_OF_TAG = new Map(TYPED_ARRAYS.map(({ tag, type }) => [tag, type]));

/** Throws Error unless `bytes` are one value and nothing else. */
export function decodeCborValue(bytes: Uint8Array): unknown {
  const decoder = new CborDecoder(bytes);
  const value = decoder.value();
  if (!decoder.isAtEnd) throw malformed('bytes after the value');
  if (value === undefined) throw malformed('undefined, which means that there is no value');
  return value;
}

class CborDecoder extends CborSource {
  value(): unknown {
    const first = this.byte();
    switch (first >> 5) {
      case MAJOR.unsigned:
        return this.isWide(first) ? this.wide() : this.argument(first);
      case MAJOR.negative:
        return this.isWide(first) ? -1n - this.wide() : -1 - this.argument(first);
      case MAJOR.bytes:
        return copyOut(this.take(this.argument(first)));
      case MAJOR.text:
        return this.text(first);
      case MAJOR.array:
        return this.array(first);
      case MAJOR.map:
        return this.record(first);
      case MAJOR.tag:
        return this.tagged(this.argument(first));
      default:
        return this.simple(first);
    }
  }

  private array(first: number): unknown[] {
    const count = this.enter(first);
    const items: unknown[] = [];
    for (let i = 0; i < count; i++) items.push(this.value());
    this.depth--;
    return items;
  }

  private record(first: number): { [key: string]: unknown } {
    const count = this.enter(first);
    const record: { [key: string]: unknown } = {};
    for (let i = 0; i < count; i++) {
      const key = this.text(this.byteOf(MAJOR.text));
      if (key === '__proto__') throw malformed('a key that could change what an object is');
      record[key] = this.value();
    }
    this.depth--;
    return record;
  }

  private tagged(tag: number): unknown {
    if (tag === TAG.date) return this.date();
    if (tag === TAG.bigint) return this.bigint();
    if (tag === TAG.negativeBigint) return -1n - this.bigint();
    if (tag === TAG.set) return new Set(this.array(this.byteOf(MAJOR.array)));
    if (tag === TAG.map) return this.map();
    return this.elements(tag);
  }

  private map(): Map<unknown, unknown> {
    const count = this.enter(this.byteOf(MAJOR.map));
    const map = new Map<unknown, unknown>();
    for (let i = 0; i < count; i++) map.set(this.value(), this.value());
    this.depth--;
    return map;
  }

  private date(): Date {
    const first = this.bytes[this.offset] ?? 0;
    // What else there is may turn into a number, too: texts, and arrays of them.
    if (first >> 5 > MAJOR.negative && first !== SIMPLE.double)
      throw malformed('a Date of no number');
    return dateOf(Number(this.value()));
  }

  private bigint(): bigint {
    const digits = toHex(this.take(this.argument(this.byteOf(MAJOR.bytes))));
    return BigInt(`0x0${digits}`);
  }

  private elements(tag: number): unknown {
    const TypedArray = TYPED_ARRAY_OF_TAG.get(tag);
    if (TypedArray === undefined) throw malformed(`tag ${tag} has no meaning here`);
    const bytes = copyBytes(this.take(this.argument(this.byteOf(MAJOR.bytes))));
    if (bytes.length % TypedArray.BYTES_PER_ELEMENT !== 0) throw malformed('half an element');
    swapElements(bytes, TypedArray.BYTES_PER_ELEMENT);
    return new TypedArray(bytes.buffer as ArrayBuffer);
  }

  private text(first: number): string {
    const size = this.argument(first);
    const start = this.offset;
    this.skip(size);
    return readText(this.bytes, start, start + size);
  }

  private simple(first: number): unknown {
    if (first === SIMPLE.double) return dataViewOf(this.take(8)).getFloat64(0);
    if (first === SIMPLE.null) return null;
    if (first === SIMPLE.true) return true;
    if (first === SIMPLE.false) return false;
    if (first === SIMPLE.undefined) return undefined;
    throw malformed(`unknown byte ${first}`);
  }
}
