/** The public face: an open store. What happens behind each method is in store/ and transaction/. */

import { compareBytes, utf8Encode } from './bytes/bytes.ts';
import type { FileSystem } from './fs/file-system.ts';
import { runAsync, runSync, type Task } from './fs/task.ts';
import {
  checkOptions,
  checkQuotaOptions,
  checkToken,
  invalid,
  type QuotaOptions,
  type StoreEvent,
  type StoreOptions,
  type TransactionOptions,
  type WorkOptions,
  type WriteOptions,
} from './options.ts';
import type { CheckpointReport } from './store/checkpoint-report.ts';
import { closeStore, requireBlockingClose } from './store/close.ts';
import type { Commit } from './store/commit-request.ts';
import { Committer } from './store/committer.ts';
import { BLOCKING, waitingManner } from './store/environment.ts';
import { hostEnvironment, resolveLocation } from './store/host.ts';
import { setInside } from './store/inside.ts';
import type { CommitEvent, EventType, Listener } from './store/listeners.ts';
import { checkName, MapHandles, type MapOptions, type Write } from './store/map-handles.ts';
import { type OpenStore, openStore } from './store/open.ts';
import type { Outcome } from './store/outcomes.ts';
import { rotate } from './store/rotation.ts';
import { infoOf, type StoreInfo, type StoreStats, statsOf } from './store/store-facts.ts';
import type { StoreMap } from './store/store-map.ts';
import { type VerifyReport, verifyStore } from './store/verify.ts';
import { View } from './store/view.ts';
import type { Transaction } from './transaction/transaction.ts';
import { Transactions } from './transaction/transactions.ts';

const EVENT_TYPES: ReadonlySet<unknown> = new Set<EventType>([
  ...(['commit', 'checkpoint', 'error', 'resolved'] as const),
  ...(['lost', 'closed', 'recovered'] as const),
]);

export class Store {
  readonly #parts: OpenStore;
  readonly #committer: Committer;
  readonly #handles: MapHandles;
  readonly #transactions: Transactions;
  #closing: Promise<void> | undefined;
  /** What a blocking close has thrown: so a close that it has overtaken fails with it too. */
  #closeFailure: { readonly cause: unknown } | undefined;

  private constructor(parts: OpenStore) {
    this.#parts = parts;
    this.#committer = new Committer(parts.engine, parts.queue, () =>
      parts.maintenance.makeRoomNow(),
    );
    this.#handles = new MapHandles(parts.engine, this.#committer);
    this.#transactions = new Transactions(parts.engine, this.#committer);
    const { engine } = parts;
    setInside(this, {
      engine,
      encodedMap: (target) => this.#handles.encoded(target),
      admit: (target) => this.#handles.admit(target),
    });
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
      const writes = store.#handles.quotaWrites(checked.quota);
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
    return this.#handles.handle(name, options);
  }

  /** Removes the map with all its entries; a map that is not there is fine. */
  async dropMap(name: string, options?: WriteOptions): Promise<Commit> {
    const commit = await this.#committer.commit([{ type: 'drop', name }], options);
    this.#handles.forget(name);
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
    return this.#committer.commit(this.#handles.encode(writes), options);
  }

  /** The same, blocking; SYNC_UNAVAILABLE where the host cannot. */
  batchSync(writes: Iterable<Write>, options?: WriteOptions): Commit {
    return this.#committer.commitSync(this.#handles.encode(writes), options);
  }

  /**
   * Runs `run` in a transaction and commits what it has written: all of it, or, when `run` throws,
   * nothing. Resolves to what `run` returns, also if that ended the transaction itself.
   *
   * On a ConflictError, of the commit or out of `run`, it is run again in a new transaction, up to
   * `maxRetries` times; `attempt` counts from 1. Rejects as `Transaction.commit` does; while the
   * synchronous part of a callback is running, a transaction begun is a NESTED_TRANSACTION.
   */
  transaction<T>(
    run: (transaction: Transaction, attempt: number) => T | Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    return this.#transactions.run(run, options);
  }

  /** The same, blocking; SYNC_UNAVAILABLE where the host cannot. */
  transactionSync<T>(
    run: (transaction: Transaction, attempt: number) => T,
    options?: TransactionOptions,
  ): T {
    return this.#transactions.runSync(run, options);
  }

  /** A transaction for the caller to commit or to abort. One that is forgotten is reported. */
  begin(options?: TransactionOptions): Transaction {
    return this.#transactions.begin(options);
  }

  /**
   * Whether a commit with this token is stored: known of the last 10,000 tokens at least, also after
   * crashes, checkpoints and compactions. 'unknown' from the submission until the commit is settled,
   * and while it is in doubt. Throws INVALID_ARGUMENT.
   */
  outcomeOf(token: Uint8Array | string): Outcome {
    const { engine } = this.#parts;
    engine.requireOpen();
    const bytes = checkToken(token);
    return engine.tokens.sequenceOf(bytes) === undefined ? engine.outcomes.of(bytes) : 'committed';
  }

  /**
   * Calls `listener` at every such event, until the function that this returns is called.
   *
   * 'commit': in the step in which the commit becomes visible, before its promise resolves, in the
   * order of the commits. Readers see the state behind the commits that became visible with it; a
   * listener may submit writes, but blocking ones are IN_LISTENER. What it throws is reported as
   * 'error' and changes nothing. The other events are those that the logger gets.
   */
  on(type: 'commit', listener: (event: CommitEvent) => void): () => void;
  on(type: StoreEvent['type'], listener: (event: StoreEvent) => void): () => void;
  on(type: EventType, listener: (event: never) => void): () => void {
    if (!EVENT_TYPES.has(type)) throw invalid(`there is no event ${JSON.stringify(type)}`);
    if (typeof listener !== 'function') throw invalid('a listener is a function');
    return this.#parts.engine.listeners.add(type, listener as Listener);
  }

  /** Resolves when everything committed so far is durable. */
  async flush(): Promise<void> {
    await this.#committer.commit([], { durability: 'synced' });
  }

  /**
   * A consistent state over all maps, the present one, that stays as it is. Release it: by
   * `release()` or `using`.
   */
  view(): View {
    this.#parts.engine.requireOpen();
    return new View(this.#parts.engine);
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
    return this.#committer.commit(this.#handles.quotaWrites(checkQuotaOptions(quota)));
  }

  /**
   * The report in `info.loss` was seen by somebody: it is not shown again. Rejects with
   * INVALID_ARGUMENT or LIMIT for what cannot be the name of a report.
   */
  async acknowledgeLoss(reportId: string): Promise<Commit> {
    checkName(reportId);
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
      engine.report({ type: 'resolved', message: 'writes go on in a new WAL generation' });
    });
  }

  /** Finishes what was submitted, writes End, frees the lock. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /**
   * The same, blocking. Does what is left of a `close()` that is under way. SYNC_UNAVAILABLE where
   * the host cannot: the store stays as it is, unless it is only read.
   */
  closeSync(): void {
    const { engine } = this.#parts;
    if (engine.status === 'closed') return;
    engine.listeners.requireOutside();
    requireBlockingClose(engine);
    try {
      this.#closeNow();
    } catch (cause) {
      this.#closeFailure = { cause };
      throw cause;
    }
  }

  #closeNow(): void {
    const { engine, maintenance, queue } = this.#parts;
    maintenance.overtake();
    let failure: { readonly cause: unknown } | undefined;
    try {
      queue.settleNow();
    } catch (cause) {
      failure = { cause };
      queue.refuseAll(cause);
    }
    engine.status = 'closing';
    this.#transactions.stopWaiting();
    this.#closing ??= Promise.resolve();
    // Behind End there is no other WAL to move to.
    if (engine.writer?.isEnded !== true) runSync(maintenance.beforeClose(BLOCKING));
    runSync(closeStore(engine, BLOCKING));
    if (failure !== undefined) throw failure.cause;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { engine, maintenance, queue } = this.#parts;
    if (engine.status === 'closed') return;
    const isOvertaken = (): boolean => engine.status === 'closed';
    engine.status = 'closing';
    this.#transactions.stopWaiting();
    await queue.drain();
    await maintenance.settle();
    const manner = waitingManner(engine.environment);
    if (!isOvertaken()) await runAsync(maintenance.beforeClose(manner));
    await queue.drain();
    await runAsync(closeStore(engine, manner));
    if (this.#closeFailure !== undefined) throw this.#closeFailure.cause;
  }

  async #applyQuota(quota: QuotaOptions): Promise<void> {
    const writes = this.#handles.quotaWrites(quota);
    if (writes.length > 0) await this.#committer.commit(writes);
  }
}

function compareText(left: string, right: string): number {
  return compareBytes(utf8Encode(left), utf8Encode(right));
}
