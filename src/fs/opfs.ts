/**
 * A store in the origin private file system of a browser, from a dedicated worker, which alone has
 * files that answer at once: every Sync method works here.
 *
 * The files come from a pool (opfs-pool.ts). It is opened by the first call that needs it and closed
 * with the last file and the lock, for a pool that is open is open nowhere else. While the lock is
 * held everything answers at once, but for the rare creation that finds the pool used up.
 */
import { LockedError, UsageError } from '../errors.ts';
import { browserEngine, type DirectoryHandle, privateDirectory } from './browser.ts';
import { errnoError } from './errno.ts';
import { FileAccess } from './file-access.ts';
import type { File, FileSystem, FileSystemFacts, Lock } from './file-system.ts';
import { OpfsPool, PoolTakenError } from './opfs-pool.ts';
import type { OpfsSlot } from './opfs-slot.ts';
import { ProcessLockSeat } from './process-lock.ts';
import type { Awaitable } from './task.ts';
import { nextTurn } from './turn.ts';
import { takeWebLock, type WebLock } from './web-lock.ts';

/**
 * With fewer free files more are made, in the background: blocking calls can use up so many before
 * they must wait.
 */
const FREE_COUNT_MIN = 8;
const FREE_COUNT_TARGET = 12;
/** What an open takes: a WAL, its head and the reserve; and a checkpoint, with a snapshot. */
const FREE_COUNT_AT_ONCE = 3;
const TURN_INTERVAL_MS = 8;
/** How long it may take, while there are commits, to find out that the storage was cleared. */
const PRESENCE_INTERVAL_MS = 1000;
/** How long a browser may take to close the files of a tab that is gone. */
const PATIENCE_MS = 1000;

/** A flush that need not grow the file takes Chromium about a quarter less, measured. */
const PREALLOCATION = 64 << 10;

export class OpfsFileSystem implements FileSystem {
  readonly #path: readonly string[];
  readonly #seat: ProcessLockSeat;
  #session: Session | undefined;
  #last: Session | undefined;
  #opening: Promise<Session> | undefined;
  /** Held for a lock to come. */
  #prepared: Session | undefined;
  #isYoung = false;

  /** `path`: names of directories with slashes between them. Throws INVALID_ARGUMENT. */
  constructor(path: string) {
    this.#path = path.split('/');
    if (this.#path.some((name) => name === '' || name === '.' || name === '..')) {
      throw new UsageError('INVALID_ARGUMENT', `not a path of directories: ${path}`);
    }
    this.#seat = new ProcessLockSeat(this.#location);
  }

  get facts(): FileSystemFacts {
    const engine = browserEngine();
    const young = engine === 'chromium' && (this.#session?.pool.isYoung ?? this.#isYoung);
    const durability = engine === 'other' ? 'unknown' : young ? 'os' : 'media';
    return {
      location: this.#location,
      durability,
      lock: 'kernel',
      preallocation: PREALLOCATION,
    };
  }

  /**
   * Opens the pool, and keeps it open for the next store: `Store.openSync` works then. Throws LOCKED,
   * and INVALID_ARGUMENT outside of dedicated workers.
   */
  async prepare(): Promise<void> {
    const session = await this.#open();
    try {
      await session.pool.grow(FREE_COUNT_TARGET);
    } catch (error) {
      session.drop();
      throw error;
    }
    if (this.#prepared === session) session.drop();
    else this.#prepared = session;
  }

  open(name: string, mode: 'read' | 'create'): Awaitable<File> {
    return this.#use((session) => {
      const { pool } = session;
      const present = pool.find(name);
      if (mode === 'create') {
        if (present !== undefined) throw errnoError('EEXIST', `file exists: ${name}`);
        return createFile(session, name);
      }
      if (present === undefined) throw errnoError('ENOENT', `no such file: ${name}`);
      return new OpfsFile(session, present, mode);
    });
  }

  list(): Awaitable<string[]> {
    return this.#use(({ pool }) => pool.names);
  }

  remove(name: string): Awaitable<void> {
    return this.#use(({ pool }) => pool.remove(name));
  }

  syncDirectory(): Awaitable<void> {
    return this.#use(({ pool }) => pool.syncNames());
  }

  /** Throws INVALID_ARGUMENT outside of dedicated workers. */
  lock(): Awaitable<Lock> {
    return this.#use((session) => {
      let isHeld = true;
      const lock = this.#seat.take((leave) => {
        leave();
        if (isHeld) session.drop();
        isHeld = false;
      });
      if (this.#prepared === session) this.#prepared = undefined;
      else session.hold();
      // Without room for more files the store may still open, and say what it lacks.
      return (
        session.growForOpen()?.then(
          () => lock,
          () => lock,
        ) ?? lock
      );
    });
  }

  free(): undefined {
    return undefined;
  }

  get #location(): string {
    return `opfs:${this.#path.join('/')}`;
  }

  #use<T>(work: (session: Session) => Awaitable<T>): Awaitable<T> {
    if (this.#session !== undefined) return work(this.#session);
    return this.#useLater(work);
  }

  async #useLater<T>(work: (session: Session) => Awaitable<T>): Promise<T> {
    const session = await this.#open();
    try {
      return await work(session);
    } finally {
      session.drop();
    }
  }

  /** Holds the session. */
  async #open(): Promise<Session> {
    this.#opening ??= this.#start().finally(() => {
      this.#opening = undefined;
    });
    const session = this.#session ?? (await this.#opening);
    session.hold();
    return session;
  }

  async #start(): Promise<Session> {
    await this.#last?.released;
    const pool = await openPool(this.#path, this.#location);
    const session = new Session(pool.pool, pool.webLock);
    this.#session = session;
    this.#last = session;
    session.onEnd = () => {
      this.#isYoung = session.pool.isYoung;
      if (this.#session === session) this.#session = undefined;
      if (this.#prepared === session) this.#prepared = undefined;
    };
    session.pool.onLost = (cause) => {
      session.end();
      this.#seat.revoke(cause);
    };
    return session;
  }
}

/** The time in which the pool is open: as long as somebody holds it. */
class Session {
  readonly pool: OpfsPool;
  readonly #webLock: WebLock | undefined;
  #holdCount = 0;
  #checkedAt = 0;
  #turnedAt = 0;
  #isTended = false;
  #isEnded = false;
  /** Firefox takes a while to give a Web Lock to the next one. */
  released: Promise<void> | undefined;
  onEnd: () => void = () => undefined;

  constructor(pool: OpfsPool, webLock: WebLock | undefined) {
    this.pool = pool;
    this.#webLock = webLock;
  }

  hold(): void {
    this.#holdCount += 1;
  }

  /**
   * Where the directory is not synced, files should be older than the session that uses them: all
   * that it may need are made for the next one too.
   */
  growForOpen(): Promise<void> | undefined {
    if (isOpeningCostly()) return this.pool.grow(FREE_COUNT_AT_ONCE);
    return this.pool.freeCount < FREE_COUNT_MIN ? this.pool.grow(FREE_COUNT_TARGET) : undefined;
  }

  /** Makes files in the background. Who needs those that could not be made is told why then. */
  tend(): void {
    if (this.#isTended || this.pool.freeCount >= FREE_COUNT_MIN) return;
    this.#isTended = true;
    const isDone = () => {
      this.#isTended = false;
    };
    void this.pool.grow(FREE_COUNT_TARGET)?.then(isDone, isDone);
  }

  /**
   * A flush blocks, and who awaits commits in a row would never let the worker read a message. So
   * there is a turn for others every few milliseconds.
   */
  async giveTurn(): Promise<void> {
    if (Math.abs(Date.now() - this.#turnedAt) < TURN_INTERVAL_MS) return;
    await nextTurn();
    this.#turnedAt = Date.now();
  }

  /** Called with every sync; finds out later. */
  checkPresence(): void {
    const now = Date.now();
    if (Math.abs(now - this.#checkedAt) < PRESENCE_INTERVAL_MS) return;
    this.#checkedAt = now;
    void this.pool.checkPresence();
  }

  drop(): void {
    this.#holdCount -= 1;
    if (this.#holdCount === 0) this.end();
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.pool.close();
    this.onEnd();
    this.released = this.pool.settle().then(() => this.#webLock?.release());
  }
}

class OpfsFile implements File {
  readonly #session: Session;
  readonly #slot: OpfsSlot;
  readonly #access: FileAccess;

  constructor(session: Session, slot: OpfsSlot, mode: 'read' | 'create') {
    this.#session = session;
    this.#slot = slot;
    this.#access = new FileAccess(mode);
    session.hold();
    slot.openFile();
  }

  read(target: Uint8Array, offset: number): number {
    this.#access.checkReadable();
    return this.#slot.read(target, offset);
  }

  write(source: Uint8Array, offset: number): number {
    this.#access.checkWritable();
    return this.#slot.write(source, offset);
  }

  truncate(size: number): void {
    this.#access.checkWritable();
    this.#slot.truncate(size);
  }

  size(): number {
    this.#access.checkReadable();
    return this.#slot.size;
  }

  async sync(): Promise<void> {
    this.#sync();
    await this.#session.giveTurn();
  }

  /** Who blocks cannot wait for a file: from now on there are some. */
  syncNow(): void {
    this.#sync();
    this.#session.tend();
  }

  #sync(): void {
    this.#access.checkReadable();
    this.#slot.flush();
    this.#session.checkPresence();
  }

  close(): void {
    if (!this.#access.isOpen) return;
    this.#access.end();
    try {
      this.#slot.closeFile();
    } finally {
      this.#session.drop();
    }
  }
}

function createFile(session: Session, name: string): Awaitable<File> {
  const slot = session.pool.create(name);
  if (!isOpeningCostly()) session.tend();
  if (slot !== undefined) return new OpfsFile(session, slot, 'create');
  const growth = session.pool.grow(FREE_COUNT_AT_ONCE);
  return Promise.resolve(growth).then(() => createFile(session, name));
}

async function openPool(
  path: readonly string[],
  location: string,
): Promise<{ readonly pool: OpfsPool; readonly webLock: WebLock | undefined }> {
  let directory = await rootDirectory();
  for (const name of path) directory = await directory.getDirectoryHandle(name, { create: true });
  const webLock = await takeWebLock(`onewal ${location}`);
  if (webLock === 'taken') throw taken(location);
  try {
    const isQueued = webLock !== 'unsupported';
    const pool = await OpfsPool.open(directory, {
      patience: isQueued ? PATIENCE_MS : 0,
      isOpeningCostly: isOpeningCostly(),
    });
    return { pool, webLock: isQueued ? webLock : undefined };
  } catch (error) {
    if (webLock !== 'unsupported') await webLock.release();
    throw error instanceof PoolTakenError ? taken(location) : error;
  }
}

/** Firefox syncs its directory, and records of its own with each file that is opened or closed. */
function isOpeningCostly(): boolean {
  return browserEngine() === 'firefox';
}

async function rootDirectory(): Promise<DirectoryHandle> {
  const root = await privateDirectory();
  const scope = globalThis as { FileSystemSyncAccessHandle?: unknown };
  if (root !== undefined && scope.FileSystemSyncAccessHandle !== undefined) return root;
  throw new UsageError(
    'INVALID_ARGUMENT',
    'onewal/opfs needs a dedicated worker of a browser with synchronous access handles: ' +
      'elsewhere there is onewal/indexed-db',
  );
}

function taken(location: string): LockedError {
  const message = `${location} is in use by another tab or worker: close the store there`;
  return new LockedError('LOCKED', message);
}
