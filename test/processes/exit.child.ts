/** A process, or a thread, that ends itself in the asked manner while it commits. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Store } from '../../src/index-node.ts';
import { Committing, type Plan } from './committing.ts';
import { report } from './report.ts';
import {
  FIRST_IDLE,
  FIRST_PLANNED,
  FORGETTING,
  FOUNDING,
  NARROW_QUOTA,
  openMaps,
} from './workload.ts';

export type Ending =
  | 'process.exit'
  | 'process.exit in a listener'
  | 'process.exit behind putSync'
  | 'process.exit in the middle of a transaction'
  | 'commits in an exit handler'
  | 'uncaught exception'
  | 'uncaught exception in a listener of its own'
  | 'unhandled rejection'
  | 'abort'
  | 'SIGTERM'
  | 'SIGINT'
  | 'SIGHUP'
  | 'open iterators and views'
  | 'nothing left to do'
  | 'commits in beforeExit'
  | 'terminate a thread'
  | 'process.exit in a thread';

export interface ExitTask extends Plan {
  readonly directory: string;
  readonly ending: Ending;
  /** Ends after so many commits. */
  readonly count: number;
  /** This file, where the work is to be done by a thread. */
  readonly program?: string;
}

const LANE_COUNT = 4;
const EXIT_CODE = 7;
/** Out of reach of the garbage collector, to the end. */
const held: unknown[] = [];

const task: ExitTask = isMainThread ? JSON.parse(String(process.argv[2])) : workerData;
if (task.program !== undefined && isMainThread) await superviseThread(task.program);
else await work();

/** The thread ends, the process goes on: the lock must be free for it at once. */
async function superviseThread(program: string): Promise<void> {
  const thread = new Worker(program, { workerData: task });
  const gone = new Promise((resolve) => thread.on('exit', resolve));
  thread.on('message', () => void thread.terminate());
  await gone;
  const store = await Store.open(task.directory);
  const { sequence } = store.info;
  await store.close();
  report('reopened', { sequence });
}

async function work(): Promise<void> {
  const store = await Store.open(task.directory);
  store.map('narrow', { quota: NARROW_QUOTA });
  const committing = new Committing(store, openMaps(store), task);
  if (openMaps(store).accounts.getCount() === 0) await committing.perform(FOUNDING);
  await committing.perform(FORGETTING);
  let next = FIRST_PLANNED;
  const perform = () => committing.perform(next++);
  prepare(store, perform);
  const isCounted = task.ending === 'nothing left to do' || task.ending === 'commits in beforeExit';
  let left = task.count;
  const runLane = async (): Promise<void> => {
    while (left > 0 || !isCounted) {
      left -= 1;
      if (left === 0) end(store, perform);
      await perform();
    }
  };
  for (let lane = 0; lane < LANE_COUNT; lane++) void runLane();
  if (left > LANE_COUNT) void store.checkpoint().catch(refuseSilently);
}

/** A store that ends with its process is not there any more for a checkpoint to be told. */
function refuseSilently(): void {}

type Perform = () => Promise<void>;

/** What has to be in place before the first commit. */
function prepare(store: Store, perform: Perform): void {
  const { ending } = task;
  if (ending === 'commits in an exit handler') {
    process.on('exit', () => commitBlocking(store));
  }
  if (ending === 'process.exit in a listener') {
    let left = task.count;
    store.on('commit', () => {
      left -= 1;
      if (left === 0) process.exit(EXIT_CODE);
    });
  }
  if (ending === 'uncaught exception in a listener of its own') {
    process.once('uncaughtException', () => process.exit(1));
  }
  if (ending === 'commits in beforeExit') {
    process.once('beforeExit', () => void perform());
  }
}

/** Called in the middle: other lanes have commits on their way. */
function end(store: Store, perform: Perform): void {
  switch (task.ending) {
    case 'process.exit':
    case 'commits in an exit handler':
    case 'process.exit in a thread':
      return void process.exit(EXIT_CODE);
    case 'process.exit behind putSync':
      commitBlocking(store);
      return void process.exit(EXIT_CODE);
    case 'process.exit in the middle of a transaction':
      store.begin().map(openMaps(store).texts).put(1, 'never committed');
      void perform();
      return void process.exit(EXIT_CODE);
    case 'uncaught exception':
    case 'uncaught exception in a listener of its own':
      return void setImmediate(() => {
        throw new Error('planned');
      });
    case 'unhandled rejection':
      return void Promise.reject(new Error('planned'));
    case 'abort':
      process.abort();
      break;
    case 'SIGTERM':
    case 'SIGINT':
    case 'SIGHUP':
      return void process.kill(process.pid, task.ending);
    case 'open iterators and views':
      holdIterators(store);
      return void process.exit(EXIT_CODE);
    case 'terminate a thread':
      parentPort?.postMessage('now');
  }
}

/** Works with the event loop gone: in an exit handler nothing else would. */
function commitBlocking(store: Store): void {
  const number = FIRST_IDLE;
  const { journal } = openMaps(store);
  const { sequence } = journal.putSync([task.life, number], number);
  report('acknowledged', { number, sequence });
}

function holdIterators(store: Store): void {
  const { texts, blobs } = openMaps(store);
  for (const range of [texts.getRange(), blobs.getRange({ reverse: true })]) {
    const iterator = range[Symbol.iterator]();
    iterator.next();
    held.push(iterator, store.view(), store.begin());
  }
}
