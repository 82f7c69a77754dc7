/**
 * A store in an IndexedDB database, from a page or a worker. IndexedDB only answers later, so every
 * file that is open is in memory as a whole, and a sync is one transaction that writes what has
 * changed.
 */
import { toHex } from '../bytes/bytes.ts';
import { LockedError, UsageError } from '../errors.ts';
import { browserEngine, hasStrictTransactions, webLocks } from './browser.ts';
import { ChunkDatabase } from './chunk-database.ts';
import { ChunkedContent } from './chunked-content.ts';
import { errnoError } from './errno.ts';
import type { File, FileSystem, FileSystemFacts, Lock } from './file-system.ts';
import { IndexedDbFile, StoredFile } from './indexed-db-file.ts';
import { ProcessLockSeat } from './process-lock.ts';
import { takeWebLock } from './web-lock.ts';

/** Where there are no Web Locks: who has not been seen for so long has gone. */
const STALE_MS = 10_000;
const BEAT_INTERVAL_MS = 2000;

export class IndexedDbFileSystem implements FileSystem {
  readonly #name: string;
  readonly #seat: ProcessLockSeat;
  readonly #displaces: boolean;
  #connected: ChunkDatabase | undefined;
  #files = new Map<string, StoredFile>();
  #database: Promise<ChunkDatabase> | undefined;
  #nextId = 1;
  /** Until it is taken again: who has it now counts on what is in the database. */
  #hasLostLock = false;

  /**
   * `name` is that of the database, behind `onewal/`. `displace`: take the lock of whoever has it, who
   * then cannot commit any more: for an owner that is known to be suspended. Throws INVALID_ARGUMENT.
   */
  constructor(name: string, { displace = false }: { readonly displace?: boolean } = {}) {
    if (name === '') throw new UsageError('INVALID_ARGUMENT', 'a database has a name');
    this.#name = name;
    this.#displaces = displace;
    this.#seat = new ProcessLockSeat(this.#location);
  }

  get facts(): FileSystemFacts {
    const isKnown = browserEngine() !== 'other' && hasStrictTransactions();
    const lock = webLocks() === undefined ? 'advisory' : 'kernel';
    return { location: this.#location, durability: isKnown ? 'media' : 'unknown', lock };
  }

  async open(name: string, mode: 'read' | 'create'): Promise<File> {
    const database = await (mode === 'create' ? this.#connectToWrite() : this.#connect());
    let file = this.#files.get(name);
    if (mode === 'create') {
      if (file !== undefined) throw errnoError('EEXIST', `file exists: ${name}`);
      file = new StoredFile(this.#nextId++, name, new ChunkedContent());
      this.#files.set(name, file);
    }
    if (file === undefined) throw errnoError('ENOENT', `no such file: ${name}`);
    file.openCount += 1;
    try {
      await file.load(database);
    } catch (error) {
      file.openCount -= 1;
      throw error;
    }
    return new IndexedDbFile(file, database, mode);
  }

  async list(): Promise<string[]> {
    const database = await this.#connect();
    if (database.token === undefined) await this.#refresh(database);
    return [...this.#files.keys()];
  }

  async remove(name: string): Promise<void> {
    const database = await this.#connectToWrite();
    const file = this.#files.get(name);
    if (file === undefined) return;
    this.#files.delete(name);
    file.isRemoved = true;
    if (file.isStored) await database.remove(file.id);
  }

  async syncDirectory(): Promise<void> {
    await this.#storeNames(await this.#connectToWrite());
  }

  async lock(): Promise<Lock> {
    let leaveQueue: () => Promise<void> = () => Promise.resolve();
    let owned: ChunkDatabase | undefined;
    let isHeld = true;
    const lock = this.#seat.take(async (leave) => {
      if (!isHeld) return;
      isHeld = false;
      try {
        if (owned !== undefined) await this.#leave(owned);
      } finally {
        leave();
        await leaveQueue();
      }
    });
    lock.abandon = () => {
      if (!isHeld) return;
      isHeld = false;
      owned?.abandon(errnoError('EIO', 'the store was given up'));
      void leaveQueue();
    };
    try {
      const queue = await takeWebLock(`onewal ${this.#location}`, { displace: this.#displaces });
      if (queue === 'taken') throw this.#taken();
      if (queue !== 'unsupported') leaveQueue = () => queue.release();
      owned = await this.#takeRecord(queue === 'unsupported');
      await this.#refresh(owned);
      return lock;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Browsers do not tell: the estimate of Chromium is always of ten more GiB. */
  async free(): Promise<undefined> {}

  get #location(): string {
    return `indexed-db:${this.#name}`;
  }

  #connect(): Promise<ChunkDatabase> {
    this.#database ??= this.#open().catch((error: unknown) => {
      this.#database = undefined;
      throw error;
    });
    return this.#database;
  }

  async #connectToWrite(): Promise<ChunkDatabase> {
    const database = await this.#connect();
    if (this.#hasLostLock) throw errnoError('EIO', 'the lock is lost, and not taken again');
    return database;
  }

  async #open(): Promise<ChunkDatabase> {
    const database = await ChunkDatabase.open(`onewal/${this.#name}`);
    database.onLost = (cause) => {
      if (database.token !== undefined) this.#hasLostLock = true;
      this.#forget();
      this.#seat.revoke(cause);
    };
    await this.#refresh(database);
    this.#connected = database;
    return database;
  }

  /** Who reads beside a writer sees what is in the database by now. */
  async #refresh(database: ChunkDatabase): Promise<void> {
    const found = await database.files();
    for (const [name, file] of this.#files) {
      if (file.isStored && found.get(file.id) !== name) this.#files.delete(name);
    }
    for (const [id, name] of found) {
      if (this.#files.get(name)?.id !== id) this.#files.set(name, new StoredFile(id, name));
      this.#nextId = Math.max(this.#nextId, id + 1);
    }
  }

  /** Ends behind every transaction that was begun before. */
  async #storeNames(database: ChunkDatabase): Promise<void> {
    const unnamed = [...this.#files.values()].filter(({ isStored }) => !isStored);
    for (const file of unnamed) file.isStored = true;
    await database.store(unnamed.map(({ id, name }) => ({ id, name })));
  }

  /** Makes this owner the one whose transactions count. Throws LOCKED. */
  async #takeRecord(isHeartbeat: boolean): Promise<ChunkDatabase> {
    const database = await this.#connect();
    const token = toHex(globalThis.crypto.getRandomValues(new Uint8Array(16)));
    const since = new Date().toISOString();
    let isTaken = false;
    const former = await database.changeOwner((owner) => {
      isTaken = isHeartbeat && owner !== undefined && Date.now() - owner.beat < STALE_MS;
      return isTaken ? 'keep' : { token, since, beat: Date.now() };
    });
    if (isTaken) throw this.#taken(former?.since);
    database.token = token;
    this.#hasLostLock = false;
    if (isHeartbeat) void beat(database, token);
    return database;
  }

  /** Where its connection was lost, that of another owner may be open by now: it is left alone. */
  async #leave(database: ChunkDatabase): Promise<void> {
    if (database !== this.#connected) return;
    const { token } = database;
    try {
      await this.#storeNames(database);
      await database.changeOwner((owner) => (owner?.token === token ? undefined : 'keep'));
    } finally {
      database.close();
      if (database === this.#connected) this.#forget();
    }
  }

  /** The next call connects anew. What was not synced is gone. */
  #forget(): void {
    this.#database = undefined;
    this.#connected = undefined;
    this.#files = new Map();
  }

  #taken(since?: string): LockedError {
    const message = `${this.#location} is in use by another tab or worker: close the store there`;
    return new LockedError('LOCKED', message, since === undefined ? {} : { holder: { since } });
  }
}

async function beat(database: ChunkDatabase, token: string): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, BEAT_INTERVAL_MS));
    try {
      const owner = await database.changeOwner((owner) =>
        owner?.token === token ? { ...owner, beat: Date.now() } : 'keep',
      );
      if (owner?.token === token) continue;
      database.lose(errnoError('EIO', 'another owner has taken the lock'));
    } catch {
      // The connection is gone: the store was told, or has closed it itself.
    }
    return;
  }
}
