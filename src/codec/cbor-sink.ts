/** Appends the parts that values are made of; see cbor-format.ts. */
import { fromHex, utf8Encode } from '../bytes/bytes.ts';
import { ByteSink } from './byte-sink.ts';
import { ARGUMENT, MAJOR, SIMPLE, TAG } from './cbor-format.ts';
import { isWellFormed } from './text.ts';

const INTEGER_LIMIT = 2 ** 32;
const BIGINT_LIMIT = 2n ** 64n;

export class CborSink extends ByteSink {
  /** `argument` is an integer below 2 ** 32. */
  head(major: number, argument: number): void {
    this.reserve(5);
    const first = major << 5;
    if (argument < ARGUMENT.one) {
      this.bytes[this.size++] = first | argument;
    } else if (argument < 0x100) {
      this.bytes[this.size++] = first | ARGUMENT.one;
      this.bytes[this.size++] = argument;
    } else if (argument < 0x10000) {
      this.bytes[this.size++] = first | ARGUMENT.two;
      this.view.setUint16(this.size, argument);
      this.size += 2;
    } else {
      this.bytes[this.size++] = first | ARGUMENT.four;
      this.view.setUint32(this.size, argument);
      this.size += 4;
    }
  }

  number(value: number): void {
    const isInteger = Number.isInteger(value) && value < INTEGER_LIMIT && value >= -INTEGER_LIMIT;
    if (!isInteger || Object.is(value, -0)) this.double(value);
    else if (value >= 0) this.head(MAJOR.unsigned, value);
    else this.head(MAJOR.negative, -1 - value);
  }

  bigint(value: bigint): void {
    const argument = value < 0n ? -1n - value : value;
    if (argument < BIGINT_LIMIT) {
      this.wide(value < 0n ? MAJOR.negative : MAJOR.unsigned, argument);
    } else {
      this.head(MAJOR.tag, value < 0n ? TAG.negativeBigint : TAG.bigint);
      this.byteString(bytesOfBigint(argument));
    }
  }

  byteString(bytes: Uint8Array): void {
    this.head(MAJOR.bytes, bytes.length);
    this.append(bytes);
  }

  /** False, with nothing appended, when UTF-8 has no bytes for `text`. */
  text(text: string): boolean {
    const start = this.size;
    this.head(MAJOR.text, text.length);
    if (this.appendAscii(text)) return true;
    this.size = start;
    if (!isWellFormed(text)) return false;
    const bytes = utf8Encode(text);
    this.head(MAJOR.text, bytes.length);
    this.append(bytes);
    return true;
  }

  private wide(major: number, argument: bigint): void {
    this.reserve(9);
    this.bytes[this.size] = (major << 5) | ARGUMENT.eight;
    this.view.setBigUint64(this.size + 1, argument);
    this.size += 9;
  }

  private double(value: number): void {
    this.reserve(9);
    this.bytes[this.size] = SIMPLE.double;
    this.view.setFloat64(this.size + 1, value);
    this.size += 9;
  }
}

/** Big-endian, without leading zeros. */
function bytesOfBigint(value: bigint): Uint8Array {
  const digits = value.toString(16);
  return fromHex(digits.padStart(digits.length + (digits.length % 2), '0')) as Uint8Array;
}
