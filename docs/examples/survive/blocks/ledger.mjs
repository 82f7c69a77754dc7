// @ts-check
/**
 * The coins after any number of blocks, in memory: what the store must hold.
 */
import { hex } from '../../bitcoin/block.mjs';
import { changesOf } from './coins.mjs';

/** @import { Chain } from '../../bitcoin/block-file.mjs' */
/** @import { PlacedCoin } from './coins.mjs' */

export class Ledger {
  /** By outpoint, in hex. @type {Map<string, PlacedCoin>} */
  coins = new Map();
  /** By height. @type {Map<number, PlacedCoin[]>} */
  undo = new Map();
  /** Outpoints that nobody made, by the block that spends them. @type {{ height: number, outpoint: Uint8Array }[]} */
  unknown = [];
  /** Of the newest block. */
  height;

  /** @param {Chain} chain */
  constructor(chain) {
    this.chain = chain;
    this.height = chain.firstHeight - 1;
  }

  get lastHeight() {
    return this.chain.firstHeight + this.chain.blocks.length - 1;
  }

  /** Connects blocks up to `height`. There is no way back. @param {number} height */
  advance(height) {
    while (this.height < height) this.#connect(this.height + 1);
  }

  /** @param {number} height */
  blockAt(height) {
    const block = this.chain.blocks[height - this.chain.firstHeight];
    if (block === undefined) throw new RangeError(`there is no block ${height}`);
    return block;
  }

  /** @param {number} height */
  #connect(height) {
    const find = (/** @type {Uint8Array} */ outpoint) => this.coins.get(hex(outpoint))?.coin;
    const { spent, created, unknown } = changesOf(this.blockAt(height), height, find);
    for (const { outpoint } of spent) this.coins.delete(hex(outpoint));
    for (const placed of created) this.coins.set(hex(placed.outpoint), placed);
    for (const outpoint of unknown) this.unknown.push({ height, outpoint });
    this.undo.set(height, spent);
    this.height = height;
  }
}
