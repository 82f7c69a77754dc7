// @ts-check
/**
 * Two writers move money between accounts, in transactions that conflict; their process is killed
 * again and again. The sum must stay what it was, and nothing that was acknowledged may be missing.
 *
 * Exit codes: 0 all is well, 1 the store is at fault, 2 the command line is.
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { live } from '../survive/life.mjs';
import { randomOf } from '../survive/random.mjs';
import { number, table } from '../table.mjs';
import { checkBank } from './check-bank.mjs';

/** @import { Report } from '../survive/report.mjs' */

const USAGE = `usage: npm run example:accounts -- [options]

  --transactions N  how many to commit in all: 10000
  --kills N         how often the writers are killed meanwhile: 5
  --seed S          any text: the same seed plans the same transfers and kills
  --help            print this`;

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} words */
async function main(words) {
  const options = optionsOf(words);
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), 'onewal-accounts-'));
  const faults = await run(directory, options);
  for (const fault of faults) console.log(`FAULT: ${fault}`);
  if (faults.length > 0) console.log(`The store as it is: ${directory}`);
  else rmSync(directory, { recursive: true });
  return faults.length > 0 ? 1 : 0;
}

/** @param {string[]} words */
function optionsOf(words) {
  try {
    const { values } = parseArgs({
      args: words,
      options: {
        transactions: { type: 'string', default: '10000' },
        kills: { type: 'string', default: '5' },
        seed: { type: 'string', default: String(randomInt(1_000_000_000)) },
        help: { type: 'boolean', default: false },
      },
    });
    const [transactions, kills] = [Number(values.transactions), Number(values.kills)];
    if (!Number.isInteger(transactions) || transactions < 1) return undefined;
    if (!Number.isInteger(kills) || kills < 0) return undefined;
    return { transactions, kills, seed: values.seed, help: values.help };
  } catch {
    return undefined;
  }
}

/**
 * @param {string} directory
 * @param {{ transactions: number, kills: number, seed: string }} options
 */
async function run(directory, { transactions, kills, seed }) {
  console.log(`two writers, ${number(transactions)} transactions, ${kills} kills, seed ${seed}\n`);
  const tally = newTally();
  const worker = {
    script: new URL('worker.mjs', import.meta.url),
    task: { directory, transactions, seed },
  };
  const random = randomOf(seed, 'kills');
  for (let life = 1; life <= kills + 1; life++) {
    const isLast = life > kills;
    const count = random.integer(1, Math.max(1, Math.floor((2 * transactions) / (kills + 2))));
    const moment = { label: 'moving', report: 'moved', count, delayMs: random.fraction() };
    const before = tally.acknowledged;
    const end = await live(worker, isLast ? undefined : moment, (report) => hear(tally, report));
    tally.seconds += (tally.lastAt - tally.openedAt) / 1000;
    if (end === 'SIGKILL') tally.kills += 1;
    const { moved, faults } = await checkBank(directory, tally.moves);
    tally.faults.push(...faults);
    console.log(
      `${String(life).padStart(3)}  ${end.padEnd(12)}  acknowledged ${number(tally.acknowledged - before).padStart(6)}   stored in all ${number(moved).padStart(6)}`,
    );
    if (tally.faults.length > 0) break;
  }
  print(tally);
  return tally.faults;
}

function newTally() {
  return {
    acknowledged: 0,
    conflicts: 0,
    retries: 0,
    kills: 0,
    seconds: 0,
    openedAt: 0,
    lastAt: 0,
    /** The last transfer of each writer that was acknowledged. @type {number[]} */
    moves: [0, 0],
    /** @type {string[]} */
    faults: [],
  };
}

/** @param {ReturnType<typeof newTally>} tally @param {Report} report */
function hear(tally, { name, number: move, sequence: writer }) {
  tally.lastAt = performance.now();
  if (name === 'opened') tally.openedAt = tally.lastAt;
  if (name === 'moved') {
    tally.acknowledged += 1;
    tally.moves[writer] = move;
  }
  if (name === 'conflicted') tally.conflicts += 1;
  if (name === 'conflicted') tally.retries += move;
}

/** @param {ReturnType<typeof newTally>} tally */
function print({ acknowledged, conflicts, retries, kills, seconds, faults }) {
  const columns = {
    acknowledged: number(acknowledged),
    'met a conflict': number(conflicts),
    retries: number(retries),
    kills: String(kills),
    'durable transactions/s': number(Math.round(acknowledged / seconds)),
    'sum kept': faults.length === 0 ? 'yes' : 'NO',
  };
  console.log(`\n${table(columns)}`);
}
