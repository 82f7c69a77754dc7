/** An owner that commits until it hears otherwise: by a word on its standard input, or by an error. */
import { mkdirSync } from 'node:fs';
import { NodeFileSystem } from '../../src/fs/node.ts';
import { type NodeLock, takeNodeLock } from '../../src/fs/node-lock.ts';
import { Store } from '../../src/index-node.ts';
import { errorFacts, report } from './report.ts';

export interface ZombieTask {
  readonly directory: string;
  readonly owner: string;
  readonly lock: 'kernel' | 'heartbeat';
  readonly lockTimeout: number;
  readonly work: 'waiting' | 'blocking' | 'maintaining';
  /** For the tests: the heartbeat tells nobody anything. */
  readonly isDeaf?: boolean;
}

export const STALE_MILLISECONDS = 2000;
const PAYLOAD_SIZE = 2000;
const LANE_COUNT = 3;
const COMMITS_BETWEEN_TURNS = 40;
const turn = () => new Promise((resolve) => setImmediate(resolve));
const CHECKPOINT_BYTES = 128 << 10;

/** As where the kernel has no lock for us. */
class HeartbeatFileSystem extends NodeFileSystem {
  override lock(): NodeLock {
    mkdirSync(task.directory, { recursive: true });
    const lock = takeNodeLock(task.directory, {
      staleMs: STALE_MILLISECONDS,
      kernelLock: () => ({ kind: 'unavailable' }),
    });
    if (task.isDeaf) Object.defineProperty(lock, 'isLost', { value: false });
    if (task.isDeaf) lock.onLost = () => undefined;
    return lock;
  }
}

const task: ZombieTask = JSON.parse(String(process.argv[2]));
let isAsked = false;
let number = 0;
process.stdin.on('data', () => {
  isAsked = true;
});
await main();
process.exit();

async function main(): Promise<void> {
  let store: Store;
  try {
    store = await open();
  } catch (error) {
    report('refused', errorFacts(error));
    return;
  }
  try {
    const lanes = Array.from({ length: LANE_COUNT }, () => commitOn(store));
    await Promise.all(task.work === 'maintaining' ? [...lanes, maintain(store)] : lanes);
  } catch (error) {
    report('lost', errorFacts(error));
  }
  await store.close().then(
    () => report('closed'),
    (error: unknown) => report('closed', errorFacts(error)),
  );
}

async function open(): Promise<Store> {
  const { directory, lockTimeout } = task;
  const location = task.lock === 'heartbeat' ? new HeartbeatFileSystem(directory) : directory;
  const options = { lockTimeout, checkpointBytes: CHECKPOINT_BYTES };
  const store = await Store.open(location, options);
  store.on('error', ({ message }) => report('trouble', { message }));
  report('opened', { sequence: store.info.sequence, lock: store.info.lock });
  return store;
}

/** Blocking work gives way rarely: a heartbeat that nobody hears meanwhile must not do harm. */
async function commitOn(store: Store): Promise<void> {
  const map = store.map<readonly [string, number], Uint8Array>('turns', { value: 'binary' });
  while (!isAsked) {
    const key = [task.owner, number++] as const;
    const payload = new Uint8Array(PAYLOAD_SIZE).fill(key[1]);
    const { sequence } =
      task.work === 'blocking' ? map.putSync(key, payload) : await map.put(key, payload);
    report('acknowledged', { number: key[1], sequence });
    if (number % COMMITS_BETWEEN_TURNS === 0) await turn();
  }
}

async function maintain(store: Store): Promise<void> {
  while (!isAsked) {
    await store.checkpoint();
    await store.compact();
    report('maintained');
    await turn();
  }
}
