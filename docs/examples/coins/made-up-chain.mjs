// @ts-check
/**
 * Blocks of the shape of real ones, for where there are none: old coins are spent, coins of the same
 * block too, and addresses come again. Without proof of work: nobody looks.
 */
import { hex } from '../bitcoin/block.mjs';
import { hashOf, textOf } from './bytes.mjs';
import { payToKeyHash } from './coin-file.mjs';

/** @import { Block, Input, Output, Transaction } from '../bitcoin/block.mjs' */

const HEADER_SIZE = 80;
const PREVIOUS_OFFSET = 4;
const ROOT_OFFSET = 36;
const ADDRESS_COUNT = 40;
const ADDRESS_SIZE = 20;
const NO_INDEX = 0xffffffff;
const REWARD = 5_000_000_000n;
const INPUTS_EACH = 3;

/** Of the block before the first. */
export const MADE_UP_START = { height: 0, hash: '00'.repeat(32) };

/**
 * The first block makes the coins that the others spend, three in each of their transactions.
 *
 * @param {{ blocks: number, transactions: number }} size
 * @returns {Block[]}
 */
export function madeUpChain({ blocks, transactions }) {
  /** @type {Input[]} */
  const unspent = [];
  const chain = [];
  let previous = MADE_UP_START.hash;
  for (let height = 1; height <= blocks; height++) {
    const outputs = height === 1 ? INPUTS_EACH * transactions * blocks : 1;
    const made = [transactionOf([{ txid: new Uint8Array(32), index: NO_INDEX }], outputs, height)];
    for (let i = 0; height > 1 && i < transactions; i++) {
      // Every fourth one spends the newest coin, which is of this block.
      const newest = i % 4 === 3 ? unspent.splice(-1) : [];
      const inputs = [...newest, ...unspent.splice(0, INPUTS_EACH - newest.length)];
      const transaction = transactionOf(inputs, 2 + (i % 3), height * transactions + i);
      made.push(transaction);
      unspent.push(...coinsOf(transaction));
    }
    unspent.push(...made.slice(0, 1).flatMap(coinsOf));
    const block = blockOf(made, { previous, height });
    chain.push(block);
    previous = block.hash;
  }
  return chain;
}

/** @param {Omit<Input, 'script'>[]} spent @param {number} outputCount @param {number} salt @returns {Transaction} */
function transactionOf(spent, outputCount, salt) {
  const inputs = spent.map((input) => ({ ...input, script: new Uint8Array(0) }));
  const outputs = Array.from({ length: outputCount }, (_, i) => outputOf(salt + i));
  return { txid: hashOf([textOf({ inputs, outputs, salt })]), inputs, outputs };
}

/** @param {number} salt @returns {Output} */
function outputOf(salt) {
  const address = hashOf([`address ${salt % ADDRESS_COUNT}`]).subarray(0, ADDRESS_SIZE);
  return { amount: REWARD / BigInt(1 + (salt % 7)), script: payToKeyHash(address) };
}

/** @param {Transaction} transaction @returns {Input[]} what spends its outputs */
function coinsOf({ txid, outputs }) {
  return outputs.map((_, index) => ({ txid, index, script: new Uint8Array(0) }));
}

/** @param {Transaction[]} transactions @param {{ previous: string, height: number }} place @returns {Block} */
function blockOf(transactions, { previous, height }) {
  const header = new Uint8Array(HEADER_SIZE);
  header.set(Buffer.from(previous, 'hex'), PREVIOUS_OFFSET);
  header.set(hashOf([`${height}`, ...transactions.map(({ txid }) => txid)]), ROOT_OFFSET);
  return { hash: hex(hashOf([header])), previous, header, transactions };
}
