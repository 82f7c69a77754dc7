// @ts-check
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readChain } from '../../docs/examples/bitcoin/block-file.mjs';
import { readCoins } from '../../docs/examples/coins/coin-file.mjs';
import { MADE_UP_START, madeUpChain } from '../../docs/examples/coins/made-up-chain.mjs';
import { timed } from '../harness/clock.mjs';
import { discard, scratchDirectory } from '../harness/scratch.mjs';

/** @import { Question } from '../harness/types.ts' */
/** @import { Block } from '../../docs/examples/bitcoin/block.mjs' */
/** @import { EarlierCoin } from '../../docs/examples/coins/coin-store.mjs' */

/** @typedef {{ height: number, hash: string, coins?: EarlierCoin[] }} Start */

const BLOCKS = fileURLToPath(new URL('../../../shared/data/bitcoin', import.meta.url));

/** @type {Question} */
export const blocks = {
  name: 'blocks',
  asks: 'How long does a block of Bitcoin take, one durable transaction over twelve maps?',
  directory: 'empty',
  engines: 'onewal',
  rows: [
    { name: 'a made-up block', unit: 'ms' },
    { name: 'one of the first 255', unit: 'ms' },
    { name: 'block 277647', unit: 'ms' },
  ],
  async measure() {
    const made = madeUpChain({ blocks: 12, transactions: 24 });
    const figures = { 'a made-up block': await applied(MADE_UP_START, made) };
    const directory = process.env.ONEWAL_BLOCKS ?? BLOCKS;
    if (!existsSync(directory)) {
      console.error(`There are no blocks in ${directory}: these rows are left out.`);
      return figures;
    }
    const first = readChain(join(directory, 'blocks-1-256.dat'));
    const later = readChain(join(directory, 'block-277647.dat'));
    const coins = readCoins(join(directory, 'block-277647.utxostore'));
    const earlier = coins.filter(({ height }) => height < later.firstHeight);
    return {
      ...figures,
      'one of the first 255': await applied(startOf(first, []), first.blocks),
      'block 277647': await applied(startOf(later, earlier), later.blocks),
    };
  },
};

/** @param {import('../../docs/examples/bitcoin/block-file.mjs').Chain} chain @param {EarlierCoin[]} coins @returns {Start} */
function startOf({ blocks: chain, firstHeight }, coins) {
  return { height: firstHeight - 1, hash: chain[0]?.previous ?? '', coins };
}

/** Milliseconds for each. @param {Start} start @param {readonly Block[]} chain */
async function applied(start, chain) {
  // Imported late, as it imports the engine, whose import is measured elsewhere.
  const { CoinStore } = await import('../../docs/examples/coins/coin-store.mjs');
  const directory = scratchDirectory();
  const coinStore = await CoinStore.open(directory);
  await coinStore.begin(start);
  const milliseconds = await timed(async () => {
    for (const block of chain) await coinStore.apply(block);
  });
  await coinStore.close();
  discard(directory);
  return milliseconds / chain.length;
}
