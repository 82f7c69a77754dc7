// @ts-check
/**
 * What `npm run example:managers` tells, line by line. The same seed tells the same.
 */
import { MemoryFileSystem } from 'onewal/memory';
import { batchesOf } from './batches.mjs';
import { faultsIn } from './invariants.mjs';
import { OneByOne } from './one-by-one.mjs';
import { rehearseCrashes, rehearseFaults } from './rehearsal.mjs';
import { Rollup } from './rollup.mjs';

/** @import { Batches, Findings } from './rehearsal.mjs' */

const COLUMNS = /** @type {const} */ ([
  'trials',
  'rejected',
  'states',
  'between',
  'broken',
  'lost',
  'elsewhere',
]);

/**
 * @param {{ seed: string, batchCount: number, print: (line: string) => void }} request
 * @returns {Promise<boolean>} whether the transaction has kept its promise
 */
export async function tell({ seed, batchCount, print }) {
  const batches = batchesOf(seed, batchCount);
  print(`Seven managers apply batches, seed ${seed}\n`);
  const isSound = await tellOfBatches(batches, print);

  print('\nThe same, with every call to the disk failing: EIO and ENOSPC, once and for ever\n');
  print(row('', COLUMNS));
  const before = await rehearseFaults(OneByOne, batches);
  print(rowOf('entry after entry', before));
  const faults = await rehearseFaults(Rollup, batches);
  print(rowOf('one transaction', faults));
  const crashes = await rehearseCrashes(Rollup, batches);
  print(rowOf('one transaction, crashes', crashes));
  if (before.first) {
    print(`\nEntry after entry, what ${before.first.place} leaves, in memory and on disk:`);
    for (const fault of before.first.faults) print(`  ${fault}`);
  }
  return isSound && [faults, crashes].every(isClean);
}

/** @param {Batches} batches @param {(line: string) => void} print */
async function tellOfBatches(batches, print) {
  const rollup = await Rollup.open(new MemoryFileSystem());
  let effect = '';
  rollup.store.on('commit', ({ changes }) => {
    effect = `${changes.length} changes in ${new Set(changes.map(({ map }) => map)).size} maps`;
  });
  for (const batch of batches) {
    const refusals = await rollup.applyBatch(batch);
    print(`batch ${rollup.height}: ${batch.length} entries, ${effect}`);
    for (const refusal of refusals) print(`         rolled back: ${refusal}`);
  }
  const faults = faultsIn(rollup);
  for (const fault of faults) print(`WRONG: ${fault}`);
  await rollup.close();
  return faults.length === 0;
}

/** @param {Findings} findings */
const isClean = ({ between, broken, lost, elsewhere }) => between + broken + lost + elsewhere === 0;

/** @param {string} name @param {Findings} findings */
const rowOf = (name, findings) => row(name, [...COLUMNS.map((column) => findings[column])]);

/** @param {string} name @param {readonly (string | number)[]} cells */
function row(name, cells) {
  return name.padEnd(26) + cells.map((cell) => String(cell).padStart(10)).join('');
}
