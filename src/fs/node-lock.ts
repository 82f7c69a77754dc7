/**
 * The lock of a store's single writer on Node, strongest first: a registry in this process, a lock
 * that the kernel owns, and beneath both the heartbeat file. All are taken at once, without
 * waiting, so that a store can be opened synchronously.
 *
 * While a kernel lock is held, the heartbeat only speaks to those whom the kernel lock does not
 * reach: a holder that was suspended is never displaced from beside it.
 */
import { rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { LockedError, type LockHolder } from '../errors.ts';
import { errnoError } from './errno.ts';
import type { Lock } from './file-system.ts';
import { type KernelLock, type KernelLockAttempt, takeKernelLock } from './node-kernel-lock.ts';
import { LockFile, type LockRecord, readLockRecord } from './node-lock-file.ts';

export interface NodeLockOptions {
  /** How long a heartbeat may pause before openers without a common kernel count it as dead. */
  readonly staleMs?: number;
  /** Default: what this system has. Tests put others in its place. */
  readonly kernelLock?: (directory: string, identity: string) => KernelLockAttempt;
}

const STALE_MS = 10_000;

/** Takes the lock of the existing `directory`, or throws LockedError. */
export function takeNodeLock(directory: string, options: NodeLockOptions = {}): NodeLock {
  const identity = directoryIdentity(directory);
  const registry = processRegistry();
  const present = registry.get(identity);
  if (present !== undefined) throw locked(directory, present);
  const holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  registry.set(identity, holder);
  let kernelLock: KernelLock | undefined;
  try {
    kernelLock = heldBy((options.kernelLock ?? takeKernelLock)(directory, identity), directory);
    return new NodeLock({
      directory,
      holder,
      kernelLock,
      staleMs: options.staleMs ?? STALE_MS,
      forget: () => registry.delete(identity),
    });
  } catch (error) {
    kernelLock?.release();
    registry.delete(identity);
    throw error;
  }
}

interface NodeLockParts {
  readonly directory: string;
  readonly holder: LockHolder;
  readonly kernelLock: KernelLock | undefined;
  readonly staleMs: number;
  /** Removes the entry in the registry. */
  readonly forget: () => void;
}

export class NodeLock implements Lock {
  readonly holder: LockHolder;
  readonly kind: 'kernel' | 'advisory';
  readonly #parts: NodeLockParts;
  readonly #file: LockFile;
  readonly #listeners = new Set<(cause: unknown) => void>();
  #loss: { readonly cause: unknown } | undefined;
  #isReleased = false;

  constructor(parts: NodeLockParts) {
    this.#parts = parts;
    this.holder = parts.holder;
    this.kind = parts.kernelLock === undefined ? 'advisory' : 'kernel';
    const path = join(parts.directory, 'lock');
    this.#file = new LockFile({
      path,
      record: recordOf(parts),
      staleMs: parts.staleMs,
      onCompromised: (cause) => this.#onCompromised(cause),
    });
    this.#takeFile(path);
  }

  get isLost(): boolean {
    this.#lookAfterPause();
    return this.#loss !== undefined;
  }

  onLost(listener: (cause: unknown) => void): void {
    const loss = this.#loss;
    if (loss === undefined) this.#listeners.add(listener);
    else queueMicrotask(() => listener(loss.cause));
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    try {
      this.#file.release();
    } finally {
      // Last, so that nobody finds the kernel lock free and the file of a living holder.
      this.#parts.kernelLock?.release();
      this.#parts.forget();
    }
  }

  #takeFile(path: string): void {
    if (this.#file.take()) return;
    const former = readLockRecord(path);
    if (isGone(former, recordOf(this.#parts))) {
      rmSync(path, { force: true });
      if (this.#file.take()) return;
    }
    throw locked(this.#parts.directory, readLockRecord(path));
  }

  /** Runs in a timer of proper-lockfile: what it throws would end the process. */
  #onCompromised(cause: unknown): void {
    if (this.#isReleased || this.#loss !== undefined || this.#isKept()) return;
    this.#lose(cause);
  }

  /**
   * Who was suspended, or works without ever giving way to timers, would claim what is not his any
   * more until the next heartbeat. First the heartbeat, then the look: so nobody comes in between.
   */
  #lookAfterPause(): void {
    if (this.#isReleased || this.#loss !== undefined || !this.#file.wasStale()) return;
    if (this.#file.isOurs()) this.#file.beat();
    if (this.#file.isOurs()) return;
    this.#lose(errnoError('ECOMPROMISED', 'another owner has replaced the lock file'));
  }

  #lose(cause: unknown): void {
    this.#loss = { cause };
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    // Not within whatever has asked.
    queueMicrotask(() => {
      for (const listener of listeners) listener(cause);
    });
  }

  /**
   * Whether the heartbeat can go on. A file that somebody touched is still ours. One that is gone
   * was removed by a cleaner if it was fresh, since no opener takes a fresh one; if it was stale,
   * an opener elsewhere may have come, written, and left again.
   */
  #isKept(): boolean {
    try {
      const isCleaned = this.#parts.kernelLock !== undefined && !this.#file.wasStale();
      return (this.#file.isOurs() || isCleaned) && this.#file.take();
    } catch {
      return false;
    }
  }
}

function recordOf(parts: NodeLockParts): LockRecord {
  const domain = parts.kernelLock?.domain;
  return domain === undefined ? parts.holder : { ...parts.holder, domain };
}

/** Whoever held a lock that the kernel has now given to us does not hold it any more. */
function isGone(former: LockRecord, present: LockRecord): boolean {
  const isSameKernelLock = present.domain !== undefined && former.domain === present.domain;
  return isSameKernelLock && former.host === present.host;
}

function heldBy(attempt: KernelLockAttempt, directory: string): KernelLock | undefined {
  if (attempt.kind === 'taken') throw locked(directory, readLockRecord(join(directory, 'lock')));
  return attempt.kind === 'held' ? attempt.lock : undefined;
}

function locked(directory: string, record: LockRecord): LockedError {
  const { domain: _, ...holder } = record;
  const { pid, host = 'an unknown host', since = 'an unknown time' } = holder;
  const who = pid === undefined ? 'another process' : `process ${pid} on ${host} since ${since}`;
  const message = `${directory} is in use by ${who}: close the store there, or open it read only`;
  return new LockedError('LOCKED', message, { holder });
}

/** The same for every path to the directory, also through links and other copies of this package. */
function directoryIdentity(directory: string): string {
  const { dev, ino } = statSync(directory, { bigint: true });
  return `${dev}:${ino}`;
}

const REGISTRY = Symbol.for('onewal.locks');

function processRegistry(): Map<string, LockHolder> {
  const scope = globalThis as { [REGISTRY]?: Map<string, LockHolder> };
  scope[REGISTRY] ??= new Map();
  return scope[REGISTRY];
}
