// @ts-check
/**
 * What a store full of coins comes to. Equal coins give equal digests, on any machine, after any
 * number of kills.
 */
import { createHash } from 'node:crypto';
import { coinCodec } from './coins.mjs';

/** @import { Maps } from './maps.mjs' */

/**
 * The digest is SHA-256 over all coins in key order:
 *
 *     digested := (length:u32 outpoint length:u32 coin)*
 *
 * @param {Maps} maps
 */
export function balanceSheetOf({ coins }) {
  const hash = createHash('sha256');
  let satoshi = 0n;
  let count = 0;
  for (const { key, value } of coins.getRange()) {
    for (const bytes of [key, coinCodec.encode(value)]) hash.update(lengthOf(bytes)).update(bytes);
    satoshi += value.amount;
    count += 1;
  }
  return { coins: count, satoshi, digest: hash.digest('hex') };
}

/** @param {Uint8Array} bytes */
function lengthOf(bytes) {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length, true);
  return length;
}
