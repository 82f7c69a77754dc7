/** Works in a place that has no room, no descriptors, no permission, or is taken away. */
import { closeSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnewalError, Store } from '../../src/index-node.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { report } from './report.ts';

export interface DiskTask {
  readonly directory: string;
  readonly seed: number;
  readonly scenario: 'no room' | 'tiny' | 'file size' | 'descriptors' | 'read only' | 'removed';
  /** For the tests: believes what failed. */
  readonly isGullible?: boolean;
}

type Bytes = Uint8Array;

const CYCLES = 4;
const FAILURE_COUNT = 5;
const DELETION_COUNT = 20;
const LEFT_COUNT = 5;
/** 256 KiB of them, and one more. */
const COMMITS_IN_ZEROS_MAX = 45;
const OPEN_COUNT = 1000;
const CHECKPOINT_COUNT = 3;
const LOSS_MILLISECONDS_MAX = 60_000;

const task: DiskTask = JSON.parse(String(process.argv[2]));
const random = new SeededRandom(task.seed);
/** What was acknowledged. */
const model = new Map<number, Bytes>();
const SCENARIOS: { readonly [scenario in DiskTask['scenario']]: () => Promise<void> } = {
  'no room': fillAndEmpty,
  tiny: beRefused,
  'file size': reachFileSize,
  descriptors: useUpDescriptors,
  'read only': stayOut,
  removed: loseDirectory,
};
await SCENARIOS[task.scenario]();
report('done');

function expectTrue(isSo: boolean, what: string): void {
  report(isSo ? 'held' : 'fault', { what });
}

function mapOf(store: Store) {
  return store.map<number, Bytes>('m', { value: 'binary' });
}

/** 'done', or what it was refused with. */
async function attempt(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'done';
  } catch (error) {
    if (!(error instanceof OnewalError)) return `not documented: ${error}`;
    return `${error.code} ${error.committed ?? ''}`.trim();
  }
}

async function put(store: Store, key: number, size: number): Promise<string> {
  const value = random.bytes(size);
  const outcome = await attempt(() => mapOf(store).put(key, value));
  if (outcome === 'done' || task.isGullible) model.set(key, value);
  return outcome;
}

async function remove(store: Store, key: number): Promise<string> {
  const outcome = await attempt(() => mapOf(store).remove(key));
  if (outcome === 'done') model.delete(key);
  return outcome;
}

function compare(store: Store, when: string): void {
  const found = new Map([...mapOf(store).getRange()].map(({ key, value }) => [key, value]));
  const isSame =
    found.size === model.size &&
    [...model].every(
      ([key, value]) => Buffer.compare(found.get(key) ?? new Uint8Array(), value) === 0,
    );
  expectTrue(isSame, `${when}, what was acknowledged is there, and nothing else`);
}

async function compareReopened(directory: string): Promise<void> {
  const store = await Store.open(directory);
  compare(store, 'opened again');
  expectTrue((await store.verify()).isSound, 'every file is sound');
  await store.close();
}

/** Fills the disk, deletes out of the reserve, and goes on; in between somebody else fills it. */
async function fillAndEmpty(): Promise<void> {
  const { directory } = task;
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const store = await Store.open(directory);
    await fill(store, cycle * 1000);
    compare(store, 'on the full disk');
    await deleteMost(store);
    compare(store, 'after deletions on the full disk');
    const checkpoint = await attempt(() => store.checkpoint());
    expectTrue(checkpoint === 'done', `a checkpoint behind deletions is ${checkpoint}`);
    const again = await put(store, cycle, 100);
    expectTrue(again === 'done', `when there is room again, a commit is ${again}`);
    await elsewhere(store);
    await store.close();
    await compareReopened(directory);
  }
}

/** Some one by one, most at once: a checkpoint needs room for what is left. */
async function deleteMost(store: Store): Promise<void> {
  for (const key of [...model.keys()].slice(0, DELETION_COUNT)) {
    const outcome = await remove(store, key);
    expectTrue(outcome === 'done', `a deletion on the full disk is ${outcome}`);
  }
  const [end] = [...model.keys()].sort((left, right) => left - right).slice(-LEFT_COUNT);
  const cleared = await attempt(() => mapOf(store).clear({ end: end ?? 0 }));
  expectTrue(cleared === 'done', `a clear on the full disk is ${cleared}`);
  for (const key of model.keys()) if (key < (end ?? 0)) model.delete(key);
}

async function fill(store: Store, first: number): Promise<void> {
  let outcome = 'done';
  for (let key = first; outcome === 'done'; key++) {
    outcome = await put(store, key, 200 + random.below(3000));
  }
  for (let count = 0; count < FAILURE_COUNT; count++) {
    expectTrue(outcome === 'DISK_FULL no', `a commit on the full disk is ${outcome}`);
    outcome = await put(store, first + 999, 5000);
  }
}

/** The room that is missing is used by somebody else, and given back. */
async function elsewhere(store: Store): Promise<void> {
  const ballast = join(task.directory, '..', 'ballast');
  for (let size = 1 << 20; size >= 1024; size = Math.floor(size / 2)) {
    while (canAppend(ballast, size));
  }
  // Zeros that stand ready are room that nobody else can take: a commit or more may still fit.
  let full = 'done';
  for (let count = 0; full === 'done' && count < COMMITS_IN_ZEROS_MAX; count++) {
    full = await put(store, 777, 6000);
  }
  expectTrue(full === 'DISK_FULL no', `a commit on a disk that others have filled is ${full}`);
  rmSync(ballast);
  const again = await put(store, 777, 600);
  expectTrue(again === 'done', `without a restart, a commit behind it is ${again}`);
}

function canAppend(path: string, size: number): boolean {
  try {
    writeFileSync(path, new Uint8Array(size), { flag: 'a' });
    return true;
  } catch {
    return false;
  }
}

/** Not even the reserve fits: it may open, but then it takes nothing but deletions. */
async function beRefused(): Promise<void> {
  let store: Store | undefined;
  const opened = await attempt(async () => {
    store = await Store.open(task.directory);
  });
  expectTrue(opened === 'done' || opened === 'DISK_FULL', `an open is ${opened}`);
  if (store === undefined) return;
  const outcome = await put(store, 1, 10);
  expectTrue(outcome === 'DISK_FULL no', `without a reserve a commit is ${outcome}`);
  await store.close();
  await compareReopened(task.directory);
}

/** `ulimit -f`: one file can grow no further. Entries are written over, so that little is there. */
async function reachFileSize(): Promise<void> {
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const store = await Store.open(task.directory);
    let outcome = 'done';
    for (let count = 0; outcome === 'done'; count++) outcome = await put(store, count % 8, 2000);
    expectTrue(outcome === 'DISK_FULL no', `a commit above the limit is ${outcome}`);
    compare(store, 'at the limit');
    expectTrue((await attempt(() => store.checkpoint())) === 'done', 'a checkpoint starts anew');
    const again = await put(store, 1, 2000);
    expectTrue(again === 'done', `behind it a commit is ${again}`);
    await store.close();
    await compareReopened(task.directory);
  }
}

function descriptorCount(): number {
  return readdirSync('/proc/self/fd').length;
}

function hoardDescriptors(): number[] {
  const descriptors: number[] = [];
  try {
    for (;;) descriptors.push(openSync('/dev/null', 'r'));
  } catch {
    return descriptors;
  }
}

/** `ulimit -n`. */
async function useUpDescriptors(): Promise<void> {
  const { directory } = task;
  await (await Store.open(directory)).close();
  const before = descriptorCount();
  const store = await Store.open(directory);
  for (let key = 0; key < CHECKPOINT_COUNT; key++) {
    await put(store, key, 20_000);
    const hoard = hoardDescriptors();
    const outcome = await attempt(() => store.checkpoint());
    expectTrue(outcome === 'IO', `a checkpoint without descriptors is ${outcome}`);
    const committed = await put(store, 100 + key, 300);
    expectTrue(committed === 'done', `a commit without descriptors is ${committed}`);
    for (const descriptor of hoard) closeSync(descriptor);
    expectTrue((await attempt(() => store.checkpoint())) === 'done', 'with some, it is done');
  }
  await store.close();
  await openWithout(directory);
  for (let count = 0; count < OPEN_COUNT; count++) await (await Store.open(directory)).close();
  const after = descriptorCount();
  expectTrue(after === before, `${before} descriptors before ${OPEN_COUNT} opens, ${after} behind`);
  await compareReopened(directory);
}

/** Leaves some descriptors over, none at first: an open fails at another place each time. */
async function openWithout(directory: string): Promise<void> {
  const hoard = hoardDescriptors();
  let outcome = '';
  while (outcome !== 'done' && hoard.length > 0) {
    outcome = await attempt(async () => (await Store.open(directory)).close());
    expectTrue(outcome === 'IO' || outcome === 'done', `an open without descriptors is ${outcome}`);
    const last = hoard.pop();
    if (last !== undefined) closeSync(last);
  }
  for (const descriptor of hoard) closeSync(descriptor);
}

/** Somebody else's store: it can be read at most. */
async function stayOut(): Promise<void> {
  const { directory } = task;
  const made = await attempt(() => Store.open(join(directory, 'new')));
  expectTrue(made === 'PERMISSION', `a store in a directory of others is ${made}`);
  const opened = await attempt(() => Store.open(join(directory, 'store')));
  expectTrue(opened === 'PERMISSION', `the store of others is ${opened}`);
  const reader = await Store.open(join(directory, 'store'), { readOnly: true });
  expectTrue(reader.map('m').get(1) === 'readable', 'it can be read');
  await reader.close();
}

/** The heartbeat finds neither its file nor a place for another. */
function hearOfLoss(store: Store): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LOSS_MILLISECONDS_MAX);
    store.on('lost', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** What is left can be read; nothing that fails is not documented, and nothing hangs. */
async function loseDirectory(): Promise<void> {
  const { directory } = task;
  const before = descriptorCount();
  const store = await Store.open(directory);
  for (let key = 0; key < 20; key++) await put(store, key, 1000);
  await store.checkpoint();
  await put(store, 20, 1000);
  rmSync(directory, { recursive: true });
  compare(store, 'in the removed directory');
  const checkpoint = await attempt(() => store.checkpoint());
  expectTrue(/^(IO|LOCK_LOST)/.test(checkpoint), `a checkpoint there is ${checkpoint}`);
  await hearOfLoss(store);
  const commit = await put(store, 21, 1000);
  expectTrue(commit === 'LOCK_LOST no', `a commit there is ${commit}`);
  compare(store, 'behind that');
  const closed = await attempt(() => store.close());
  expectTrue(!closed.startsWith('not documented'), `a close there is ${closed}`);
  expectTrue(descriptorCount() === before, 'no descriptor is left');
  model.clear();
  await compareReopened(directory);
}
