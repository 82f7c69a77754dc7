// @ts-check
/**
 * Applies blocks to a coin store and rolls them back again. README.md says what for.
 *
 * Exit codes: 0 all is as it was, 1 it is not, 2 the command line or a file is unusable.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { inBitcoin } from '../bitcoin/block.mjs';
import { readChain } from '../bitcoin/block-file.mjs';
import { InputError } from '../input-error.mjs';
import { milliseconds, number } from '../table.mjs';
import { faultsIn } from './checker.mjs';
import { readCoins } from './coin-file.mjs';
import { CoinStore } from './coin-store.mjs';
import { contentOf, digestOf, snapshotRootOf } from './content.mjs';
import { MADE_UP_START, madeUpChain } from './made-up-chain.mjs';

/** @import { Block } from '../bitcoin/block.mjs' */
/** @import { EarlierCoin } from './coin-store.mjs' */
/** @typedef {{ title: string, start: { height: number, hash: string, coins?: EarlierCoin[] }, blocks: Block[] }} Life */

const BLOCKS = fileURLToPath(new URL('../../../../shared/data/bitcoin', import.meta.url));

process.exitCode = await main(process.argv[2] ?? BLOCKS);

/** @param {string} directory with real blocks */
async function main(directory) {
  try {
    let isSound = true;
    for (const life of livesIn(directory)) isSound = (await live(life)) && isSound;
    console.log(isSound ? 'Everything is as it was.' : 'SOMETHING IS WRONG.');
    return isSound ? 0 : 1;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message);
    return 2;
  }
}

/** @param {string} directory @returns {Life[]} */
function livesIn(directory) {
  if (!existsSync(directory)) {
    console.log(`There are no blocks in ${directory}: these are made up.\n`);
    const blocks = madeUpChain({ blocks: 12, transactions: 24 });
    return [{ title: '12 made-up blocks', start: MADE_UP_START, blocks }];
  }
  const first = readChain(join(directory, 'blocks-1-256.dat'));
  const later = readChain(join(directory, 'block-277647.dat'));
  return [
    { title: `blocks 1 to ${first.blocks.length}`, ...lifeOf(first) },
    {
      title: 'block 277647',
      ...lifeOf(later, readCoins(join(directory, 'block-277647.utxostore'))),
    },
  ];
}

/** @param {import('../bitcoin/block-file.mjs').Chain} chain @param {EarlierCoin[]} [coins] */
function lifeOf({ blocks, firstHeight }, coins = []) {
  const earlier = coins.filter(({ height }) => height < firstHeight);
  const hash = blocks[0]?.previous ?? '';
  return { start: { height: firstHeight - 1, hash, coins: earlier }, blocks };
}

/** Applies all blocks, takes all back, and compares. @param {Life} life */
async function live({ title, start, blocks }) {
  const directory = mkdtempSync(join(tmpdir(), 'onewal-coins-'));
  const coinStore = await CoinStore.open(directory);
  await coinStore.begin(start);
  console.log(title);
  const before = await report('before', coinStore);

  const sum = { created: 0, spent: 0, spentOfOwn: 0 };
  const applying = await timed(coinStore, blocks, async (block) => {
    const { created, spent, spentOfOwn } = await coinStore.apply(block);
    sum.created += created;
    sum.spent += spent;
    sum.spentOfOwn += spentOfOwn;
  });
  console.log(
    `  applied      ${number(sum.created)} coins created, ${number(sum.spent)} spent, ` +
      `${number(sum.spentOfOwn)} of these made by the same block; ${applying}`,
  );
  const applied = await report('applied', coinStore);

  const rollingBack = await timed(coinStore, blocks, () => coinStore.rollBack());
  console.log(`  rolled back  ${rollingBack}`);
  const after = await report('after', coinStore);

  await coinStore.close();
  rmSync(directory, { recursive: true });
  return before !== applied && before === after;
}

/**
 * @template T
 * @param {CoinStore} coinStore
 * @param {T[]} items
 * @param {(item: T) => Promise<unknown>} work
 */
async function timed({ store }, items, work) {
  const { walBytes } = store.stats();
  const start = performance.now();
  for (const item of items) await work(item);
  const each = (performance.now() - start) / items.length;
  return `${number(store.stats().walBytes - walBytes)} bytes logged, ${milliseconds(each)} a block`;
}

/** Prints the state and returns what stands for it. @param {string} when @param {CoinStore} coinStore */
async function report(when, coinStore) {
  const faults = faultsIn(coinStore);
  for (const fault of faults) console.log(`  ${fault}`);
  const content = contentOf(coinStore);
  const { unspent, spent, archived, amount } = coinStore.totals;
  const coins = `${number(unspent)} coins of ${inBitcoin(amount)}, ${number(spent + archived)} spent`;
  const digest = digestOf(content);
  const root = await snapshotRootOf(coinStore);
  console.log(`    ${when.padEnd(8)} height ${coinStore.tip?.height}, ${coins}`);
  console.log(`             ${number(content.length)} entries, digest ${digest}`);
  console.log(`             snapshot root ${root}`);
  return faults.length === 0 ? `${digest} ${root}` : faults.join();
}
