// @ts-check
/**
 * What a block does to the coins: the rules of Bitcoin, with no store in sight.
 */
import { hex } from '../../bitcoin/block.mjs';
import { outpointOf } from '../../bitcoin/outpoint.mjs';

/** @import { Block } from '../../bitcoin/block.mjs' */

/**
 * An output that nobody has spent yet.
 *
 * @typedef {object} Coin
 * @property {bigint} amount in satoshi
 * @property {number} height of the block that made it
 * @property {boolean} isCoinbase it is new money, not change
 * @property {Uint8Array} script who may spend it
 */

/** A coin and its key. @typedef {{ outpoint: Uint8Array, coin: Coin }} PlacedCoin */

/**
 * @typedef {object} Changes
 * @property {PlacedCoin[]} spent coins that were there before the block
 * @property {PlacedCoin[]} created coins that are there after it
 * @property {Uint8Array[]} unknown outpoints that it spends, and nobody knows
 */

/** Finds a coin that was there before the block. @typedef {(outpoint: Uint8Array) => Coin | undefined} Find */

const ORIGIN_OFFSET = 8;
const SCRIPT_OFFSET = 12;
const RETURN = 0x6a; // the operation that ends a script in failure

/**
 * Coins that the block makes and spends itself leave no trace.
 *
 * @param {Block} block
 * @param {number} height
 * @param {Find} find
 * @returns {Changes}
 */
export function changesOf({ transactions }, height, find) {
  const changes = new ChangeGatherer(find);
  for (const [i, { txid, inputs, outputs }] of transactions.entries()) {
    const isCoinbase = i === 0;
    if (!isCoinbase) for (const input of inputs) changes.spend(outpointOf(input.txid, input.index));
    for (const [index, { amount, script }] of outputs.entries()) {
      if (height === 0 || script[0] === RETURN) continue; // can never be spent
      changes.create(outpointOf(txid, index), { amount, height, isCoinbase, script });
    }
  }
  return changes.gathered();
}

class ChangeGatherer {
  /** @type {Map<string, PlacedCoin>} */
  #created = new Map();
  /** @type {Map<string, PlacedCoin>} */
  #spent = new Map();
  /** @type {Uint8Array[]} */
  #unknown = [];
  #find;

  /** @param {Find} find */
  constructor(find) {
    this.#find = find;
  }

  /** @param {Uint8Array} outpoint */
  spend(outpoint) {
    const name = hex(outpoint);
    if (this.#created.delete(name)) return;
    const coin = this.#spent.has(name) ? undefined : this.#find(outpoint);
    if (coin === undefined) this.#unknown.push(outpoint);
    else this.#spent.set(name, { outpoint, coin });
  }

  /** @param {Uint8Array} outpoint @param {Coin} coin */
  create(outpoint, coin) {
    this.#created.set(hex(outpoint), { outpoint, coin });
  }

  gathered() {
    return {
      spent: [...this.#spent.values()],
      created: [...this.#created.values()],
      unknown: this.#unknown,
    };
  }
}

/**
 * How a coin is stored.
 *
 *     coin := amount:u64 origin:u32 script:u8*      all big-endian; origin is height * 2 + isCoinbase
 */
export const coinCodec = {
  name: 'coin',

  /** @param {Coin} coin */
  encode({ amount, height, isCoinbase, script }) {
    const bytes = new Uint8Array(SCRIPT_OFFSET + script.length);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, amount);
    view.setUint32(ORIGIN_OFFSET, height * 2 + Number(isCoinbase));
    bytes.set(script, SCRIPT_OFFSET);
    return bytes;
  },

  /** @param {Uint8Array} bytes @returns {Coin} */
  decode(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const origin = view.getUint32(ORIGIN_OFFSET);
    return {
      amount: view.getBigUint64(0),
      height: origin >>> 1,
      isCoinbase: origin % 2 === 1,
      script: bytes.slice(SCRIPT_OFFSET),
    };
  },
};
