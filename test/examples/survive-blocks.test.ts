/**
 * The parts of docs/examples/survive that read block files and know what blocks do to coins.
 */
import { describe, expect, test } from 'vitest';
import { hex, parseBlock } from '../../docs/examples/bitcoin/block.mjs';
import { chainOf, splitRecords } from '../../docs/examples/bitcoin/block-file.mjs';
import { outpointText } from '../../docs/examples/bitcoin/outpoint.mjs';
import { InputError } from '../../docs/examples/input-error.mjs';
import { changesOf } from '../../docs/examples/survive/blocks/coins.mjs';
import {
  blockOf,
  CHAIN,
  coin,
  coinbase,
  fileOf,
  JOIN,
  joined,
  NO_HASH,
  outpointOf,
  SPLIT,
  txidOf,
} from './synthetic-blocks.ts';

const COINBASE_COIN = { ...coin(50n), height: 1, isCoinbase: true };

describe('the reader of blocks', () => {
  test('finds transactions with and without witnesses, and their ids', () => {
    const { transactions } = parseBlock(CHAIN[2]);

    const amounts = transactions.map(({ outputs }) => outputs.map(({ amount }) => amount));
    expect(amounts).toEqual([[50n], [30n, 20n, 0n], [29n]]);
    expect(transactions.map(({ txid }) => hex(txid))).toEqual(
      [coinbase(2), SPLIT, JOIN].map((transaction) => hex(txidOf(transaction))),
    );
  });

  test.each([0, 1, 2] as const)('refuses block %i cut at any byte', (i) => {
    for (let size = 0; size < CHAIN[i].length; size++) {
      expect(() => parseBlock(CHAIN[i].subarray(0, size)), `cut at ${size}`).toThrow(InputError);
    }
  });

  test('refuses a file cut anywhere but between two blocks', () => {
    const file = fileOf(CHAIN);
    const ends = [fileOf(CHAIN.slice(0, 1)).length, fileOf(CHAIN.slice(0, 2)).length];
    for (let size = 0; size < file.length; size++) {
      const read = () => chainOf(splitRecords(file.subarray(0, size)));
      if (ends.includes(size)) expect(read().firstHeight).toBe(0);
      else expect(read, `cut at ${size}`).toThrow(/^(block \d of the file: )?at byte \d+: /);
    }
  });

  test('refuses any flipped bit in a transaction without witnesses', () => {
    const block = CHAIN[1];
    for (let bit = 80 * 8; bit < block.length * 8; bit++) {
      const damaged = Uint8Array.from(block);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => parseBlock(damaged), `bit ${bit}`).toThrow(InputError);
    }
  });

  test.each([
    [
      'bytes after the last transaction',
      joined(blockOf(NO_HASH, [coinbase(1)]), [0]),
      'follow the last',
    ],
    ['no transaction', joined(new Uint8Array(80), [0]), 'no transactions'],
    [
      'a count in more bytes than it needs',
      joined(new Uint8Array(80), [0xfd, 1, 0], new Uint8Array(60)),
      'shortest form',
    ],
    [
      'more transactions than fit',
      joined(new Uint8Array(80), [0xff], new Uint8Array(8).fill(255)),
      'more than the 0 bytes',
    ],
    [
      'no coinbase',
      blockOf(NO_HASH, [{ inputs: [{ txid: NO_HASH, index: 0 }], outputs: [coin(1n)] }]),
      'no new coins come first',
    ],
    [
      'a second coinbase',
      blockOf(NO_HASH, [coinbase(1), coinbase(2)]),
      'only the first transaction',
    ],
    [
      'more money than there is',
      blockOf(NO_HASH, [coinbase(1, 2_100_000_000_000_001n)]),
      'above 21 million',
    ],
    [
      'a transaction without inputs',
      blockOf(NO_HASH, [{ inputs: [], outputs: Array(9).fill(coin(1n)) }]),
      'neither inputs nor witnesses',
    ],
  ])('refuses %s', (_, block, reason) => {
    expect(() => parseBlock(block)).toThrow(reason);
  });

  test('refuses blocks that do not follow each other, and a block of another network', () => {
    expect(() => chainOf([CHAIN[0], CHAIN[2]])).toThrow('block 2 of the file does not follow');
    const foreign = joined(fileOf([CHAIN[0]]), [1, 2, 3, 4], new Uint8Array(4));
    expect(() => splitRecords(foreign)).toThrow('the same network');
  });
});

describe('the changes that a block makes', () => {
  test('leave out coins that it spends itself, and coins that nobody can spend', () => {
    const coins = new Map([[outpointText(outpointOf(coinbase(1), 0)), COINBASE_COIN]]);
    const changes = changesOf(parseBlock(CHAIN[2]), 2, (outpoint) =>
      coins.get(outpointText(outpoint)),
    );

    const names = (placed: { outpoint: Uint8Array }[]) =>
      placed.map(({ outpoint }) => outpointText(outpoint));
    expect(names(changes.spent)).toEqual([...coins.keys()]);
    expect(names(changes.created)).toEqual(
      [outpointOf(coinbase(2), 0), outpointOf(SPLIT, 1), outpointOf(JOIN, 0)].map(outpointText),
    );
    expect(changes.unknown).toEqual([]);
  });

  test('leave out the coins of block 0, which no node has', () => {
    expect(changesOf(parseBlock(CHAIN[0]), 0, () => undefined).created).toEqual([]);
  });

  test('name a coin that is spent twice as unknown', () => {
    const twice = { inputs: [SPLIT.inputs[0], SPLIT.inputs[0]], outputs: [coin(1n)] };
    const block = parseBlock(blockOf(NO_HASH, [coinbase(2), twice]));
    const changes = changesOf(block, 2, () => COINBASE_COIN);

    expect(changes.spent).toHaveLength(1);
    expect(changes.unknown.map(outpointText)).toEqual([outpointText(outpointOf(coinbase(1), 0))]);
  });
});
