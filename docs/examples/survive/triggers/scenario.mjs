// @ts-check
/**
 * The default mode: agents answer made-up triggers until they are killed.
 */

import { InputError } from '../../input-error.mjs';
import { number } from '../../table.mjs';
import { newSeed } from '../arguments.mjs';
import { checkStore, withStore } from '../check-store.mjs';
import { Acknowledged } from './acknowledged.mjs';
import { contentsOf, faultsIn } from './checker.mjs';
import { openMaps, STORE_OPTIONS } from './maps.mjs';

/** @import { Random } from '../random.mjs' */
/** @import { Report } from '../report.mjs' */
/** @import { Doom, Scenario } from '../rounds.mjs' */
/** @import { Task } from './worker.mjs' */

/** `share` of the kills come at most `delayMsMax` after a report made up to `countMax` times. */
const MOMENTS = /** @type {const} */ ([
  { share: 0.15, label: 'starting', report: 'enqueued', countMax: 4, delayMsMax: 1 },
  { share: 0.45, label: 'committing', report: 'answered', countMax: 300, delayMsMax: 2 },
  { share: 0.2, label: 'checkpointing', report: 'checkpointing', countMax: 3, delayMsMax: 8 },
  { share: 0.1, label: 'compacting', report: 'compacting', countMax: 1, delayMsMax: 8 },
  { share: 0.1, label: 'closing', report: 'closing', countMax: 1, delayMsMax: 2 },
]);

/** A directory of something else stays as it is. */
const KEPT_STORE_OPTIONS = { ...STORE_OPTIONS, create: false };

const ENDLESS = Number.MAX_SAFE_INTEGER;
const COMMITS_BEFORE_CLOSING_MAX = 400;
const LAST_COMMITS = 1000;

/** @implements {Scenario} */
export class TriggerScenario {
  title = 'triggers';
  #acknowledged = new Acknowledged();

  /** @param {string} directory @param {string} seed */
  constructor(directory, seed) {
    this.directory = directory;
    this.seed = seed;
  }

  /**
   * A store that is already there was made with a seed of its own, and keeps it.
   *
   * @param {{ directory: string, isNew: boolean, seed: string | undefined }} place
   */
  static async create({ directory, isNew, seed }) {
    if (isNew) return new TriggerScenario(directory, seed ?? newSeed());
    const stored = await withStore(directory, KEPT_STORE_OPTIONS, (store) =>
      openMaps(store).settings.get('seed'),
    );
    if (stored === undefined) throw new InputError(`${directory} holds another store`);
    if (seed !== undefined && seed !== stored) {
      throw new InputError(`${directory} was made with --seed ${stored}`);
    }
    return new TriggerScenario(directory, stored);
  }

  /** @param {Random} random @returns {Doom} */
  doom(random) {
    const { label, report, countMax, delayMsMax } = random.pick(MOMENTS);
    const count = random.integer(1, countMax);
    const delayMs = random.fraction() * delayMsMax;
    const commits = label === 'closing' ? random.integer(1, COMMITS_BEFORE_CLOSING_MAX) : ENDLESS;
    return {
      worker: this.#worker({ commits, isDoomed: true }),
      moment: { label, report, count, delayMs },
    };
  }

  idleWorker() {
    return this.#worker({ commits: ENDLESS, isDoomed: true });
  }

  lastWorker() {
    return this.#worker({ commits: LAST_COMMITS, isDoomed: false });
  }

  /** @param {Report} report */
  hear(report) {
    return this.#acknowledged.add(report);
  }

  /** @param {boolean} isThorough */
  check(isThorough) {
    return checkStore(this.directory, { ...STORE_OPTIONS, isThorough }, (store) => {
      const contents = contentsOf(openMaps(store));
      const { responses, pending } = contents;
      return {
        summary: `answered ${number(responses.size)}, pending ${number(pending.size)}`,
        faults: faultsIn(contents, {
          sequence: store.info.sequence,
          seed: this.seed,
          acknowledged: this.#acknowledged,
        }),
      };
    });
  }

  async result() {
    return 'Every acknowledged commit is there, and every commit is whole.';
  }

  /** @param {Pick<Task, 'commits' | 'isDoomed'>} plan */
  #worker(plan) {
    const task = { directory: this.directory, seed: this.seed, ...plan };
    return { script: new URL('worker.mjs', import.meta.url), task };
  }
}
