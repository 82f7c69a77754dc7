/**
 * A process that opens a store, commits in several lanes, writes checkpoints, compacts, closes and
 * opens it again, and reports each step; until it is killed, or ends itself in the asked manner.
 */
import { Store } from '../../src/index-node.ts';
import { Committing, type Plan } from './committing.ts';
import { report } from './report.ts';
import { FIRST_PLANNED, FORGETTING, FOUNDING, NARROW_QUOTA, openMaps } from './workload.ts';

export interface LifeTask extends Plan {
  readonly directory: string;
}

const LANE_COUNT = 5;
const ACTIONS_PER_LANE = 6;
const ROUNDS_BETWEEN_CLOSES = 3;
const CHECKPOINT_BYTES = 256 << 10;

const task: LifeTask = JSON.parse(String(process.argv[2]));
let number = FIRST_PLANNED;

for (let isFirst = true; ; isFirst = false) {
  const store = await open();
  const committing = new Committing(store, openMaps(store), task);
  if (isFirst) await begin(store, committing);
  for (let round = 1; round <= ROUNDS_BETWEEN_CLOSES; round++) {
    const lanes = Array.from({ length: LANE_COUNT }, () => runLane(committing));
    await Promise.all([...lanes, maintain(store, round)]);
  }
  report('closing');
  await store.close();
  report('closed');
}

async function open(): Promise<Store> {
  report('opening');
  const start = performance.now();
  const store = await Store.open(task.directory, { checkpointBytes: CHECKPOINT_BYTES });
  const { sequence, chain, lock } = store.info;
  report('opened', { sequence, chain, lock, milliseconds: performance.now() - start });
  return store;
}

async function begin(store: Store, committing: Committing): Promise<void> {
  store.map('narrow', { quota: NARROW_QUOTA });
  if (openMaps(store).accounts.getCount() === 0) await committing.perform(FOUNDING);
  await committing.perform(FORGETTING);
}

async function runLane(committing: Committing): Promise<void> {
  for (let count = 0; count < ACTIONS_PER_LANE; count++) await committing.perform(number++);
}

async function maintain(store: Store, round: number): Promise<void> {
  report('maintaining', { round });
  await (round === 2 ? store.compact() : store.checkpoint());
  report('maintained');
}
