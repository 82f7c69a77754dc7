/**
 * Copies of small byte strings for those who ask for them, many to one buffer, as `Buffer.from` of
 * Node makes them. V8 keeps an array of more than 64 bytes outside of its heap, which costs many
 * times what is in it: reading values of 100 bytes would be mostly that.
 *
 * Whoever transfers the buffer of one to another thread would take the others with it, so this is
 * done only where the host can be told to copy such a buffer instead. Elsewhere each has its own.
 */
import { copyBytes } from './bytes.ts';

const POOL_SIZE = 8 << 10;
/** Up to here an array stands in the heap of V8. */
const OWN_SIZE_MAX = 64;
const POOLED_SIZE_MAX = 1 << 10;

let keepInPlace: ((buffer: ArrayBuffer) => void) | undefined;
let pool: Uint8Array | undefined;
let used = 0;

/** `keep` makes a buffer one that is never transferred. Called once, when the host is known. */
export function poolCopies(keep: (buffer: ArrayBuffer) => void): void {
  keepInPlace = keep;
}

/** A copy that is the caller's to change. Its buffer may hold others that were given out. */
export function copyOut(bytes: Uint8Array): Uint8Array {
  const size = bytes.length;
  if (keepInPlace === undefined || size <= OWN_SIZE_MAX || size > POOLED_SIZE_MAX) {
    return copyBytes(bytes);
  }
  if (pool === undefined || used + size > POOL_SIZE) pool = openPool(keepInPlace);
  const copy = pool.subarray(used, used + size);
  copy.set(bytes);
  used += size;
  return copy;
}

function openPool(keep: (buffer: ArrayBuffer) => void): Uint8Array {
  const buffer = new ArrayBuffer(POOL_SIZE);
  keep(buffer);
  used = 0;
  return new Uint8Array(buffer);
}
