/** The lock of a file system that lives in this process: one holder, and nobody to dispute it. */
import { LockedError, type LockHolder } from '../errors.ts';
import type { Lock } from './file-system.ts';
import type { Awaitable } from './task.ts';

/** Where the lock is taken: one per file system. */
export class ProcessLockSeat {
  readonly #location: string;
  #holder: ProcessLock | undefined;

  constructor(location: string) {
    this.#location = location;
  }

  /** Throws LOCKED while another lock is held. `answer` wraps what `release` returns. */
  take(answer: (work: () => void) => Awaitable<void>): ProcessLock {
    if (this.#holder !== undefined) {
      const message = `${this.#location} is in use by another store of this process: close it first`;
      throw new LockedError('LOCKED', message, { holder: this.#holder.holder });
    }
    const lock = new ProcessLock((released) =>
      answer(() => {
        if (this.#holder === released) this.#holder = undefined;
      }),
    );
    this.#holder = lock;
    return lock;
  }

  /** Takes the lock away from its holder, as a host may. */
  revoke(cause: unknown): void {
    const lock = this.#holder;
    this.#holder = undefined;
    lock?.lose(cause);
  }
}

class ProcessLock implements Lock {
  readonly holder: LockHolder = {};
  abandon?: () => void;
  readonly #leave: (lock: ProcessLock) => Awaitable<void>;
  readonly #listeners = new Set<(cause: unknown) => void>();
  #isLost = false;

  constructor(leave: (lock: ProcessLock) => Awaitable<void>) {
    this.#leave = leave;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  onLost(listener: (cause: unknown) => void): void {
    this.#listeners.add(listener);
  }

  lose(cause: unknown): void {
    this.#isLost = true;
    for (const listener of this.#listeners) listener(cause);
    this.#listeners.clear();
  }

  release(): Awaitable<void> {
    return this.#leave(this);
  }
}
