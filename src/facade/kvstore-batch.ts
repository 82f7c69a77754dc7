/** A chained batch: puts and deletions are collected, and written as one commit or not at all. */
import type { WriteOptions } from '../options.ts';
import type { Write } from '../store/map-handles.ts';
import { type KvstoreConnection, MAP_NAME } from './kvstore-connection.ts';
import { asKvstoreError, KvstoreError } from './kvstore-error.ts';
import { keyText, valueText } from './kvstore-text.ts';

export interface BatchWriteOptions {
  /** Wait until the batch is on the medium, as everything before it then is too. */
  readonly sync?: boolean;
}

export type BatchCallback = (error?: KvstoreError) => void;

/** Reads do not see it until it is written. The last operation on a key wins. */
export class KvstoreBatch {
  readonly #connection: KvstoreConnection;
  #writes: Write[] = [];
  #isWritten = false;

  constructor(connection: KvstoreConnection) {
    this.#connection = connection;
  }

  get length(): number {
    return this.#writes.length;
  }

  /** Throws a WriteError. */
  put(key: unknown, value: unknown): this {
    return this.#add(() => ({
      type: 'put',
      map: MAP_NAME,
      key: keyText(key),
      value: valueText(value),
    }));
  }

  /** Throws a WriteError. */
  del(key: unknown): this {
    return this.#add(() => ({ type: 'remove', map: MAP_NAME, key: keyText(key) }));
  }

  /** Throws a WriteError. */
  clear(): this {
    this.#requireUnwritten();
    this.#writes = [];
    return this;
  }

  /**
   * Commits the batch: all of it or nothing. Throws a WriteError when it was written before; any
   * other is passed to the callback, or rejects the promise that is returned without one.
   */
  write(callback: BatchCallback): void;
  write(options: BatchWriteOptions | null | undefined, callback: BatchCallback): void;
  write(options?: BatchWriteOptions | null): Promise<void>;
  write(
    options?: BatchWriteOptions | BatchCallback | null,
    callback?: BatchCallback,
  ): Promise<void> | void {
    this.#requireUnwritten();
    this.#isWritten = true;
    const isCallback = typeof options === 'function';
    const answer = isCallback ? options : callback;
    const written = this.#write(isCallback ? undefined : (options ?? undefined));
    if (answer === undefined) return written;
    // Outside of the promise, so that what a callback throws is not swallowed by it.
    written.then(
      () => process.nextTick(answer),
      (error: KvstoreError) => process.nextTick(answer, error),
    );
  }

  async #write(options: BatchWriteOptions | undefined): Promise<void> {
    const durability: WriteOptions = options?.sync === true ? { durability: 'synced' } : {};
    const writes = this.#writes;
    try {
      await this.#connection.use(({ store }) => store.batch(writes, durability));
    } catch (error) {
      throw asKvstoreError('WriteError', error);
    }
  }

  #add(write: () => Write): this {
    this.#requireUnwritten();
    try {
      this.#writes.push(write());
    } catch (error) {
      throw asKvstoreError('WriteError', error);
    }
    return this;
  }

  #requireUnwritten(): void {
    if (!this.#isWritten) return;
    throw new KvstoreError('WriteError', new Error('write() already called on this batch'));
  }
}
