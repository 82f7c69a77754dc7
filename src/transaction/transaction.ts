/** Reads of one view and writes over it, committed together or not at all. */
import { ConflictError, OnewalError, UsageError } from '../errors.ts';
import { type CheckedTransactionOptions, checkSignal, checkToken, invalid } from '../options.ts';
import { type Change, decodeChange, decodeIf, type RawChange } from '../store/change.ts';
import type { Commit } from '../store/commit-request.ts';
import type { Committer } from '../store/committer.ts';
import type { Draft } from '../store/draft.ts';
import type { Engine } from '../store/engine.ts';
import { encodeBodies, resolveWrites } from '../store/pending-write.ts';
import type { MapCodecs, ReadSource } from '../store/reads.ts';
import type { StoreMap } from '../store/store-map.ts';
import type { PendingClear, PendingPut, PendingRemove } from '../store/write-encoder.ts';
import { frameSize } from '../wal/frame.ts';
import type { LoggedCommit } from '../wal/wal-writer.ts';
import { rawChanges } from './changes.ts';
import { type Conflict, findConflict } from './conflict.ts';
import type { KeyLocks } from './key-locks.ts';
import { type LockedKey, LockSession } from './lock-session.ts';
import { ReadSet } from './read-set.ts';
import { TransactionMap, type TransactionWrites } from './transaction-map.ts';
import { type SavedWork, Workspace } from './workspace.ts';

export interface Savepoint {
  /** How many savepoints it lies on. */
  readonly depth: number;
}

interface TransactionParts {
  readonly engine: Engine;
  readonly committer: Committer;
  readonly id: number;
  /** The id of the first attempt: those who wait for each other's locks go by it. */
  readonly born: number;
  readonly locks: KeyLocks;
  /** It may not wait for locks: nobody can. */
  readonly isBlocking: boolean;
}

export type TransactionState = 'open' | 'committing' | 'committed' | 'aborted' | 'in-doubt';

/**
 * Made by `Store.begin` and by `Store.transaction`. Everything but `id`, `sequence` and `state`
 * throws TRANSACTION_ENDED once it was committed or aborted.
 */
export class Transaction {
  readonly id: number;
  readonly #engine: Engine;
  readonly #committer: Committer;
  readonly #options: CheckedTransactionOptions;
  #held: object;
  /** For the commits that are kept because of this transaction. */
  readonly #reader = {};
  readonly #maps = new Map<string, MapCodecs<unknown, unknown>>();
  readonly #reads: ReadSet | undefined;
  readonly #source: ReadSource & TransactionWrites;
  readonly #locks: LockSession | undefined;
  #work: Workspace;
  /** A range may be read later: it shows the view of now. */
  #hasRanges = false;
  #savepoints: { readonly savepoint: Savepoint; readonly work: SavedWork }[] = [];
  #state: TransactionState = 'open';
  #outcome: Promise<Commit> | undefined;

  /** For the store: use `Store.begin`. */
  constructor(parts: TransactionParts, options: CheckedTransactionOptions) {
    const { engine, committer, id } = parts;
    this.id = id;
    this.#engine = engine;
    this.#committer = committer;
    this.#options = options;
    this.#locks = options.mode === 'pessimistic' ? makeSession(parts, options) : undefined;
    this.#reads =
      this.#locks !== undefined || options.isolation === 'serializable' ? new ReadSet() : undefined;
    this.#work = new Workspace(engine.state, engine.usage);
    this.#source = this.#makeSource(parts);
    this.#held = this.#hold();
  }

  /** Of the view that it reads. */
  get sequence(): number {
    return this.#work.view.sequence;
  }

  get state(): TransactionState {
    return this.#state;
  }

  /** Bytes that the commit would add to the WAL. */
  get size(): number {
    this.#requireOpen();
    const { delta, view } = this.#work;
    if (this.#isReadOnly) return 0;
    const operations = resolveWrites(delta.writes(), view.catalog);
    const { token } = this.#options.write;
    if (token !== undefined) operations.push({ type: 'token', token: checkToken(token) });
    if (operations.length === 0) return 0;
    const bodies = encodeBodies(operations);
    return bodies.reduce((size, body) => size + frameSize(body.length), 0);
  }

  /** Throws INVALID_ARGUMENT for a map of another store. */
  map<K, V>(map: StoreMap<K, V>): TransactionMap<K, V> {
    this.#requireOpen();
    const codecs = map.codecsIn(this.#engine);
    this.#maps.set(codecs.name, codecs as unknown as MapCodecs<unknown, unknown>);
    return new TransactionMap(this.#engine, codecs, this.#source);
  }

  /** Marks what was written so far. Savepoints nest. */
  savepoint(): Savepoint {
    this.#requireOpen();
    const savepoint = Object.freeze({ depth: this.#savepoints.length });
    this.#savepoints.push({ savepoint, work: this.#work.save() });
    return savepoint;
  }

  /**
   * Undoes what was written since. Savepoints made since are gone, this one may be used again; what
   * was read since still counts as read. Throws SAVEPOINT_RELEASED.
   */
  rollbackTo(savepoint: Savepoint): void {
    this.#requireOpen();
    const index = this.#savepoints.findIndex((known) => known.savepoint === savepoint);
    const found = this.#savepoints[index];
    if (found === undefined) {
      throw new UsageError(
        'SAVEPOINT_RELEASED',
        'the savepoint is of another transaction, or was undone with one below it',
      );
    }
    this.#savepoints.length = index + 1;
    this.#work.restore(found.work);
    this.#locks?.keepClaims(this.#work.delta);
  }

  /** What the commit would change, in map and key order, as of this call. */
  changes(): Iterable<Change> {
    this.#requireOpen();
    const { delta, view } = this.#work;
    return this.#decode(rawChanges(delta.fork(), view));
  }

  /**
   * Commits all writes, or nothing. A transaction that wrote nothing logs nothing and is not
   * checked: what it read is one state, that of its view.
   *
   * Rejects, `committed: 'no'`, with CONFLICT where others have touched what it relies on, and as
   * `Store.batch` does. It has ended then; after COMMIT_IN_DOUBT its state is 'in-doubt'.
   */
  async commit(): Promise<Commit> {
    this.#requireOpen();
    this.#state = 'committing';
    this.#outcome = this.#commit();
    return this.#outcome;
  }

  /** The same, blocking; SYNC_UNAVAILABLE where the host cannot. */
  commitSync(): Commit {
    this.#requireOpen();
    this.#state = 'committing';
    try {
      checkSignal(this.#options.signal);
      this.#locks?.requireSettled();
      const commit = this.#isReadOnly
        ? this.#readCommit()
        : this.#committer.commitSync(this.#work.delta.writes(), this.#options.write, this.#check);
      this.#end('committed');
      return commit;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Drops everything. An aborted one may be aborted again. */
  abort(): void {
    if (this.#state === 'aborted') return;
    this.#requireNotEnded();
    this.#end('aborted');
  }

  /** For `Store.transaction`: commits unless the callback has ended it, and waits for the end. */
  async settle(): Promise<void> {
    if (this.#state === 'open') await this.commit();
    else await this.#outcome;
  }

  async #commit(): Promise<Commit> {
    try {
      checkSignal(this.#options.signal);
      // Without locks it is submitted at once, in its order among other writes.
      if (this.#locks !== undefined) await this.#locks.settled();
      const commit = this.#isReadOnly
        ? this.#readCommit()
        : await this.#committer.commit(this.#work.delta.writes(), this.#options.write, this.#check);
      this.#end('committed');
      return commit;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  get #isReadOnly(): boolean {
    return this.#work.delta.isEmpty && this.#options.write.token === undefined;
  }

  #readCommit(): Commit {
    this.#engine.requireOpen();
    const { sequence } = this.#work.view;
    const durable = this.#engine.writer?.durable.sequence ?? sequence;
    return { sequence, durable: sequence <= durable };
  }

  #fail(error: unknown): unknown {
    const isInDoubt = error instanceof OnewalError && error.committed === 'unknown';
    this.#end(isInDoubt ? 'in-doubt' : 'aborted');
    return error;
  }

  #end(state: 'committed' | 'aborted' | 'in-doubt'): void {
    this.#state = state;
    this.#engine.recent.drop(this.#reader);
    this.#engine.held.release(this.#held);
    this.#savepoints = [];
    this.#locks?.end(this.#endedError());
  }

  #hold(): object {
    const { held, recent } = this.#engine;
    const { view: state } = this.#work;
    const [reader, free] = [this.#reader, this.#locks?.freeing];
    recent.keepFor(reader, state.sequence);
    const onLeak = (): void => {
      recent.drop(reader);
      free?.();
    };
    return held.hold(this, { state, holder: 'transaction', onLeak });
  }

  /** After a lock was waited for: what relies on nothing yet may as well see the newest state. */
  #refresh(): void {
    this.#requireOpen();
    const isFresh = this.#work.delta.isEmpty && this.#savepoints.length === 0 && !this.#hasRanges;
    if (!isFresh || this.#reads?.isEmpty !== true) return;
    const { state, usage, held } = this.#engine;
    held.release(this.#held);
    this.#work = new Workspace(state, usage);
    this.#held = this.#hold();
  }

  #lock(key: LockedKey): Promise<void> {
    this.#requireOpen();
    const locks = this.#locks;
    if (locks === undefined) throw invalid('only a transaction with mode: "pessimistic" has locks');
    if (!locks.take(key)) return locks.wait(key).then(() => this.#refresh());
    this.#refresh();
    return Promise.resolve();
  }

  /** The lock of the key that is written, where there are locks. */
  #claim(write: PendingPut | PendingRemove | PendingClear): void {
    if (this.#locks === undefined || write.type === 'clear') return;
    const { target, key: bytes } = write;
    const key = (): unknown => decodeIf(bytes, this.#maps.get(target.name)?.key);
    this.#locks.claim({ map: target.name, bytes, key });
  }

  /** When the turn of the commit has come: nothing that this relies on may have been touched. */
  readonly #check = (_head: Draft, earlier: readonly LoggedCommit[]): void => {
    const { view, delta } = this.#work;
    const commits = [...this.#engine.recent.above(view.sequence), ...earlier];
    const isSerializable = this.#options.isolation === 'serializable';
    const footprints = this.#reads !== undefined && isSerializable ? [delta, this.#reads] : [delta];
    const conflict = findConflict(commits, footprints, view.catalog);
    if (conflict !== undefined) throw this.#conflictError(conflict);
  };

  #conflictError({ map, key, sequence }: Conflict): ConflictError {
    const what = key === undefined ? 'a range of keys' : 'a key';
    return new ConflictError(
      `commit ${sequence} has changed ${what} in map ${JSON.stringify(map)} that transaction ` +
        `${this.id} relies on: run it again`,
      { map, key: key && decodeIf(key, this.#maps.get(map)?.key) },
    );
  }

  *#decode(changes: Iterable<RawChange>): Generator<Change, void, void> {
    for (const raw of changes) yield decodeChange(raw, this.#maps.get(raw.target.name));
  }

  #makeSource({ isBlocking }: TransactionParts): ReadSource & TransactionWrites {
    const work = (): Workspace => this.#work;
    return {
      get state() {
        return work().draft;
      },
      get usage() {
        return work().draft.usage;
      },
      fork: () => {
        this.#hasRanges = true;
        return work().draft.fork().toState();
      },
      witness: this.#reads,
      requireOpen: () => this.#requireOpen(),
      write: (write) => {
        this.#requireOpen();
        this.#claim(write);
        try {
          work().write(write);
        } catch (error) {
          this.#locks?.keepClaims(work().delta);
          throw error;
        }
      },
      lock: (key) => {
        try {
          return this.#lock(key);
        } catch (error) {
          // In a blocking callback nobody would see a promise that rejects.
          if (isBlocking) throw error;
          return Promise.reject(error);
        }
      },
    };
  }

  #requireOpen(): void {
    this.#engine.requireOpen();
    this.#requireNotEnded();
  }

  #requireNotEnded(): void {
    if (this.#state !== 'open') throw this.#endedError();
  }

  #endedError(): UsageError {
    const message = `transaction ${this.id} is ${this.#state}: begin a new one`;
    return new UsageError('TRANSACTION_ENDED', message);
  }
}

function makeSession(
  { locks, engine, isBlocking, born }: TransactionParts,
  options: CheckedTransactionOptions,
): LockSession {
  return new LockSession({ locks, environment: engine.environment, options, isBlocking, born });
}
