// @ts-check
/**
 * Reads a file of coins in btcd's form, as lies beside a block: what the block spends.
 *
 *     file   := (txid:u8[32] index:u32 length:u32 coin:u8[length])*
 *     coin   := origin:vlq amount:vlq script      origin is height * 2 + isCoinbase
 *     vlq    := digits of 7 bits, the highest first; all but the last have the top bit, and count from 1
 *     amount := 0, or 1 + (9 * (all digits but the last) + last digit - 1) * 10 + trailing zeros below 9,
 *               or 1 + (value / 10^9 - 1) * 10 + 9
 *     script := 00 hash:u8[20]      pay to the hash of a key
 *             | 01 hash:u8[20]      pay to the hash of a script
 *             | size+6:vlq u8[size] any other; 2 to 5 are keys, which this reader does not unfold
 */
import { readFileSync } from 'node:fs';
import { HASH_SIZE } from '../bitcoin/block.mjs';
import { ByteReader } from '../bitcoin/byte-reader.mjs';
import { outpointOf } from '../bitcoin/outpoint.mjs';
import { joined } from './bytes.mjs';

/** @import { EarlierCoin } from './coin-store.mjs' */

const ADDRESS_SIZE = 20;
const FORM_KEY_HASH = 0;
const FORM_SCRIPT_HASH = 1;
const FORM_COUNT = 6n;

/** @param {string} path @returns {EarlierCoin[]} */
export const readCoins = (path) => coinsIn(new ByteReader(readFileSync(path)));

/** @param {ByteReader} reader @returns {EarlierCoin[]} */
export function coinsIn(reader) {
  const coins = [];
  while (reader.left > 0) {
    const txid = reader.take(HASH_SIZE, 'a txid');
    const id = outpointOf(txid, reader.u32('an output index'));
    const coin = new ByteReader(reader.take(reader.u32('the length of a coin'), 'a coin'));
    const origin = vlq(coin);
    const output = { amount: expandedAmount(vlq(coin)), script: expandedScript(coin) };
    coins.push({ id, output, height: Number(origin >> 1n), isCoinbase: origin % 2n === 1n });
  }
  return coins;
}

/** @param {ByteReader} reader */
function vlq(reader) {
  for (let value = 0n; ; value += 1n) {
    const byte = reader.byte('a number');
    value = value * 128n + BigInt(byte & 0x7f);
    if (byte < 0x80) return value;
  }
}

/** @param {bigint} folded */
function expandedAmount(folded) {
  if (folded === 0n) return 0n;
  const zeros = (folded - 1n) % 10n;
  const rest = (folded - 1n) / 10n;
  const digits = zeros < 9n ? (rest / 9n) * 10n + (rest % 9n) + 1n : rest + 1n;
  return digits * 10n ** zeros;
}

/** @param {ByteReader} reader */
function expandedScript(reader) {
  const form = vlq(reader);
  if (form >= FORM_COUNT) return reader.take(Number(form - FORM_COUNT), 'a script');
  if (form > FORM_SCRIPT_HASH) reader.fail('a script that is a key');
  const hash = reader.take(ADDRESS_SIZE, 'a hash');
  return form === BigInt(FORM_KEY_HASH) ? payToKeyHash(hash) : payToScriptHash(hash);
}

/** @param {Uint8Array} hash */
export const payToKeyHash = (hash) =>
  joined(Uint8Array.of(0x76, 0xa9, ADDRESS_SIZE), hash, Uint8Array.of(0x88, 0xac));

/** @param {Uint8Array} hash */
const payToScriptHash = (hash) =>
  joined(Uint8Array.of(0xa9, ADDRESS_SIZE), hash, Uint8Array.of(0x87));
