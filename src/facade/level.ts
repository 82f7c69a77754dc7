/**
 * `onewal/level`: an abstract-level database over one map of a store. Sublevels are prefixes in
 * that map, as abstract-level makes them, so a batch over any of them is one commit. Errors carry
 * the codes of Level, and ours as their cause.
 */
import type { AbstractSnapshot } from 'abstract-level';
import { UsageError } from '../errors.ts';
import type { FileSystem } from '../fs/file-system.ts';
import type { StoreOptions, WriteOptions } from '../options.ts';
import { resolveLocation } from '../store/host.ts';
import type { Write } from '../store/map-handles.ts';
import { Store } from '../store.ts';
import { notOpen, toLevelError } from './level-error.ts';
import { type Encoded, type Format, toBytes, toFormat } from './level-format.ts';
import {
  EntryIterator,
  type EntryOptions,
  type IterationOptions,
  KeyIterator,
  ValueIterator,
} from './level-iterators.ts';
import { boundsOf, type LevelRange } from './level-range.ts';
import {
  type FrozenState,
  freeze,
  type LevelMap,
  type LevelReads,
  LevelSnapshot,
} from './level-snapshot.ts';
import {
  DurableLevel,
  type OnewalLevelOptions,
  type OnewalOpenOptions,
  type SyncOption,
} from './level-types.ts';

export { LevelError } from './level-error.ts';
export type { OnewalLevelOptions, OnewalOpenOptions, SyncOption } from './level-types.ts';

const MANIFEST = {
  encodings: { utf8: true, view: true },
  createIfMissing: true,
  errorIfExists: true,
  explicitSnapshots: true,
  getSync: true,
  has: true,
  implicitSnapshots: true,
  permanence: true,
  seek: true,
  signals: { iterators: true },
};

/** The map that holds a Level database. */
const MAP_NAME = 'level';

interface ReadOptions {
  readonly valueEncoding: Format;
  readonly snapshot?: AbstractSnapshot | null;
}

const STORE_OPTIONS = new Set([
  ...['readOnly', 'recovery', 'durability', 'quota', 'cacheBytes', 'checkpointBytes'],
  ...['lockTimeout', 'expectAtLeast', 'logger', 'signal', 'onProgress'],
]);

type PrivateOperation =
  | { readonly type: 'put'; readonly key: Encoded; readonly value: Encoded }
  | { readonly type: 'del'; readonly key: Encoded };

interface Opened {
  readonly store: Store;
  readonly map: LevelMap;
}

/**
 * Opens when it is made, or by `open()`; can be opened again after `close()`. What fails throws
 * with the codes of Level; `cause` is the error of the store, and says more.
 */
export class OnewalLevel<KDefault = string, VDefault = string> extends DurableLevel<
  KDefault,
  VDefault
> {
  readonly location: string | FileSystem;
  readonly #files: FileSystem;
  #opened: Opened | undefined;

  /** `location` is a directory path where the host has paths, or any FileSystem. */
  constructor(
    location: string | FileSystem,
    options?: OnewalLevelOptions<KDefault, VDefault> | undefined,
  ) {
    const files = resolveLocation(location);
    super(MANIFEST, options);
    this.location = location;
    this.#files = files;
  }

  /** The store beneath, with all that Level has no word for. Throws LEVEL_DATABASE_NOT_OPEN. */
  get store(): Store {
    return this.#requireOpen().store;
  }

  protected async _open(options: OnewalOpenOptions): Promise<void> {
    try {
      this.#opened = await openLevel(this.#files, options);
    } catch (error) {
      throw toLevelError(error);
    }
  }

  /** A store that failed to close is closed all the same: a second close lets go of it. */
  protected async _close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await attempt(() => opened?.store.close());
  }

  protected async _get(key: Encoded, options: ReadOptions): Promise<Encoded | undefined> {
    return this._getSync(key, options);
  }

  protected _getSync(key: Encoded, options: ReadOptions): Encoded | undefined {
    const { valueEncoding } = options;
    return this.#read(options, (reads) => valueIn(reads, { key, valueEncoding }));
  }

  protected async _getMany(
    keys: readonly Encoded[],
    options: ReadOptions,
  ): Promise<(Encoded | undefined)[]> {
    const { valueEncoding } = options;
    return this.#read(options, (reads) =>
      keys.map((key) => valueIn(reads, { key, valueEncoding })),
    );
  }

  protected async _has(key: Encoded, options: ReadOptions): Promise<boolean> {
    return this.#read(options, (reads) => reads.has(toBytes(key)));
  }

  protected async _hasMany(keys: readonly Encoded[], options: ReadOptions): Promise<boolean[]> {
    return this.#read(options, (reads) => keys.map((key) => reads.has(toBytes(key))));
  }

  protected async _put(key: Encoded, value: Encoded, options: SyncOption): Promise<void> {
    const { map } = this.#requireOpen();
    await attempt(() => map.put(toBytes(key), toBytes(value), durabilityOf(options)));
  }

  protected async _del(key: Encoded, options: SyncOption): Promise<void> {
    const { map } = this.#requireOpen();
    await attempt(() => map.remove(toBytes(key), durabilityOf(options)));
  }

  protected async _batch(
    operations: readonly PrivateOperation[],
    options: SyncOption,
  ): Promise<void> {
    const { store, map } = this.#requireOpen();
    const writes = operations.map((operation) => writeOf(map, operation));
    await attempt(() => store.batch(writes, durabilityOf(options)));
  }

  /** One commit, however many entries it removes. */
  protected async _clear(
    options: LevelRange & SyncOption & { readonly snapshot?: AbstractSnapshot | null },
  ): Promise<void> {
    const { store, map } = this.#requireOpen();
    const range = { ...boundsOf(options), ...(options.limit < 0 ? {} : { limit: options.limit }) };
    const { snapshot } = options;
    await attempt(() => {
      if (snapshot == null) return map.clear(range, durabilityOf(options));
      const keys = this.#readsOf(snapshot).getKeys(range);
      const writes = Array.from(keys, (key): Write => ({ type: 'remove', map, key }));
      return store.batch(writes, durabilityOf(options));
    });
  }

  protected _iterator(
    options: EntryOptions & ReadOptions,
  ): EntryIterator<this, KDefault, VDefault> {
    return new EntryIterator(this, options, this.#frozen(options));
  }

  protected _keys(options: IterationOptions & ReadOptions): KeyIterator<this, KDefault> {
    return new KeyIterator(this, options, this.#frozen(options));
  }

  protected _values(
    options: IterationOptions & ReadOptions,
  ): ValueIterator<this, KDefault, VDefault> {
    return new ValueIterator(this, options, this.#frozen(options));
  }

  protected _snapshot(options: object): AbstractSnapshot {
    const { store, map } = this.#requireOpen();
    const state = translated(() => freeze(store, map));
    return new LevelSnapshot(options, store, state);
  }

  #requireOpen(): Opened {
    if (this.#opened === undefined) throw notOpen();
    return this.#opened;
  }

  #read<T>({ snapshot }: ReadOptions, read: (reads: LevelReads) => T): T {
    const { map } = this.#requireOpen();
    return translated(() => read(snapshot == null ? map : this.#readsOf(snapshot)));
  }

  /** The state that an iterator reads: its own, which it has to release, or that of a snapshot. */
  #frozen({ snapshot }: ReadOptions): FrozenState {
    const { store, map } = this.#requireOpen();
    if (snapshot == null) return translated(() => freeze(store, map));
    return { reads: this.#readsOf(snapshot), release: () => undefined };
  }

  #readsOf(snapshot: AbstractSnapshot): LevelReads {
    const { store } = this.#requireOpen();
    if (snapshot instanceof LevelSnapshot && snapshot.store === store) return snapshot.reads;
    throw new TypeError('the snapshot is not one of this database');
  }
}

async function openLevel(files: FileSystem, options: OnewalOpenOptions): Promise<Opened> {
  const store = await openStore(files, options);
  try {
    const encodings = { key: 'binary', value: 'binary' } as const;
    return { store, map: store.map<Uint8Array, Uint8Array>(MAP_NAME, encodings) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openStore(files: FileSystem, options: OnewalOpenOptions): Promise<Store> {
  const { createIfMissing = true, errorIfExists = false } = options;
  const create = errorIfExists && createIfMissing ? 'new' : createIfMissing;
  const store = await Store.open(files, { ...storeOptionsIn(options), create });
  if (create === 'new' || !errorIfExists) return store;
  await store.close();
  throw new UsageError('EXISTS', `there is a store at ${store.info.location}`);
}

/** abstract-level hands over everything that a caller passed, other databases' options too. */
function storeOptionsIn(options: OnewalOpenOptions): StoreOptions {
  const given = Object.entries(options).filter(
    ([name, value]) => STORE_OPTIONS.has(name) && value !== undefined,
  );
  return Object.fromEntries(given);
}

function valueIn(
  reads: LevelReads,
  { key, valueEncoding }: { readonly key: Encoded; readonly valueEncoding: Format },
): Encoded | undefined {
  const value = reads.get(toBytes(key));
  return value === undefined ? undefined : toFormat(value, valueEncoding);
}

function writeOf(map: LevelMap, operation: PrivateOperation): Write {
  const key = toBytes(operation.key);
  if (operation.type === 'del') return { type: 'remove', map, key };
  return { type: 'put', map, key, value: toBytes(operation.value) };
}

function durabilityOf({ sync }: SyncOption): WriteOptions {
  if (sync === undefined || sync === null) return {};
  return { durability: sync ? 'synced' : 'buffered' };
}

function translated<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw toLevelError(error);
  }
}

async function attempt(action: () => unknown): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw toLevelError(error);
  }
}
