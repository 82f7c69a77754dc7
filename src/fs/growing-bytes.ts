/**
 * The content of a file that is kept in memory: bytes that grow at their end and can be cut there.
 *
 * Copies are lazy: `fork` shares the buffer, and whichever side writes first takes its own.
 */
import { assert } from '../assert.ts';

const CAPACITY_MIN = 512;

export class GrowingBytes {
  #buffer: Uint8Array;
  #size: number;
  /** Another GrowingBytes reads the same buffer: copy before writing. */
  #isShared = false;

  /** Takes `bytes` over; the caller must not write to them any more. */
  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#buffer = bytes;
    this.#size = bytes.length;
  }

  get size(): number {
    return this.#size;
  }

  /** The bytes themselves, valid until the next change. */
  view(start = 0, end = this.#size): Uint8Array {
    return this.#buffer.subarray(start, Math.min(end, this.#size));
  }

  read(target: Uint8Array, offset: number): number {
    const part = this.view(offset, offset + target.length);
    target.set(part);
    return part.length;
  }

  write(source: Uint8Array, offset: number): void {
    assert(offset <= this.#size, 'a write leaves no hole before it');
    const end = offset + source.length;
    this.#reserve(end);
    this.#buffer.set(source, offset);
    this.#size = Math.max(this.#size, end);
  }

  /** Cuts the end. */
  truncate(size: number): void {
    assert(size <= this.#size, 'a cut does not grow');
    this.#size = size;
  }

  /** Grows the end with zeros. */
  extend(size: number): void {
    assert(size >= this.#size, 'an extension does not cut');
    this.#reserve(size);
    this.#buffer.fill(0, this.#size, size);
    this.#size = size;
  }

  fork(): GrowingBytes {
    this.#isShared = true;
    const copy = new GrowingBytes(this.#buffer);
    copy.#size = this.#size;
    copy.#isShared = true;
    return copy;
  }

  /** Makes the buffer our own and large enough. */
  #reserve(size: number): void {
    const isLarge = size <= this.#buffer.length;
    if (isLarge && !this.#isShared) return;
    const capacity = isLarge ? size : Math.max(size, this.#buffer.length * 2, CAPACITY_MIN);
    const buffer = new Uint8Array(Math.max(capacity, this.#size));
    buffer.set(this.view());
    this.#buffer = buffer;
    this.#isShared = false;
  }
}
