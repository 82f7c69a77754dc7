/**
 * A connection to the database of a store. Three kinds of records:
 *
 *     files   <id>            -> name
 *     chunks  [<id>, offset]  -> bytes of the file from the offset on
 *     lock    'owner'         -> { token, since, beat } of who may write
 *     lock    'loss'          -> what the browser said when it had deleted the database
 *
 * Everything is written in `strict` transactions, and each of them looks first whether the lock is
 * still its own: who was displaced writes nothing any more.
 */
import { CorruptionError, refusalOf } from '../errors.ts';
import {
  type Database,
  type DatabaseRequest,
  type DatabaseTransaction,
  errorName,
  indexedDatabases,
  keyRange,
  type OpenRequest,
  type UpgradeEvent,
} from './browser.ts';
import type { Chunk, ChunkChanges } from './chunked-content.ts';
import { errnoError } from './errno.ts';

const VERSION = 1;
const STORES = ['files', 'chunks', 'lock'];
const STRICT = { durability: 'strict' } as const;
const OWNER = 'owner';
const LOSS = 'loss';

export interface Owner {
  readonly token: string;
  /** ISO 8601. */
  readonly since: string;
  /** When the owner was last alive, in ms. Only looked at where there are no Web Locks. */
  readonly beat: number;
}

export class ChunkDatabase {
  readonly #database: Database;
  readonly #writing = new Set<DatabaseTransaction>();
  #loss: { readonly cause: unknown } | undefined;
  /** Whose transactions are ours to make; undefined while we have no lock. */
  token: string | undefined;
  /** Called once, when the connection or the lock is gone. */
  onLost: (cause: unknown) => void = () => undefined;

  private constructor(database: Database) {
    this.#database = database;
    database.onclose = () => this.lose(errnoError('EIO', 'the browser closed the database'));
    database.onversionchange = () =>
      this.lose(errnoError('EIO', 'somebody deletes or upgrades the database'));
  }

  /** Throws CORRUPT where the browser has deleted what was in it, until the database is deleted. */
  static async open(name: string): Promise<ChunkDatabase> {
    const databases = indexedDatabases();
    if (databases === undefined) throw errnoError('EIO', 'there is no IndexedDB here');
    const request = databases.open(name, VERSION);
    request.onupgradeneeded = (event) => makeStores(request, event);
    return ChunkDatabase.#wholeOf(request, name);
  }

  /** The same; undefined where there is no database of that name; none is made. */
  static async openExisting(name: string): Promise<ChunkDatabase | undefined> {
    const request = indexedDatabases()?.open(name, VERSION);
    if (request === undefined) return undefined;
    let isNew = false;
    request.onupgradeneeded = (event) => {
      // Who asks next is not told any more.
      if (lossOf(event) !== undefined) return makeStores(request, event);
      isNew = true;
      request.transaction?.abort();
    };
    try {
      return await ChunkDatabase.#wholeOf(request, name);
    } catch (error) {
      if (isNew) return undefined;
      throw error;
    }
  }

  /** Throws CORRUPT; nothing stays open then. */
  static async #wholeOf(request: OpenRequest, name: string): Promise<ChunkDatabase> {
    const database = new ChunkDatabase(await outcomeOf(request));
    try {
      await database.#requireWhole(name);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** The names of all files by their ids. */
  async files(): Promise<Map<number, string>> {
    const files = this.#begin('readonly').objectStore('files');
    const [ids, names] = await Promise.all([
      outcomeOf(files.getAllKeys()),
      outcomeOf(files.getAll()),
    ]);
    return new Map(ids.map((id, index) => [id as number, names[index] as string]));
  }

  async chunks(id: number): Promise<Chunk[]> {
    const chunks = this.#begin('readonly').objectStore('chunks');
    const range = chunksFrom(id, 0);
    const [keys, values] = await Promise.all([
      outcomeOf(chunks.getAllKeys(range)),
      outcomeOf(chunks.getAll(range)),
    ]);
    return keys.map((key, index) => ({
      offset: (key as [number, number])[1],
      bytes: values[index] as Uint8Array,
    }));
  }

  /** Names files and stores their changes: all of it, or, when it rejects, nothing. */
  store(files: readonly { id: number; name: string; changes?: ChunkChanges }[]): Promise<void> {
    return this.#write((transaction) => {
      const chunks = transaction.objectStore('chunks');
      for (const { id, name, changes } of files) {
        transaction.objectStore('files').put(name, id);
        if (changes?.removedFrom !== undefined) {
          chunks.delete(chunksFrom(id, changes.removedFrom));
        }
        for (const { offset, bytes } of changes?.chunks ?? []) chunks.put(bytes, [id, offset]);
      }
    });
  }

  remove(id: number): Promise<void> {
    return this.#write((transaction) => {
      transaction.objectStore('files').delete(id);
      transaction.objectStore('chunks').delete(chunksFrom(id, 0));
    });
  }

  /** Writes what `change` makes of the owner; `keep` leaves it. Returns the owner before. */
  async changeOwner(
    change: (owner: Owner | undefined) => Owner | undefined | 'keep',
  ): Promise<Owner | undefined> {
    const transaction = this.#begin('readwrite');
    const lock = transaction.objectStore('lock');
    const request = lock.get(OWNER);
    request.onsuccess = () => {
      const changed = change(request.result as Owner | undefined);
      if (changed === undefined) lock.delete(OWNER);
      else if (changed !== 'keep') lock.put(changed, OWNER);
    };
    await this.#completion(transaction);
    return request.result as Owner | undefined;
  }

  lose(cause: unknown): void {
    if (this.#loss !== undefined) return;
    this.#loss = { cause };
    this.#database.close();
    this.onLost(cause);
  }

  /** Gives up what is under way, too: a page that is frozen never ends it, and others wait for that. */
  abandon(cause: unknown): void {
    for (const transaction of this.#writing) {
      try {
        transaction.abort();
      } catch {
        // One that is ending already needs nobody to end.
      }
    }
    this.lose(cause);
  }

  close(): void {
    this.#loss ??= { cause: errnoError('EBADF', 'the database is closed') };
    this.#database.close();
  }

  /** Throws CORRUPT. */
  async #requireWhole(name: string): Promise<void> {
    const loss = await outcomeOf(this.#begin('readonly').objectStore('lock').get(LOSS));
    if (loss === undefined) return;
    // An upgrade does not wait for the medium.
    await this.#write((transaction) => transaction.objectStore('lock').put(loss, LOSS));
    const reason = `the browser has found it damaged, and deleted all of it: ${String(loss)}`;
    throw new CorruptionError(
      'CORRUPT',
      `the database ${name} is not what it was: ${reason}. Restore a backup into another, or ` +
        'delete this one to begin with an empty store',
      { report: refusalOf({ file: name, offset: 0, reason }) },
    );
  }

  async #write(work: (transaction: DatabaseTransaction) => void): Promise<void> {
    const transaction = this.#begin('readwrite');
    const { token } = this;
    if (token === undefined) work(transaction);
    else {
      const request = transaction.objectStore('lock').get(OWNER);
      request.onsuccess = () => {
        if ((request.result as Owner | undefined)?.token === token) work(transaction);
        else {
          transaction.abort();
          this.lose(errnoError('EIO', 'another owner has taken the lock'));
        }
      };
    }
    await this.#completion(transaction);
  }

  #begin(mode: 'readonly' | 'readwrite'): DatabaseTransaction {
    if (this.#loss !== undefined) throw this.#loss.cause;
    try {
      return this.#database.transaction(STORES, mode, STRICT);
    } catch (error) {
      throw this.#judged(error);
    }
  }

  #completion(transaction: DatabaseTransaction): Promise<void> {
    this.#writing.add(transaction);
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => {
        this.#writing.delete(transaction);
        resolve();
      };
      transaction.onabort = () => {
        this.#writing.delete(transaction);
        reject(
          this.#judged(transaction.error ?? errnoError('EIO', 'the transaction was given up')),
        );
      };
    });
  }

  /** WebKit closes connections of apps in the background, and says so in more than one way. */
  #judged(error: unknown): unknown {
    const isClosed =
      errorName(error) === 'InvalidStateError' ||
      (errorName(error) === 'UnknownError' && /connection/i.test(String(error)));
    if (isClosed) this.lose(error);
    return error;
  }
}

function makeStores(request: OpenRequest, event: UpgradeEvent): void {
  for (const store of STORES) request.result.createObjectStore(store);
  const loss = lossOf(event);
  if (loss !== undefined) request.transaction?.objectStore('lock').put(loss, LOSS);
}

/** What Chromium says when it found a database damaged and has deleted it, as it does unasked. */
function lossOf({ dataLoss, dataLossMessage }: UpgradeEvent): string | undefined {
  const isWhole = dataLoss === undefined || dataLoss === 'none';
  return isWhole ? undefined : (dataLossMessage ?? dataLoss);
}

function chunksFrom(id: number, offset: number): object {
  return keyRange([id, offset], [id, Infinity]);
}

function outcomeOf<T>(request: DatabaseRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
