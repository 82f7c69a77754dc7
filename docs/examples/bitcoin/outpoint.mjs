// @ts-check
/**
 * The name of an output, and so of a coin.
 */
import { HASH_SIZE, hex } from './block.mjs';

const OUTPOINT_SIZE = HASH_SIZE + 4;

/**
 * The key of a coin: the outputs of a transaction are neighbours, in their order.
 *
 *     outpoint := txid:u8[32] index:u32 big-endian
 *
 * @param {Uint8Array} txid
 * @param {number} index
 */
export function outpointOf(txid, index) {
  const outpoint = new Uint8Array(OUTPOINT_SIZE);
  outpoint.set(txid);
  new DataView(outpoint.buffer).setUint32(HASH_SIZE, index);
  return outpoint;
}

/**
 * As people write it: a txid is printed backwards.
 *
 * @param {Uint8Array} outpoint
 */
export function outpointText(outpoint) {
  const txid = outpoint.slice(0, HASH_SIZE).reverse();
  const index = new DataView(outpoint.buffer, outpoint.byteOffset).getUint32(HASH_SIZE);
  return `${hex(txid)}:${index}`;
}
