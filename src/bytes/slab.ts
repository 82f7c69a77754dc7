/**
 * Short-lived copies of small byte strings, many to one buffer. An array of its own costs V8 several
 * times what is in it; a bulk load would be mostly that.
 *
 * For bytes that nobody outside sees: an array from here shares its buffer with others.
 */
import { copyBytes } from './bytes.ts';

const SLAB_SIZE = 64 << 10;
const COPY_SIZE_MAX = 4 << 10;

let slab = new Uint8Array(SLAB_SIZE);
let used = 0;

export function copyToSlab(bytes: Uint8Array): Uint8Array {
  const size = bytes.length;
  if (size > COPY_SIZE_MAX) return copyBytes(bytes);
  if (used + size > SLAB_SIZE) {
    slab = new Uint8Array(SLAB_SIZE);
    used = 0;
  }
  const copy = slab.subarray(used, used + size);
  copy.set(bytes);
  used += size;
  return copy;
}
