// @ts-check
/**
 * Reads the little-endian shapes of the Bitcoin protocol, and never past the end. A length is
 * believed only when as many bytes are left.
 */
import { InputError } from '../input-error.mjs';

export class ByteReader {
  offset = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left() {
    return this.bytes.length - this.offset;
  }

  /** A view, not a copy. @param {number} size @param {string} what for the error */
  take(size, what) {
    return this.bytes.subarray(this.#advance(size, what), this.offset);
  }

  /** @param {string} what */
  byte(what) {
    return this.view.getUint8(this.#advance(1, what));
  }

  /** @param {string} what */
  u32(what) {
    return this.view.getUint32(this.#advance(4, what), true);
  }

  /** @param {string} what */
  u64(what) {
    return this.view.getBigUint64(this.#advance(8, what), true);
  }

  /** Bytes with their count before them. @param {string} what */
  sizedBytes(what) {
    return this.take(this.count(what, 1), what);
  }

  /**
   *     compactSize := u8 below fd | fd u16 | fe u32 | ff u64, in the shortest form
   *
   * @param {string} what is counted
   * @param {number} sizeMin bytes that one of it takes at least
   */
  count(what, sizeMin) {
    const { value, min } = this.#compactSize(what);
    if (value < min) this.fail(`the count of ${what} is not in its shortest form`);
    if (value * BigInt(sizeMin) > BigInt(this.left)) {
      this.fail(`${value} ${what}: more than the ${this.left} bytes that are left`);
    }
    return Number(value);
  }

  /** @param {string} what */
  #compactSize(what) {
    const first = this.byte(what);
    if (first < 0xfd) return { value: BigInt(first), min: 0n };
    if (first === 0xfd) return { value: BigInt(this.#u16(what)), min: 0xfdn };
    if (first === 0xfe) return { value: BigInt(this.u32(what)), min: 1n << 16n };
    return { value: this.u64(what), min: 1n << 32n };
  }

  /** @param {string} what */
  #u16(what) {
    return this.view.getUint16(this.#advance(2, what), true);
  }

  /** @param {string} reason @returns {never} @throws {InputError} */
  fail(reason) {
    throw new InputError(`at byte ${this.offset}: ${reason}`);
  }

  /** @param {number} size @param {string} what */
  #advance(size, what) {
    if (size > this.left) this.fail(`${what} needs ${size} bytes, and ${this.left} are left`);
    const start = this.offset;
    this.offset += size;
    return start;
  }
}
