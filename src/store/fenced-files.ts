/**
 * The files of one open store, until it is closed. A blocking close does not wait for work that is
 * waiting for the host; when that work wakes up, the files may have another owner. So from the close
 * on every call is refused. And from the loss of the lock on no file is made or removed: what is in
 * the way of this store may be what its successor stands on.
 */
import { type Committed, LockedError, UsageError } from '../errors.ts';
import {
  closeQuietly,
  type File,
  type FileSystem,
  type FileSystemFacts,
  type Lock,
} from '../fs/file-system.ts';
import type { Awaitable } from '../fs/task.ts';

/**
 * Locks that come when nobody waits for them any more, since the open could not block, until they
 * are released. The next open of the same files, which may well wait, waits for that too.
 */
const comingTooLate = new WeakMap<FileSystem, Promise<void>>();

export class FencedFiles implements FileSystem {
  readonly #fs: FileSystem;
  readonly #open = new Set<FencedFile>();
  #isShut = false;
  #lock: Lock | undefined;
  #comingLock: Promise<Lock> | undefined;

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  get facts(): FileSystemFacts {
    return this.#fs.facts;
  }

  /** Closes every file. Nothing reaches the host any more, and a lock still to come is released. */
  shut(): void {
    this.#isShut = true;
    for (const file of this.#open) closeQuietly(file);
    if (this.#comingLock === undefined) return;
    const fs = this.#fs;
    const released = releaseWhenItComes(this.#comingLock).then(() => {
      if (comingTooLate.get(fs) === released) comingTooLate.delete(fs);
    });
    comingTooLate.set(fs, released);
  }

  open(name: string, mode: 'read' | 'create'): Awaitable<File> {
    this.#check();
    if (mode === 'create') this.#requireLock();
    const opened = this.#fs.open(name, mode);
    return opened instanceof Promise
      ? opened.then((file) => this.#fence(file))
      : this.#fence(opened);
  }

  list(): Awaitable<string[]> {
    this.#check();
    return this.#fs.list();
  }

  remove(name: string): Awaitable<void> {
    this.#check();
    this.#requireLock();
    return this.#fs.remove(name);
  }

  syncDirectory(): Awaitable<void> {
    this.#check();
    return this.#fs.syncDirectory();
  }

  lock(): Awaitable<Lock> {
    const before = comingTooLate.get(this.#fs);
    const lock = before === undefined ? this.#fs.lock() : before.then(() => this.#fs.lock());
    return lock instanceof Promise ? this.#holdLater(lock) : this.#hold(lock);
  }

  free(): Awaitable<number | undefined> {
    this.#check();
    return this.#fs.free();
  }

  #fence(file: File): File {
    const fenced = new FencedFile(file, () => this.#open.delete(fenced));
    this.#open.add(fenced);
    if (this.#isShut) closeQuietly(fenced);
    return fenced;
  }

  async #holdLater(coming: Promise<Lock>): Promise<Lock> {
    this.#comingLock = coming;
    try {
      return this.#hold(await coming);
    } finally {
      this.#comingLock = undefined;
    }
  }

  #hold(lock: Lock): Lock {
    this.#lock = lock;
    return lock;
  }

  #check(): void {
    if (this.#isShut) throw closedMeanwhile();
  }

  #requireLock(): void {
    if (this.#lock?.isLost === true) throw lockLost(this.#lock);
  }
}

class FencedFile implements File {
  readonly #file: File;
  readonly #onClose: () => void;
  readonly syncNow?: () => void;
  #isClosed = false;

  constructor(file: File, onClose: () => void) {
    this.#file = file;
    this.#onClose = onClose;
    if (file.syncNow !== undefined) this.syncNow = () => this.#checked().syncNow?.();
  }

  read(target: Uint8Array, offset: number): number {
    return this.#checked().read(target, offset);
  }

  write(source: Uint8Array, offset: number): number {
    return this.#checked().write(source, offset);
  }

  truncate(size: number): void {
    this.#checked().truncate(size);
  }

  size(): number {
    return this.#checked().size();
  }

  async sync(): Promise<void> {
    await this.#checked().sync();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    this.#file.close();
  }

  #checked(): File {
    if (this.#isClosed) throw closedMeanwhile();
    return this.#file;
  }
}

async function releaseWhenItComes(coming: Promise<Lock>): Promise<void> {
  try {
    const lock = await coming;
    await lock.release();
  } catch {
    // Nobody has it, or the next open meets LOCKED.
  }
}

function closedMeanwhile(): UsageError {
  return new UsageError('CLOSED', 'the store was closed meanwhile', { committed: 'no' });
}

export function isClosedMeanwhile(error: unknown): boolean {
  return error instanceof UsageError && error.code === 'CLOSED';
}

export function lockLost(lock: Lock | undefined, committed: Committed = 'no'): LockedError {
  return new LockedError(
    'LOCK_LOST',
    'another owner has taken the lock of this store: close it, and open it again',
    { committed, holder: lock?.holder },
  );
}
