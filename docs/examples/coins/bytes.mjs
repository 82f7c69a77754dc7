// @ts-check
/**
 * Keys are joined from parts of fixed size, heights with their highest byte first, so that they sort
 * as numbers do.
 */
import { createHash } from 'node:crypto';

const HEIGHT_SIZE = 8;

/** @param {...Uint8Array} parts @returns {Uint8Array} */
export function joined(...parts) {
  return new Uint8Array(Buffer.concat(parts));
}

/** @param {number} height */
export function heightBytes(height) {
  const bytes = new Uint8Array(HEIGHT_SIZE);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(height));
  return bytes;
}

/** @param {Iterable<Uint8Array | string>} parts @returns {Uint8Array} SHA-256 */
export function hashOf(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** The same for equal values, bytes and bigints included. @param {unknown} value @returns {string} */
export function textOf(value) {
  return JSON.stringify(value, (_, part) => {
    if (typeof part === 'bigint') return `${part}n`;
    return part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part;
  });
}
