/**
 * One of very many openers: a process, or a thread of one. They wait for a word, open all at once,
 * and each writes down its turn in commits of its own.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Store } from '../../src/index-node.ts';
import { errorFacts, report } from './report.ts';

export interface OpenerTask {
  readonly directory: string;
  readonly opener: number;
  readonly lockTimeout: number;
  readonly isBlocking: boolean;
  /** Openers of this process beside its main thread, and this file for them. */
  readonly threads?: readonly OpenerTask[];
  readonly program?: string;
  /** For the tests: everybody has a lock of its own. */
  readonly hasNoLock?: boolean;
}

export interface Turn {
  readonly opener: number;
  readonly step: 'enter' | 'leave';
}

const task: OpenerTask = isMainThread ? JSON.parse(String(process.argv[2])) : workerData;
const { threads = [], program = '' } = task;
const workers = threads.map((workerData) => new Worker(program, { workerData }));
const gone = Promise.all(workers.map((worker) => once(worker, 'exit')));
report('ready', { opener: task.opener });

if (parentPort === null) await once(process.stdin, 'data');
else await once(parentPort, 'message');
for (const worker of workers) worker.postMessage('go');
await takeTurn();
await gone;
if (isMainThread) process.exit();
else parentPort?.close();

async function takeTurn(): Promise<void> {
  const { opener } = task;
  const start = performance.now();
  let store: Store;
  try {
    store = await open();
  } catch (error) {
    report('refused', { opener, ...errorFacts(error) });
    return;
  }
  report('opened', { opener, milliseconds: performance.now() - start });
  try {
    await write(store, 'enter');
    // Without a timeout nobody else gets a turn: the winner stays until all have tried.
    if (task.lockTimeout === 0) await untilTold();
    await write(store, 'leave');
    await store.close();
    report('left', { opener });
  } catch (error) {
    report('failed', { opener, ...errorFacts(error) });
  }
}

async function open(): Promise<Store> {
  const { directory, lockTimeout, isBlocking, hasNoLock } = task;
  const place = hasNoLock ? `${directory}.${task.opener}` : directory;
  return isBlocking ? Store.openSync(place) : Store.open(place, { lockTimeout });
}

async function write(store: Store, step: Turn['step']): Promise<void> {
  const turns = store.map<number, Turn>('turns');
  const [last] = turns.getKeys({ reverse: true, limit: 1 });
  await turns.put((last ?? 0) + 1, { opener: task.opener, step }, { ifAbsent: true });
}

async function untilTold(): Promise<void> {
  if (parentPort === null) {
    await once(process.stdin, 'data');
    return;
  }
  await once(parentPort, 'message');
}
