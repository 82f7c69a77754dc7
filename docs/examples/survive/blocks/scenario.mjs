// @ts-check
/**
 * `--blocks`: the blocks of a real chain, each of them one commit.
 */
import { resolve } from 'node:path';
import { hex, inBitcoin } from '../../bitcoin/block.mjs';
import { readChain } from '../../bitcoin/block-file.mjs';
import { InputError } from '../../input-error.mjs';
import { number } from '../../table.mjs';
import { newSeed } from '../arguments.mjs';
import { checkStore, withStore } from '../check-store.mjs';
import { balanceSheetOf } from './balance-sheet.mjs';
import { faultsIn } from './checker.mjs';
import { Ledger } from './ledger.mjs';
import { openMaps, STORE_OPTIONS } from './maps.mjs';
import { refuseUnknownInputs } from './unknown-inputs.mjs';

/** @import { Random } from '../random.mjs' */
/** @import { Report } from '../report.mjs' */
/** @import { Doom, Scenario } from '../rounds.mjs' */
/** @import { Chain } from '../../bitcoin/block-file.mjs' */
/** @import { Task } from './worker.mjs' */

/** What the worker does after its last block, and which report its killer waits for. */
const MOMENTS = /** @type {const} */ ([
  { share: 0.7, report: 'connecting', ending: 'nothing' },
  { share: 0.1, report: 'checkpointing', ending: 'checkpointing' },
  { share: 0.1, report: 'compacting', ending: 'compacting' },
  { share: 0.1, report: 'closing', ending: 'closing' },
]);
const IDLE_MOMENT = MOMENTS[3];

/** The commit of a small block takes less than one, that of a large one many. */
const DELAY_MS_MAX = 16;

/** @implements {Scenario} */
export class BlockScenario {
  #acknowledged = { height: -1, sequence: 0 };
  #ledger;

  /** @param {{ directory: string, file: string, seed: string, chain: Chain }} given */
  constructor({ directory, file, seed, chain }) {
    this.directory = directory;
    this.file = file;
    this.seed = seed;
    this.#ledger = new Ledger(chain);
  }

  /**
   * @param {{ directory: string, isNew: boolean, seed: string | undefined, file: string, isStrict: boolean }} place
   * @throws {InputError}
   */
  static async create({ directory, isNew, seed = newSeed(), file, isStrict }) {
    const chain = readChain(file);
    refuseUnknownInputs(chain, isStrict);
    if (!isNew) await refuseForeignStore(directory, chain);
    return new BlockScenario({ directory, file: resolve(file), seed, chain });
  }

  get title() {
    return `${number(this.#ledger.chain.blocks.length)} blocks`;
  }

  /** Spreads the kills over the blocks that are left. @param {Random} random @param {number} killsLeft @returns {Doom} */
  doom(random, killsLeft) {
    const blocksLeft = this.#ledger.lastHeight - this.#ledger.height;
    const { report, ending } = blocksLeft === 0 ? IDLE_MOMENT : random.pick(MOMENTS);
    const blocksMax = Math.floor((2 * blocksLeft) / (killsLeft + 1));
    const blocks = Math.min(blocksLeft, random.integer(1, Math.max(1, blocksMax)));
    const count = report === 'connecting' ? blocks : 1;
    const delayMs = random.fraction() ** 3 * DELAY_MS_MAX;
    return {
      worker: this.#worker({ blocks, ending, isDoomed: true }),
      moment: { label: report, report, count, delayMs },
    };
  }

  idleWorker() {
    return this.#worker({ blocks: 0, ending: 'nothing', isDoomed: true });
  }

  lastWorker() {
    return this.#worker({
      blocks: this.#ledger.chain.blocks.length,
      ending: 'closing',
      isDoomed: false,
    });
  }

  /** @param {Report} report */
  hear({ name, number: height, sequence }) {
    if (name !== 'connected') return false;
    this.#acknowledged = { height, sequence };
    return true;
  }

  /** @param {boolean} isThorough */
  check(isThorough) {
    return checkStore(this.directory, { ...STORE_OPTIONS, isThorough }, (store) => {
      const { sequence } = store.info;
      const acknowledged = this.#acknowledged;
      const faults = faultsIn(openMaps(store), this.#ledger, { sequence, acknowledged });
      const { undo, coins } = this.#ledger;
      return { summary: `blocks ${number(undo.size)}, coins ${number(coins.size)}`, faults };
    });
  }

  async result() {
    const { chain, lastHeight, unknown } = this.#ledger;
    const { coins, satoshi, digest } = await withStore(this.directory, STORE_OPTIONS, (store) =>
      balanceSheetOf(openMaps(store)),
    );
    return [
      `blocks ${number(chain.blocks.length)}, from height ${chain.firstHeight} to ${lastHeight}`,
      `coins ${number(coins)}`,
      `sum ${satoshi} satoshi = ${inBitcoin(satoshi)}`,
      `unknown inputs ${number(unknown.length)}`,
      `digest ${digest}`,
    ].join('\n');
  }

  /** @param {Omit<Task, 'directory' | 'file' | 'firstHeight'>} plan */
  #worker(plan) {
    const { directory, file } = this;
    const task = { directory, file, firstHeight: this.#ledger.chain.firstHeight, ...plan };
    return { script: new URL('worker.mjs', import.meta.url), task };
  }
}

/**
 * @param {string} directory
 * @param {Chain} chain
 * @throws {InputError} when the store does not hold the first blocks of the chain
 */
async function refuseForeignStore(directory, { blocks, firstHeight }) {
  const options = { ...STORE_OPTIONS, create: false };
  const tip = await withStore(directory, options, (store) => openMaps(store).headers.get('tip'));
  const block = tip && blocks[tip.height - firstHeight];
  if (block && hex(block.header) === hex(tip.header)) return;
  throw new InputError(`${directory} holds something else than the first blocks of this file`);
}
