/** Works on a store that is much larger than the heap it is given. */
import { Store, type Write } from '../../src/index-node.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { report } from './report.ts';

export interface SmallHeapTask {
  readonly directory: string;
  readonly bytes: number;
  /** Fill the heap with something else until the process dies of it. */
  readonly isGreedy: boolean;
}

export const ENTRY_SIZE = 1000;
const BATCH_COUNT = 200;
const READ_COUNT = 3000;
const CACHE_BYTES = 4 << 20;
const CHECKPOINT_BYTES = 8 << 20;
const GREED = 50_000;

const task: SmallHeapTask = JSON.parse(String(process.argv[2]));
const entryCount = Math.ceil(task.bytes / ENTRY_SIZE);
const options = { cacheBytes: CACHE_BYTES, checkpointBytes: CHECKPOINT_BYTES };
const entriesOf = (store: Store) => store.map<number, Uint8Array>('entries', { value: 'binary' });

const isWhole = (key: number, value: Uint8Array | undefined): boolean =>
  value !== undefined && entryOf(key).every((byte, at) => value[at] === byte);

if (task.isGreedy) await dieOfGreed();
else await work();

async function work(): Promise<void> {
  let store = await Store.open(task.directory, options);
  await load(store);
  tell('load', { entries: entryCount });
  await store.close();
  store = await Store.open(task.directory, options);
  tell('open', { entries: entriesOf(store).getCount() });
  tell('read', { wrong: read(store) });
  tell('scan', scan(store));
  await store.compact();
  tell('compact', { entries: entriesOf(store).getCount() });
  tell('scan compacted', scan(store));
  tell('verify', { isSound: (await store.verify()).isSound });
  await store.close();
  report('done');
}

async function load(store: Store): Promise<void> {
  entriesOf(store);
  for (let start = 0; start < entryCount; start += BATCH_COUNT) {
    const writes: Write[] = [];
    for (let key = start; key < Math.min(entryCount, start + BATCH_COUNT); key++) {
      writes.push({ type: 'put', map: 'entries', key, value: entryOf(key) });
    }
    await store.batch(writes, { durability: 'buffered' });
  }
}

function entryOf(key: number): Uint8Array {
  const value = new Uint8Array(ENTRY_SIZE);
  const numbers = new SeededRandom(key);
  for (let at = 0; at < ENTRY_SIZE; at += 8) value[at] = numbers.below(256);
  return value;
}

function read(store: Store): number {
  const random = new SeededRandom(7);
  let wrong = 0;
  for (let count = 0; count < READ_COUNT; count++) {
    const key = random.below(entryCount);
    if (!isWhole(key, entriesOf(store).get(key))) wrong += 1;
  }
  return wrong;
}

function scan(store: Store): { readonly entries: number; readonly wrong: number } {
  let entries = 0;
  let wrong = 0;
  for (const { key, value } of entriesOf(store).getRange()) {
    if (key !== entries || value.length !== ENTRY_SIZE) wrong += 1;
    entries += 1;
  }
  return { entries, wrong };
}

function tell(step: string, facts: { readonly [fact: string]: unknown }): void {
  const { rss, heapUsed } = process.memoryUsage();
  report('step', { step, rss, heapUsed, ...facts });
}

async function dieOfGreed(): Promise<void> {
  const store = await Store.open(task.directory, options);
  const hoard: string[][] = [];
  for (let key = 0; ; key++) {
    const { sequence } = await entriesOf(store).put(key, entryOf(key));
    report('acknowledged', { number: key, sequence });
    hoard.push(Array.from({ length: GREED }, (_, at) => `${key} ${at}`));
  }
}
