/** The locks of one pessimistic transaction: taken at once, or waited for without blocking. */
import { toHex } from '../bytes/bytes.ts';
import { ConflictError } from '../errors.ts';
import { type CheckedTransactionOptions, checkSignal } from '../options.ts';
import type { Environment } from '../store/environment.ts';
import type { Footprint } from './footprint.ts';
import { type KeyLocks, LockOwner } from './key-locks.ts';

export interface LockedKey {
  readonly map: string;
  readonly bytes: Uint8Array;
  /** For the error. */
  key(): unknown;
}

interface Wait {
  readonly granted: Promise<void>;
  /** Neither grants nor rejects then. */
  giveUp(): void;
}

interface Claim extends Wait {
  readonly locked: LockedKey;
}

export class LockSession {
  readonly #locks: KeyLocks;
  readonly #environment: Environment;
  readonly #options: Pick<CheckedTransactionOptions, 'lockTimeout' | 'signal'>;
  readonly #isBlocking: boolean;
  readonly #owner: LockOwner;
  /** What ends a wait, of all that are under way. */
  readonly #failures = new Set<(error: unknown) => void>();
  /** Locks for recorded writes that were not free, and are not held yet. */
  readonly #claims = new Map<string, Claim>();

  constructor(parts: {
    readonly locks: KeyLocks;
    readonly environment: Environment;
    readonly options: Pick<CheckedTransactionOptions, 'lockTimeout' | 'signal'>;
    /** Nobody can wait: a lock that is held is a conflict. */
    readonly isBlocking: boolean;
    /** As a `LockOwner` has it. */
    readonly born: number;
  }) {
    this.#locks = parts.locks;
    this.#environment = parts.environment;
    this.#options = parts.options;
    this.#isBlocking = parts.isBlocking;
    this.#owner = new LockOwner(parts.born);
  }

  /** What frees the locks of a transaction that was forgotten; it does not refer to this. */
  get freeing(): () => void {
    const [locks, owner] = [this.#locks, this.#owner];
    return () => locks.release(owner);
  }

  /** Takes the lock, or queues for it: `settled` then waits. Throws DEADLOCK, LOCK_TIMEOUT. */
  claim(locked: LockedKey): void {
    const place = placeOf(locked);
    if (this.#take(place) || this.#claims.has(place)) return;
    const wait = this.#wait(locked, place);
    // Whoever commits hears of it.
    wait.granted.catch(() => undefined);
    this.#claims.set(place, { locked, ...wait });
  }

  /** Gives up the claims, failed ones too, for keys that are not written to any more. */
  keepClaims(written: Footprint): void {
    for (const [place, { locked, giveUp }] of this.#claims) {
      if (written.hasKey(locked.map, locked.bytes)) continue;
      giveUp();
      this.#claims.delete(place);
    }
  }

  /** True if the lock is held now. */
  take(locked: LockedKey): boolean {
    return this.#take(placeOf(locked));
  }

  /** Resolves when the lock is held. Throws DEADLOCK, LOCK_TIMEOUT; rejects with them, and ABORTED. */
  wait(locked: LockedKey): Promise<void> {
    return this.#wait(locked, placeOf(locked)).granted;
  }

  /** Resolves when all locks that were claimed are held. */
  async settled(): Promise<void> {
    await Promise.all(Array.from(this.#claims.values(), ({ granted }) => granted));
  }

  /** Throws LOCK_TIMEOUT while any of them is not. */
  requireSettled(): void {
    const [claim] = this.#claims.values();
    if (claim !== undefined) throw cannotWait(claim.locked);
  }

  /** Frees everything; who still waits is told `error`. */
  end(error: unknown): void {
    for (const fail of [...this.#failures]) fail(error);
    this.#locks.release(this.#owner);
  }

  #take(place: string): boolean {
    const isHeld = this.#locks.take(this.#owner, place);
    if (isHeld) this.#claims.delete(place);
    return isHeld;
  }

  #wait(locked: LockedKey, place: string): Wait {
    checkSignal(this.#options.signal);
    if (this.#isBlocking) throw cannotWait(locked);
    const { promise, resolve, reject } = unsettled();
    const stop = this.#watch((error) => {
      this.#locks.giveUp(waiter);
      reject(error);
    }, locked);
    const grant = (): void => {
      stop();
      this.#claims.delete(place);
      resolve();
    };
    const refuse = (): void => {
      stop();
      reject(deadlock(locked));
    };
    const waiter = { owner: this.#owner, place, grant, refuse };
    const giveUp = (): void => {
      stop();
      this.#locks.giveUp(waiter);
    };
    if (this.#locks.wait(waiter) === 'waiting') return { granted: promise, giveUp };
    stop();
    throw deadlock(locked);
  }

  /** Calls `onFailure` when the time is up, the signal says so or everything ends; unless stopped. */
  #watch(onFailure: (error: unknown) => void, locked: LockedKey): () => void {
    const { lockTimeout, signal } = this.#options;
    const stop = (): void => {
      stopTimer();
      signal?.removeEventListener('abort', onAbort);
      this.#failures.delete(fail);
      this.#locks.onStop.delete(fail);
    };
    const fail = (error: unknown): void => {
      stop();
      onFailure(error);
    };
    const onAbort = (): void => fail(abortion(signal));
    const stopTimer = this.#environment.timer(lockTimeout, () =>
      fail(conflict('LOCK_TIMEOUT', locked, `it was not free for ${lockTimeout} ms`)),
    );
    signal?.addEventListener('abort', onAbort);
    this.#failures.add(fail);
    this.#locks.onStop.add(fail);
    return stop;
  }
}

interface Unsettled {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function unsettled(): Unsettled {
  const settle = { resolve: () => {}, reject: (_: unknown) => {} };
  const promise = new Promise<void>((resolve, reject) => {
    settle.resolve = resolve;
    settle.reject = reject;
  });
  return { promise, resolve: () => settle.resolve(), reject: (error) => settle.reject(error) };
}

function abortion(signal: AbortSignal | undefined): unknown {
  try {
    checkSignal(signal);
  } catch (error) {
    return error;
  }
  return undefined;
}

function cannotWait(locked: LockedKey): ConflictError {
  return conflict('LOCK_TIMEOUT', locked, 'this one cannot wait');
}

function deadlock(locked: LockedKey): ConflictError {
  return conflict('DEADLOCK', locked, 'to wait for it would be to wait for ever');
}

function conflict(
  code: 'DEADLOCK' | 'LOCK_TIMEOUT',
  { map, key }: LockedKey,
  reason: string,
): ConflictError {
  return new ConflictError(
    `another transaction holds the lock of a key in map ${JSON.stringify(map)}, and ${reason}: ` +
      'abort this one and run it again',
    { map, key: key(), code },
  );
}

function placeOf({ map, bytes }: LockedKey): string {
  return `${JSON.stringify(map)} ${toHex(bytes)}`;
}
