/** Worker processes that share the pieces of a run. */
import { type ChildProcess, fork } from 'node:child_process';
import type { PieceResult } from './piece-tally.ts';
import type { WorkerMessage, WorkerOrder } from './worker.ts';

export interface PoolOptions {
  /** The bundle of worker.ts. */
  readonly workerFile: string;
  readonly workerCount: number;
  onProgress(order: WorkerOrder, caseCount: number): void;
  onResult(result: PieceResult): void;
}

/** A piece that counts nothing for so many milliseconds hangs. */
const SILENCE_MAX = 300_000;
const ERROR_LENGTH_MAX = 600;

export async function runPieces(
  orders: readonly WorkerOrder[],
  options: PoolOptions,
): Promise<void> {
  const waiting = [...orders];
  const work = async () => {
    let worker: Worker | undefined;
    for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
      worker = worker?.isAlive === true ? worker : new Worker(options);
      options.onResult(await worker.run(order));
    }
    worker?.end();
  };
  await Promise.all(Array.from({ length: options.workerCount }, work));
}

class Worker {
  isAlive = true;
  readonly #process: ChildProcess;
  readonly #options: PoolOptions;
  #errorText = '';

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#process = fork(options.workerFile, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errorText = (this.#errorText + text).slice(-ERROR_LENGTH_MAX);
    });
  }

  /** A worker that dies of a piece, or never ends it, has found a failure. */
  run(order: WorkerOrder): Promise<PieceResult> {
    const start = performance.now();
    return new Promise((resolve) => {
      const finish = (result: PieceResult) => {
        clearTimeout(timer);
        this.#process.removeAllListeners();
        resolve(result);
      };
      const die = (reason: string) => {
        this.isAlive = false;
        const message = `${reason} ${this.#errorText}`.trim();
        finish(failedPiece(order, message, (performance.now() - start) / 1000));
      };
      const timer = setTimeout(() => {
        this.#process.kill('SIGKILL');
        die(`the piece counted nothing for ${SILENCE_MAX / 1000} seconds`);
      }, SILENCE_MAX);
      this.#process.on('exit', (code, signal) => die(`its process ended, ${signal ?? code}:`));
      this.#process.on('message', (message: WorkerMessage) => {
        timer.refresh();
        if (message.type === 'result') finish(message.result);
        else this.#options.onProgress(order, message.caseCount);
      });
      this.#process.send(order);
    });
  }

  end(): void {
    if (this.isAlive) this.#process.disconnect();
  }
}

function failedPiece({ gate, piece }: WorkerOrder, message: string, seconds: number): PieceResult {
  const failures = [{ message, replay: 'none' }];
  return { gate, piece, kinds: {}, failureCount: 1, failures, seconds };
}
