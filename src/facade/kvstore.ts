/**
 * The shape of ocore's kvstore.js: callbacks, chained batches, Node streams. Callbacks are called
 * behind the current turn; what cannot be answered is thrown there, where nothing catches it, as
 * it is in the original. docs/kvstore.md says what is different.
 */
import '../store/host-node.ts';
import type { Readable } from 'node:stream';
import type { FileSystem } from '../fs/file-system.ts';
import type { StoreOptions } from '../options.ts';
import type { Store } from '../store.ts';
import { KvstoreBatch } from './kvstore-batch.ts';
import { KvstoreConnection } from './kvstore-connection.ts';
import { asKvstoreError, type KvstoreError } from './kvstore-error.ts';
import { type KvstoreStreamOptions, keyStream, readStream } from './kvstore-stream.ts';
import { keyText, valueText } from './kvstore-text.ts';

export type { BatchCallback, BatchWriteOptions, KvstoreBatch } from './kvstore-batch.ts';
export type { KvstoreError } from './kvstore-error.ts';
export type { KvstoreStreamOptions } from './kvstore-stream.ts';

/** Its functions may be taken off it: they need no `this`. */
export interface Kvstore {
  /** Undefined when the key is missing. */
  readonly get: (key: unknown, callback: (value?: string) => void) => void;
  readonly put: (key: unknown, value: unknown, callback?: () => void) => void;
  /** A missing key is fine. */
  readonly del: (key: unknown, callback?: () => void) => void;
  readonly batch: () => KvstoreBatch;
  readonly createReadStream: (options?: KvstoreStreamOptions) => Readable;
  readonly createKeyStream: (options?: KvstoreStreamOptions) => Readable;
  /** Calls back with 'already open', at once, when it is. */
  readonly open: (
    callback?: (error?: KvstoreError | string | null) => void,
  ) => Promise<void> | void;
  /** Calls back with 'already closed', at once, when it is. */
  readonly close: (callback?: (error?: KvstoreError | string) => void) => Promise<void> | void;
  /** The store behind it, while it is open: for commits of its map `kvstore` and of others. */
  readonly store: Store | undefined;
}

/**
 * Opens at once and lets everything wait for it. What opening throws is passed to the callback, or
 * thrown where nothing catches it. Writes are buffered, as they are by level, unless `durability`
 * or the `sync` of a batch says otherwise.
 */
export function openKvstore(
  location: string | FileSystem,
  options: StoreOptions = {},
  callback: (error: KvstoreError | null) => void = throwOpenError,
): Kvstore {
  const connection = new KvstoreConnection(location, { durability: 'buffered', ...options });
  answer(connection.open(), () => callback(null), callback);
  return {
    ...entryFunctions(connection),
    batch: () => new KvstoreBatch(connection),
    createReadStream: (streamOptions = {}) => readStream(connection, streamOptions),
    createKeyStream: (streamOptions = {}) => keyStream(connection, streamOptions),
    ...lifeFunctions(connection),
    get store() {
      return connection.opened?.store;
    },
  };
}

function entryFunctions(connection: KvstoreConnection): Pick<Kvstore, 'get' | 'put' | 'del'> {
  return {
    get: (key, callback) => {
      const reading = read(connection, key);
      answer(reading, callback, (error) => fail(`get ${key}`, error));
    },
    put: (key, value, callback = ignore) => {
      const writing = put(connection, key, value);
      answer(writing, callback, (error) => fail(`put ${key} = ${value}`, error));
    },
    del: (key, callback = ignore) => {
      answer(remove(connection, key), callback, (error) => fail(`del ${key}`, error));
    },
  };
}

function lifeFunctions(connection: KvstoreConnection): Pick<Kvstore, 'open' | 'close'> {
  return {
    open: (callback) => {
      if (callback === undefined) return connection.open().then(ignore);
      if (connection.isOpen) return callback('already open');
      answer(connection.open(), () => callback(null), callback);
    },
    close: (callback) => {
      if (callback === undefined) return connection.close();
      if (connection.isClosed) return callback('already closed');
      answer(connection.close(), () => callback(), callback);
    },
  };
}

async function read(connection: KvstoreConnection, key: unknown): Promise<string | undefined> {
  try {
    const text = keyText(key);
    return await connection.use(({ entries }) => entries.get(text));
  } catch (error) {
    throw asKvstoreError('ReadError', error);
  }
}

async function put(connection: KvstoreConnection, key: unknown, value: unknown): Promise<void> {
  try {
    const [keyed, valued] = [keyText(key), valueText(value)];
    await connection.use(({ entries }) => entries.put(keyed, valued));
  } catch (error) {
    throw asKvstoreError('WriteError', error);
  }
}

async function remove(connection: KvstoreConnection, key: unknown): Promise<void> {
  try {
    const text = keyText(key);
    await connection.use(({ entries }) => entries.remove(text));
  } catch (error) {
    throw asKvstoreError('WriteError', error);
  }
}

/** Outside of the promise, so that what a callback throws is not swallowed by it. */
function answer<T>(
  work: Promise<T>,
  callback: (value: T) => void,
  onError: (error: KvstoreError) => void,
): void {
  work.then(
    (value) => process.nextTick(callback, value),
    (error: KvstoreError) => process.nextTick(onError, error),
  );
}

function fail(what: string, error: KvstoreError): never {
  throw new Error(`${what} failed: ${error}`, { cause: error });
}

function throwOpenError(error: KvstoreError | null): void {
  if (error === null) return;
  throw new Error(`kvstore open failed (is the app already running?): ${error}`, { cause: error });
}

function ignore(): void {}
