/** The public face: an open store. What happens behind each method is in the files beside this one. */

import { compareBytes, utf8Encode } from '../bytes/bytes.ts';
import { type KeyCodec, type KeyEncoding, resolveKeyCodec } from '../codec/key-codec.ts';
import { resolveValueCodec, type ValueCodec, type ValueEncoding } from '../codec/value-codec.ts';
import { LimitError } from '../errors.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { runAsync, runSync, type Task } from '../fs/task.ts';
import {
  checkOptions,
  checkQuotaOptions,
  invalid,
  type QuotaOptions,
  type RangeOptions,
  type StoreOptions,
  type WorkOptions,
  type WriteOptions,
} from '../options.ts';
import { closeStore } from './close.ts';
import type { Commit } from './commit-request.ts';
import { Committer } from './committer.ts';
import { BLOCKING, waitingManner } from './environment.ts';
import { hostEnvironment, resolveLocation } from './host.ts';
import { NAME_SIZE_MAX } from './limits.ts';
import type { CheckpointReport } from './maintenance.ts';
import { type OpenStore, openStore } from './open.ts';
import { checkEncodings, type MapTarget, type PendingWrite } from './pending-write.ts';
import { rotate } from './rotation.ts';
import { infoOf, type StoreInfo, type StoreStats, statsOf } from './store-facts.ts';
import { StoreMap } from './store-map.ts';
import { type VerifyReport, verifyStore } from './verify.ts';

export interface MapOptions<K, V> {
  /** Default 'ordered': strings, numbers, booleans, null and arrays, in the order of their bytes. */
  readonly key?: KeyEncoding | KeyCodec<K>;
  /** Default 'cbor'. */
  readonly value?: ValueEncoding | ValueCodec<V>;
  /** Bytes of encoded keys and values; kept in the store from the next commit on. */
  readonly quota?: number;
}

export type Write =
  | {
      readonly type: 'put';
      readonly map: MapReference;
      readonly key: unknown;
      readonly value: unknown;
    }
  | { readonly type: 'remove'; readonly map: MapReference; readonly key: unknown }
  | { readonly type: 'clear'; readonly map: MapReference; readonly range?: RangeOptions<unknown> };

/** A map of this store, or the name of one. */
export type MapReference = string | { readonly name: string };

export class Store {
  readonly #parts: OpenStore;
  readonly #committer: Committer;
  readonly #maps = new Map<string, StoreMap<unknown, unknown>>();
  /** Of maps that are not there yet: set when somebody asks for the map, with its encodings. */
  readonly #quotaWishes = new Map<string, number>();
  #closing: Promise<void> | undefined;

  private constructor(parts: OpenStore) {
    this.#parts = parts;
    this.#committer = new Committer(parts.engine, parts.queue, () =>
      parts.maintenance.makeRoomNow(),
    );
  }

  /**
   * Opens the store at `location`, a directory path where the host has paths, or a FileSystem.
   *
   * Throws LOCKED (says who has it), CORRUPT or MISSING_FILE (acknowledged data is damaged: the
   * report says what; nothing was changed), ROLLED_BACK, FORMAT_TOO_NEW, FOREIGN_FILE, NOT_FOUND,
   * EXISTS, INVALID_ARGUMENT, ABORTED, and IO, DISK_FULL or PERMISSION from the host. After a
   * failure nothing is open and no lock is held.
   */
  static async open(location: string | FileSystem, options?: StoreOptions): Promise<Store> {
    const checked = checkOptions(options);
    const environment = hostEnvironment();
    const fs = resolveLocation(location);
    const manner = waitingManner(environment);
    const store = new Store(
      await runAsync(openStore({ fs, options: checked, environment, manner })),
    );
    try {
      await store.#applyQuota(checked.quota);
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  /** The same on hosts that can block; SYNC_UNAVAILABLE elsewhere. */
  static openSync(location: string | FileSystem, options?: StoreOptions): Store {
    const checked = checkOptions(options);
    const environment = hostEnvironment();
    const fs = resolveLocation(location);
    const store = new Store(
      runSync(openStore({ fs, options: checked, environment, manner: BLOCKING })),
    );
    try {
      const writes = store.#quotaWrites(checked.quota);
      if (writes.length > 0) store.#committer.commitSync(writes);
    } catch (error) {
      store.closeSync();
      throw error;
    }
    return store;
  }

  get info(): StoreInfo {
    return infoOf(this.#parts.engine);
  }

  /** Names of the maps that are stored, in the order of their bytes. */
  get maps(): readonly string[] {
    const { catalog } = this.#parts.engine.state;
    return [...catalog.maps].map((map) => map.name).sort(compareText);
  }

  /**
   * A handle on a map, which the first commit to it creates. Its encodings are stored with it:
   * MAP_ENCODING_MISMATCH when others are asked for. Throws INVALID_ARGUMENT, LIMIT (the name).
   */
  map<K = unknown, V = unknown>(name: string, options: MapOptions<K, V> = {}): StoreMap<K, V> {
    const { engine } = this.#parts;
    engine.requireOpen();
    checkName(name);
    const stored = this.#target(name);
    const key = resolveKeyCodec((options.key ?? stored?.keyEncoding ?? 'ordered') as KeyEncoding);
    const value = resolveValueCodec(
      (options.value ?? stored?.valueEncoding ?? 'cbor') as ValueEncoding,
    );
    if (stored !== undefined) {
      checkEncodings({ name, keyEncoding: key.name, valueEncoding: value.name }, stored);
    }
    checkName(key.name);
    checkName(value.name);
    const codecs = { name, key: key as KeyCodec<unknown>, value: value as ValueCodec<unknown> };
    const known = this.#maps.get(name);
    const isSame = options.key === undefined && options.value === undefined;
    const map =
      known !== undefined && isSame ? known : new StoreMap(engine, this.#committer, codecs);
    this.#maps.set(name, map);
    const quota = options.quota ?? this.#quotaWishes.get(name);
    this.#quotaWishes.delete(name);
    if (quota !== undefined) this.#setMapQuota(map.target, quota);
    return map as unknown as StoreMap<K, V>;
  }

  /** Removes the map with all its entries; a map that is not there is fine. */
  async dropMap(name: string, options?: WriteOptions): Promise<Commit> {
    const commit = await this.#committer.commit([{ type: 'drop', name }], options);
    this.#maps.delete(name);
    return commit;
  }

  /**
   * One commit of all writes, or nothing. An empty batch writes nothing.
   *
   * Rejects before anything is logged, `committed: 'no'`: UsageError (KEY_INVALID, VALUE_INVALID,
   * MAP_ENCODING_MISMATCH ...), QUOTA_EXCEEDED, LIMIT. From the host: DISK_FULL and IO,
   * `committed: 'no'` unless it says otherwise; COMMIT_IN_DOUBT, `'unknown'`, after a failed sync.
   */
  async batch(writes: Iterable<Write>, options?: WriteOptions): Promise<Commit> {
    return this.#committer.commit(this.#encode(writes), options);
  }

  /** The same, blocking; SYNC_UNAVAILABLE where the host cannot. */
  batchSync(writes: Iterable<Write>, options?: WriteOptions): Commit {
    return this.#committer.commitSync(this.#encode(writes), options);
  }

  /** Resolves when everything committed so far is durable. */
  async flush(): Promise<void> {
    await this.#committer.commit([], { durability: 'synced' });
  }

  /** Writes what no snapshot holds yet as a snapshot, and drops what is superseded. */
  async checkpoint(options: WorkOptions = {}): Promise<CheckpointReport> {
    this.#parts.engine.requireOpen();
    this.#parts.engine.requireWriter();
    return this.#parts.maintenance.checkpoint(options);
  }

  /**
   * Folds all snapshots into one full one. Equal states then have equal roots and data blocks. What
   * is committed meanwhile may stand in a small snapshot on top.
   */
  async compact(options: WorkOptions = {}): Promise<CheckpointReport> {
    this.#parts.engine.requireOpen();
    this.#parts.engine.requireWriter();
    return this.#parts.maintenance.compact(options);
  }

  /**
   * Reads every block and every frame the store stands on. Damage is in the report, not thrown.
   * Throws ABORTED, and IO where a file cannot be read.
   */
  async verify(options: WorkOptions = {}): Promise<VerifyReport> {
    const { engine, queue } = this.#parts;
    engine.requireOpen();
    return verifyStore(engine, queue, options);
  }

  /**
   * Sets quotas, which are kept in the store; resolves when they are. `undefined` leaves as it is.
   * Below what is used, only growth is refused.
   */
  async setQuota(quota: QuotaOptions): Promise<Commit> {
    return this.#committer.commit(this.#quotaWrites(checkQuotaOptions(quota)));
  }

  /** The report in `info.loss` was seen by somebody: it is not shown again. */
  async acknowledgeLoss(reportId: string): Promise<Commit> {
    return this.#committer.commit([{ type: 'acknowledge', report: reportId }]);
  }

  stats(): StoreStats {
    return statsOf(this.#parts.engine);
  }

  /** After writes were disabled: starts a new WAL generation and goes on. Throws what still fails. */
  async resume(): Promise<void> {
    const { engine, queue } = this.#parts;
    engine.requireOpen();
    const { failure, writer, lock } = engine;
    if (failure === undefined || writer === undefined || lock?.isLost === true) return;
    await queue.runAlone(function* (manner): Task<void> {
      engine.failure = undefined;
      writer.poison();
      yield* rotate(engine, manner);
    });
  }

  /** Finishes what was submitted, writes End, frees the lock. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  closeSync(): void {
    const { engine, maintenance, queue } = this.#parts;
    if (engine.status === 'closed') return;
    maintenance.overtake();
    queue.settleNow();
    engine.status = 'closing';
    this.#closing ??= Promise.resolve();
    runSync(maintenance.beforeClose(BLOCKING));
    runSync(closeStore(engine, BLOCKING));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { engine, maintenance, queue } = this.#parts;
    if (engine.status === 'closed') return;
    engine.status = 'closing';
    await queue.drain();
    await maintenance.settle();
    const manner = waitingManner(engine.environment);
    await runAsync(maintenance.beforeClose(manner));
    await queue.drain();
    await runAsync(closeStore(engine, manner));
  }

  #encode(writes: Iterable<Write>): PendingWrite[] {
    const pending: PendingWrite[] = [];
    for (const write of writes) pending.push(...this.#encodeWrite(write));
    return pending;
  }

  #encodeWrite(write: Write): PendingWrite[] {
    const map = this.#mapOf(write);
    switch (write.type) {
      case 'put':
        return [map.writeOf('put', write.key, write.value)];
      case 'remove':
        return [map.writeOf('remove', write.key)];
      case 'clear':
        return map.clearWrites(write.range);
      default:
        throw invalid(`a write is put, remove or clear, not ${String((write as Write).type)}`);
    }
  }

  #mapOf(write: Write): StoreMap<unknown, unknown> {
    const reference = (write as Write | undefined)?.map;
    const name = typeof reference === 'string' ? reference : reference?.name;
    if (name === undefined) throw invalid('a write names its map');
    if (reference instanceof StoreMap) return reference;
    return this.#maps.get(name) ?? this.map(name);
  }

  /** What is stored of a map, or was asked for by an earlier handle. */
  #target(name: string): MapTarget | undefined {
    return this.#parts.engine.state.catalog.named(name) ?? this.#maps.get(name)?.target;
  }

  #setMapQuota(target: MapTarget, bytes: number): void {
    const { engine } = this.#parts;
    checkQuotaOptions({ bytes });
    if (engine.state.catalog.named(target.name)?.quota === bytes) return;
    this.#committer.commit([{ type: 'quota', target, bytes }]).catch((error: unknown) => {
      engine.report({ type: 'error', message: `the quota of ${target.name} was not set`, error });
    });
  }

  async #applyQuota(quota: QuotaOptions): Promise<void> {
    const writes = this.#quotaWrites(quota);
    if (writes.length > 0) await this.#committer.commit(writes);
  }

  /** Only what differs from what the store has. */
  #quotaWrites(quota: QuotaOptions): PendingWrite[] {
    const { catalog } = this.#parts.engine.state;
    const writes: PendingWrite[] = [];
    if (quota.bytes !== undefined && quota.bytes !== catalog.quota) {
      writes.push({ type: 'quota', target: undefined, bytes: quota.bytes });
    }
    for (const [name, bytes] of Object.entries(quota.maps ?? {})) {
      const target = this.#target(name);
      if (target === undefined) this.#quotaWishes.set(name, bytes);
      else if (catalog.named(name)?.quota !== bytes) writes.push({ type: 'quota', target, bytes });
    }
    return writes;
  }
}

/** Throws INVALID_ARGUMENT, LIMIT. */
function checkName(name: unknown): void {
  if (typeof name !== 'string' || name === '') throw invalid('a name is a text that is not empty');
  const size = utf8Encode(name).length;
  if (size <= NAME_SIZE_MAX) return;
  throw new LimitError(`the name takes ${size} bytes, the limit is ${NAME_SIZE_MAX}`);
}

function compareText(left: string, right: string): number {
  return compareBytes(utf8Encode(left), utf8Encode(right));
}
