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

/** @import { Maps } from './maps.mjs' */

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

await work(JSON.parse(process.argv[2] ?? '{}'));

/** @param {Task} task */
async function work({ directory, seed, commits, isDoomed }) {
  report('opening');
  const store = await Store.open(directory, STORE_OPTIONS);
  report('opened');
  await transitions(store, seed, commits);
  report('closing');
  await store.close();
  report('done');
  if (isDoomed) setInterval(() => {}, 1000);
}

/**
 * Each step takes in a burst of triggers while the agents answer what was there before it.
 *
 * @param {Store} store
 * @param {string} seed
 * @param {number} commits
 */
async function transitions(store, seed, commits) {
  const maps = openMaps(store);
  const random = randomOf(seed, 'burst', store.info.sequence);
  if (maps.balances.getCount() === 0) await commit('founded', 0, store, founding(maps, seed));
  const end = store.info.sequence + commits;
  let upkeep = Promise.resolve();
  for (let step = 1; store.info.sequence < end; step++) {
    const agents = Array.from({ length: AGENT_COUNT }, (_, agent) =>
      answerAll(store, maps, agent, seed),
    );
    await Promise.all([takeIn(store, maps, random.integer(1, BURST_MAX), seed), ...agents]);
    if (step % STEPS_BETWEEN_CHECKPOINTS > 0) continue;
    await upkeep;
    upkeep = keepUp(store, step / STEPS_BETWEEN_CHECKPOINTS);
  }
  await upkeep;
}

/** @param {Store} store @param {Maps} maps @param {number} count @param {string} seed */
async function takeIn(store, maps, count, seed) {
  const first = nextNumber(maps);
  const commits = [];
  for (let number = first; number < first + count; number++) {
    commits.push(commit('enqueued', number, store, enqueueing(maps, triggerOf(seed, number))));
  }
  await Promise.all(commits);
}

/** @param {Store} store @param {Maps} maps @param {number} agent @param {string} seed */
async function answerAll(store, maps, agent, seed) {
  for (const { value: trigger } of pendingOf(maps, agent)) {
    await commit('answered', trigger.number, store, answering(maps, trigger, seed));
  }
}

/**
 * @param {string} name
 * @param {number} number
 * @param {Store} store
 * @param {import('onewal').Write[]} writes
 */
async function commit(name, number, store, writes) {
  const { sequence } = await store.batch(writes);
  report(name, number, sequence);
}

/** Commits go on meanwhile. @param {Store} store @param {number} turn */
async function keepUp(store, turn) {
  if (turn % CHECKPOINTS_BETWEEN_COMPACTIONS === 0) {
    report('compacting');
    await store.compact();
  } else {
    report('checkpointing');
    await store.checkpoint();
  }
  report('kept up');
}
