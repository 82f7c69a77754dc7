/** Chance and time, which the engine never reaches for itself. */

import type { File } from '../fs/file-system.ts';
import { type Awaitable, cannotBlock, runAsync, runSync, type Task } from '../fs/task.ts';
import { nextTurn } from '../fs/turn.ts';

export interface Environment {
  randomBytes(size: number): Uint8Array;
  /** Lets the event loop run other work. */
  pause(): Promise<void>;
  /** Milliseconds. */
  sleep(duration: number): Promise<void>;
  /**
   * Calls `run` after so many milliseconds, at most 2^31 - 1, unless what it returns is called
   * before.
   */
  timer(duration: number, run: () => void): () => void;
}

/** How a task is carried out: with waiting, or with blocking calls only. */
export interface Manner {
  readonly isBlocking: boolean;
  sync(file: File): Awaitable<void>;
  pause(): Awaitable<void>;
  run<T>(task: Task<T>): Awaitable<T>;
}

export function waitingManner(environment: Environment): Manner {
  return {
    isBlocking: false,
    sync: (file) => file.sync(),
    pause: () => environment.pause(),
    run: runAsync,
  };
}

export const BLOCKING: Manner = {
  isBlocking: true,
  sync(file) {
    if (file.syncNow === undefined) throw cannotBlock();
    file.syncNow();
  },
  pause: () => undefined,
  run: runSync,
};

/** In milliseconds, almost 25 days. Hosts take anything longer for none at all. */
const TIMER_MAX = 2 ** 31 - 1;

/** What every host of JavaScript has. */
export const DEFAULT_ENVIRONMENT: Environment = {
  randomBytes: (size) => globalThis.crypto.getRandomValues(new Uint8Array(size)),
  pause: nextTurn,
  sleep: (duration) => new Promise((resolve) => setTimeout(resolve, duration)),
  timer: (duration, run) => {
    const timer = setTimeout(run, Math.min(duration, TIMER_MAX));
    return () => clearTimeout(timer);
  },
};
