/**
 * Small byte strings, many to one buffer. An array of its own costs V8 several times what is in it;
 * a bulk load would be mostly that.
 *
 * For bytes that nobody outside sees: an array from here shares its buffer with others. A buffer
 * stays in memory as long as any of them, so what lives long has a slab of its own.
 */

const SLAB_SIZE = 64 << 10;
const SIZE_MAX = 4 << 10;

export class Slab {
  private buffer = new Uint8Array(0);
  private used = 0;

  /** So many zeros. */
  take(size: number): Uint8Array {
    if (size > SIZE_MAX) return new Uint8Array(size);
    if (this.used + size > this.buffer.length) {
      this.buffer = new Uint8Array(SLAB_SIZE);
      this.used = 0;
    }
    this.used += size;
    return this.buffer.subarray(this.used - size, this.used);
  }
}

const shortLived = new Slab();

/** A copy that is soon forgotten. */
export function copyToSlab(bytes: Uint8Array): Uint8Array {
  const copy = shortLived.take(bytes.length);
  copy.set(bytes);
  return copy;
}
