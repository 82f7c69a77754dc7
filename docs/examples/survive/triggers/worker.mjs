// @ts-check
/**
 * The process that is killed. It takes triggers in and lets the agents answer them, as many commits
 * at once as it can, and reports every commit the moment it is acknowledged.
 */
import { Store } from 'onewal';
import { randomOf } from '../random.mjs';
import { report } from '../report.mjs';
import {
  answering,
  enqueueing,
  founding,
  nextNumber,
  openMaps,
  pendingOf,
  STORE_OPTIONS,
} from './maps.mjs';
import { AGENT_COUNT, triggerOf } from './workload.mjs';

/** @import { Write } from 'onewal' */

/**
 * @typedef {object} Task
 * @property {string} directory
 * @property {string} seed
 * @property {number} commits after this many it closes the store and ends
 * @property {boolean} isDoomed it never ends by itself: its parent will kill it
 */

const BURST_MAX = 16; // triggers taken in at once
const STEPS_BETWEEN_CHECKPOINTS = 6;
const CHECKPOINTS_BETWEEN_COMPACTIONS = 3;

/** @param {Task} task */
async function work({ directory, seed, commits, isDoomed }) {
  report('opening');
  const store = await Store.open(directory, STORE_OPTIONS);
  report('opened');
  await new Agents(store, seed).work(commits);
  report('closing');
  await store.close();
  report('done');
  if (isDoomed) setInterval(() => {}, 1000);
}

class Agents {
  /** @param {Store} store @param {string} seed */
  constructor(store, seed) {
    this.store = store;
    this.seed = seed;
    this.maps = openMaps(store);
  }

  /**
   * Each step takes in a burst of triggers, while the agents answer what was there before it.
   *
   * @param {number} commits how many, at least
   */
  async work(commits) {
    const { store, maps, seed } = this;
    if (maps.balances.getCount() === 0) await this.#commit('founded', 0, founding(maps, seed));
    const random = randomOf(seed, 'burst', store.info.sequence);
    const end = store.info.sequence + commits;
    let upkeep = Promise.resolve();
    for (let step = 1; store.info.sequence < end; step++) {
      const agents = Array.from({ length: AGENT_COUNT }, (_, agent) => this.#answerAll(agent));
      await Promise.all([this.#takeIn(random.integer(1, BURST_MAX)), ...agents]);
      if (step % STEPS_BETWEEN_CHECKPOINTS > 0) continue;
      await upkeep;
      upkeep = this.#keepUp(step / STEPS_BETWEEN_CHECKPOINTS);
    }
    await upkeep;
  }

  /** @param {number} count */
  async #takeIn(count) {
    const first = nextNumber(this.maps);
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    const triggers = numbers.map((number) => triggerOf(this.seed, number));
    await Promise.all(
      triggers.map((trigger) =>
        this.#commit('enqueued', trigger.number, enqueueing(this.maps, trigger)),
      ),
    );
  }

  /** @param {number} agent */
  async #answerAll(agent) {
    for (const { value: trigger } of pendingOf(this.maps, agent)) {
      await this.#commit('answered', trigger.number, answering(this.maps, trigger, this.seed));
    }
  }

  /** @param {string} name @param {number} number @param {Write[]} writes */
  async #commit(name, number, writes) {
    const { sequence } = await this.store.batch(writes);
    report(name, number, sequence);
  }

  /** Commits go on meanwhile. @param {number} turn */
  async #keepUp(turn) {
    const isCompaction = turn % CHECKPOINTS_BETWEEN_COMPACTIONS === 0;
    report(isCompaction ? 'compacting' : 'checkpointing');
    await (isCompaction ? this.store.compact() : this.store.checkpoint());
  }
}

await work(JSON.parse(process.argv[2] ?? '{}'));
