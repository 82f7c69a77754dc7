/**
 * Runs a campaign in a thread, and watches it from outside: a thread that hangs, or that runs out of
 * memory, cannot tell on which input. So each input stands in shared memory before it is run.
 */
import { Worker } from 'node:worker_threads';
import { directoryOf, writeInput } from './corpus.ts';

export interface WatchedRun {
  readonly name: string;
  readonly bundle: string;
  /** Of the project. */
  readonly root: string;
  /** A path: this input alone. */
  readonly input: string | undefined;
  readonly seed: number;
  readonly runs: number;
  readonly seconds: number;
  readonly findingCountMax: number;
  /** Afterwards the corpus is chosen anew from it and from all that was discovered. */
  readonly isMerge: boolean;
}

interface SavedFinding {
  readonly path: string;
  readonly size: number;
  readonly description: string;
}

export interface WatchedReport {
  readonly runCount: number;
  readonly seconds: number;
  readonly covered: number;
  readonly counterCount: number;
  readonly newEntries: number;
  readonly seed: number;
  readonly findings: readonly SavedFinding[];
}

export interface ThreadOrder extends WatchedRun {
  readonly desk: SharedArrayBuffer;
}

/** Int32: how many inputs have begun, and the size of the present one; then its bytes. */
export const DESK_HEAD_SIZE = 8;
const DESK_SIZE = 1 << 20;
const HANG_SECONDS = 30;
const HEAP_MEGABYTES = 512;

export async function runWatched(run: WatchedRun): Promise<WatchedReport> {
  const desk = new SharedArrayBuffer(DESK_SIZE);
  const workerData: ThreadOrder = { ...run, desk };
  const thread = new Worker(new URL('./thread.mjs', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES },
  });
  const start = performance.now();
  const died = (description: string): WatchedReport => {
    const input = inputOn(desk);
    const path = writeInput(directoryOf('findings', run), input);
    return {
      ...{ covered: 0, counterCount: 0, newEntries: 0, seed: run.seed },
      runCount: new Int32Array(desk, 0, 2)[0] ?? 0,
      seconds: (performance.now() - start) / 1000,
      findings: [{ path, size: input.length, description: `${description} (not minimised)` }],
    };
  };
  return new Promise((resolve, reject) => {
    const stopWatching = watch(desk, () => {
      void thread.terminate();
      resolve(died(`it hangs for more than ${HANG_SECONDS} s`));
    });
    thread.once('message', (report: WatchedReport) => resolve(report));
    thread.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve(died('it runs out of memory'));
      else reject(error);
    });
    thread.once('exit', stopWatching);
  });
}

/** Calls `onHang` when one input takes too long, unless what it returns was called. */
function watch(desk: SharedArrayBuffer, onHang: () => void): () => void {
  const head = new Int32Array(desk, 0, 2);
  let last = -1;
  let stillFor = 0;
  const timer = setInterval(() => {
    const begun = Atomics.load(head, 0);
    stillFor = begun === last ? stillFor + 1 : 0;
    last = begun;
    if (begun > 0 && stillFor >= HANG_SECONDS) onHang();
  }, 1000);
  return () => clearInterval(timer);
}

function inputOn(desk: SharedArrayBuffer): Uint8Array {
  const size = new Int32Array(desk, 0, 2)[1] ?? 0;
  return new Uint8Array(desk, DESK_HEAD_SIZE, size).slice();
}
