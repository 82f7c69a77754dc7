/**
 * docs/examples/coins: the program as its user meets it, and what its coin store promises.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StoreMap } from 'onewal';
import { MemoryFileSystem } from 'onewal/memory';
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { hex, parseBlock } from '../../docs/examples/bitcoin/block.mjs';
import { readChain } from '../../docs/examples/bitcoin/block-file.mjs';
import { ByteReader } from '../../docs/examples/bitcoin/byte-reader.mjs';
import { outpointOf } from '../../docs/examples/bitcoin/outpoint.mjs';
import { hashOf, joined } from '../../docs/examples/coins/bytes.mjs';
import { faultsIn } from '../../docs/examples/coins/checker.mjs';
import { coinsIn, payToKeyHash } from '../../docs/examples/coins/coin-file.mjs';
import { ARCHIVE_AFTER, CoinStore } from '../../docs/examples/coins/coin-store.mjs';
import { contentOf, digestOf, snapshotRootOf } from '../../docs/examples/coins/content.mjs';
import { MADE_UP_START, madeUpChain } from '../../docs/examples/coins/made-up-chain.mjs';
import type { MapName } from '../../docs/examples/coins/maps.mjs';
import { useBuiltPackage } from '../support/built-package.ts';
import {
  blockOf,
  CHAIN,
  coin,
  coinbase,
  JOIN,
  NO_HASH,
  SPLIT,
  type Transaction,
  txidOf,
} from './synthetic-blocks.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'docs/examples/coins/main.mjs');
const DATA = join(ROOT, '../shared/data/bitcoin');
/** The content of every 15th state: reading all of it takes longer than a block. */
const COMPARED = 15;
const MADE_UP = madeUpChain({ blocks: ARCHIVE_AFTER + 4, transactions: 3 });
const ALL_MAPS: readonly MapName[] = [
  ...(['coin_records', 'coin_by_puzzle_hash', 'unspent_by_puzzle_hash'] as const),
  ...(['coin_by_parent', 'coin_by_confirmed_height', 'coin_by_spent_height'] as const),
  ...(['hints', 'hints_by_value', 'merkle_nodes', 'archive_coin_records'] as const),
  ...(['state_snapshots', 'metadata'] as const),
];

let coinStore: CoinStore;

useBuiltPackage();

beforeEach(async () => {
  coinStore = await CoinStore.open(new MemoryFileSystem());
});

afterEach(() => coinStore.close());

describe('the program', () => {
  test('makes blocks up where there are none, and leaves no trace of them', () => {
    const run = spawnSync(process.execPath, [MAIN, '/nowhere'], { encoding: 'utf8' });

    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain('There are no blocks in /nowhere: these are made up.');
    expect(run.stdout).toMatch(/Everything is as it was\.\n$/);
  });

  test('applies block 277647 with its coins and rolls it back', (context) => {
    needShared(context);
    const run = spawnSync(process.execPath, [MAIN, DATA], { encoding: 'utf8' });

    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain(
      '769 coins created, 732 spent, 62 of these made by the same block',
    );
    expect(run.stdout).toContain('height 277646, 670 coins of 1696.29169749 BTC, 0 spent');
    expect(run.stdout).toContain('height 277647, 707 coins of 1721.29169749 BTC, 732 spent');
    expect(run.stdout).toMatch(/Everything is as it was\.\n$/);
  });
});

describe('rolling back', () => {
  test('passes, block for block, the content and the roots that applying has passed', async () => {
    await coinStore.begin(MADE_UP_START);
    const passed = [await stateOf(coinStore)];
    for (const block of MADE_UP) {
      await coinStore.apply(block);
      passed.push(await stateOf(coinStore));
    }
    expect(coinStore.totals.archived).toBeGreaterThan(0);

    for (let height = MADE_UP.length; height > 0; height--) {
      expect(await stateOf(coinStore)).toEqual(passed[height]);
      await coinStore.rollBack();
    }
    expect(await stateOf(coinStore)).toEqual(passed[0]);
    expect(new Set(passed.map(({ root }) => root)).size).toBe(passed.length);
  });

  test('passes them with real blocks too', async (context) => {
    needShared(context);
    const { blocks } = readChain(join(DATA, 'blocks-1-256.dat'));
    await coinStore.begin({ height: 0, hash: blocks[0]!.previous });
    const passed = new Map([[0, digestOf(contentOf(coinStore))]]);
    for (const block of blocks) {
      const { height } = await coinStore.apply(block);
      if (height % COMPARED === 0) passed.set(height, digestOf(contentOf(coinStore)));
    }
    expect(coinStore.totals).toEqual({
      unspent: 260,
      spent: 0,
      archived: 7,
      amount: 1_275_000_000_000n,
    });

    for (let height = blocks.length - 1; height >= 0; height--) {
      await coinStore.rollBack();
      const expected = passed.get(height);
      if (expected !== undefined) expect(digestOf(contentOf(coinStore))).toBe(expected);
    }
  });

  test('ends where the chain began', async () => {
    await coinStore.begin(MADE_UP_START);

    await expect(coinStore.rollBack()).rejects.toThrow('nothing undoes what is at height 0');
  });
});

describe('a block', () => {
  const [first, second, third] = CHAIN.map(parseBlock);

  beforeEach(async () => {
    await coinStore.begin({ height: -1, hash: hex(NO_HASH) });
    await coinStore.apply(first!);
    await coinStore.apply(second!);
  });

  test('may spend what it makes itself', async () => {
    const done = await coinStore.apply(third!);

    expect(done).toEqual({ height: 2, created: 4, spent: 2, spentOfOwn: 1 });
    expect(faultsIn(coinStore)).toEqual([]);
    const id = outpointOf(txidOf(SPLIT), 0);
    expect(coinStore.maps.coin_records.get(id)).toMatchObject({ amount: 30n, spentHeight: 2 });
    const children = coinStore.maps.coin_by_parent.getKeys({ prefix: id });
    expect([...children].map(hex)).toEqual([hex(joined(id, outpointOf(txidOf(JOIN), 0)))]);
    const puzzleHash = hashOf([coin(0n).script]);
    expect(coinStore.maps.unspent_by_puzzle_hash.getCount({ prefix: puzzleHash })).toBe(4);
  });

  test.each([
    ['that does not follow the tip', () => parseBlock(CHAIN[0]), 'does not follow the tip'],
    ['that spends a coin twice', () => following(SPLIT, JOIN, JOIN), 'spends a coin again'],
    ['whose last coin nobody knows', () => following(SPLIT, spending(7)), 'that nobody knows'],
    ['that makes a coin again', () => followingAlone(coinbase(1)), 'a coin that there is already'],
  ])('%s leaves nothing behind', async (_, block, reason) => {
    const before = contentOf(coinStore);

    await expect(coinStore.apply(block())).rejects.toThrow(reason);

    expect(contentOf(coinStore)).toEqual(before);
  });

  test('and its rival cannot both follow the tip, though both have seen it', async () => {
    const rivals = [2, 3].map((number) => followingAlone(coinbase(number)));
    const outcomes = await Promise.allSettled(rivals.map((block) => coinStore.apply(block)));

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { message: 'it does not follow the tip' } });
    expect(coinStore.tip).toMatchObject({ height: 2, hash: rivals[0]!.hash });
    expect(faultsIn(coinStore)).toEqual([]);
  });

  const followingAlone = (transaction: Transaction) =>
    parseBlock(blockOf(Uint8Array.from(Buffer.from(second!.hash, 'hex')), [transaction]));

  /** A block that could follow the second. */
  function following(...transactions: Transaction[]) {
    const previous = Uint8Array.from(Buffer.from(second!.hash, 'hex'));
    const good = parseBlock(blockOf(previous, [coinbase(2)]));
    const parsed = transactions.map(({ inputs, outputs }) => ({
      txid: txidOf({ inputs, outputs }),
      inputs: inputs.map((input) => ({ ...input, script: new Uint8Array(0) })),
      outputs: [...outputs],
    }));
    return { ...good, transactions: [...good.transactions, ...parsed] };
  }

  function spending(index: number) {
    return { inputs: [{ txid: txidOf(SPLIT), index }], outputs: [coin(1n)] };
  }
});

describe('the checker', () => {
  beforeEach(async () => {
    await coinStore.begin(MADE_UP_START);
    for (const block of MADE_UP) await coinStore.apply(block);
  });

  test.each(ALL_MAPS)('misses one entry of %s', async (name) => {
    expect(faultsIn(coinStore)).toEqual([]);
    const map = coinStore.maps[name] as StoreMap<unknown, unknown>;
    const [key] = [...map.getKeys({ limit: 1, reverse: true })];
    await map.remove(key);

    expect(faultsIn(coinStore).length).toBeGreaterThan(0);
  });
});

describe('a spent coin', () => {
  test('leaves all maps but the archive after some blocks', async () => {
    await coinStore.begin(MADE_UP_START);
    const until = MADE_UP.findIndex(({ transactions }) => transactions.length > 1) + 1;
    const { txid, index } = MADE_UP[until - 1]!.transactions[1]!.inputs[0]!;
    const id = outpointOf(txid, index);
    for (const block of MADE_UP.slice(0, until + ARCHIVE_AFTER - 1)) await coinStore.apply(block);
    expect(coinStore.maps.coin_records.get(id)?.spentHeight).toBe(until);

    await coinStore.apply(MADE_UP[until + ARCHIVE_AFTER - 1]!);

    expect(coinStore.maps.coin_records.has(id)).toBe(false);
    expect(coinStore.maps.archive_coin_records.get(id)?.spentHeight).toBe(until);
    const mentions = contentOf(coinStore).filter((line) => line.includes(hex(id)));
    const others = mentions.filter((line) => !/^(archive_|state_|coin_by_parent )/.test(line));
    expect(others.filter((line) => !line.startsWith('coin_records'))).toEqual([]);
  });
});

describe('the reader of coins', () => {
  test.each([
    ['00', 0n],
    ['01', 1n],
    ['07', 1_000_000n],
    ['09', 100_000_000n],
    ['32', 5_000_000_000n],
    ['8980dd40', 2_100_000_000_000_000n],
  ])('unfolds the amount %s', (folded, amount) => {
    const [read] = coinsIn(reader(fileOf(`02${folded}00${'ab'.repeat(20)}`)));

    expect(read!.output.amount).toBe(amount);
  });

  test('unfolds height, origin and scripts', () => {
    const keyHash = fileOf(`a0f11d0900${'ab'.repeat(20)}`);
    const scriptHash = fileOf(`040901${'cd'.repeat(20)}`);
    const other = fileOf('02090851ac');
    const coins = coinsIn(reader(Buffer.concat([keyHash, scriptHash, other])));

    expect(coins.map(({ height, isCoinbase }) => [height, isCoinbase])).toEqual([
      [277646, true],
      [2, false],
      [1, false],
    ]);
    expect(coins.map(({ output }) => hex(output.script))).toEqual([
      hex(payToKeyHash(new Uint8Array(20).fill(0xab))),
      `a914${'cd'.repeat(20)}87`,
      '51ac',
    ]);
  });

  test('refuses a cut file, and a script that it cannot unfold', () => {
    const file = fileOf(`020900${'ab'.repeat(20)}`);
    for (let size = 1; size < file.length; size++) {
      expect(() => coinsIn(reader(file.subarray(0, size))), `cut at ${size}`).toThrow(/^at byte/);
    }
    expect(() => coinsIn(reader(fileOf(`020904${'ab'.repeat(32)}`)))).toThrow(
      'a script that is a key',
    );
  });

  function fileOf(coinHex: string): Uint8Array {
    const folded = Buffer.from(coinHex, 'hex');
    const head = Buffer.alloc(40);
    head.writeUInt32LE(folded.length, 36);
    return Buffer.concat([head, folded]);
  }

  const reader = (file: Uint8Array) => new ByteReader(file);
});

async function stateOf(store: CoinStore) {
  expect(faultsIn(store)).toEqual([]);
  return { digest: digestOf(contentOf(store)), root: await snapshotRootOf(store) };
}

function needShared(context: TestContext): void {
  context.skip(!existsSync(DATA), 'there is no shared/data/bitcoin beside the repository');
}
