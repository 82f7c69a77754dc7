/**
 * When checkpoints and compactions happen, that only one of them is at work, and that files which
 * nobody needs any more go.
 */
import { assert } from '../assert.ts';
import { OnewalError } from '../errors.ts';
import { type Awaitable, runSync, type Task, wait } from '../fs/task.ts';
import { guardProgress, type WorkOptions } from '../options.ts';
import type { WalWriter } from '../wal/wal-writer.ts';
import { type FrozenState, freeze, OvertakenError, type Work, writeFrozen } from './checkpoint.ts';
import type { CommitQueue } from './commit-queue.ts';
import { fold, foldCount } from './compaction.ts';
import type { Engine } from './engine.ts';
import { BLOCKING, type Manner, waitingManner } from './environment.ts';
import { WAL_AT_OPEN } from './history.ts';
import { isDiskFull, toStorageError } from './host-error.ts';
import { removeQuietly } from './remove-quietly.ts';
import { makeReserve, removeReserve } from './reserve.ts';
import { rotate } from './rotation.ts';

export interface CheckpointReport {
  /** The state that is in snapshots now reaches up to this commit. */
  readonly sequence: number;
  /** Snapshot files that make up the state, and their size. */
  readonly snapshots: number;
  readonly snapshotBytes: number;
  /** WAL files that an open would still replay. */
  readonly wals: number;
  /** Hash over all entries; of one full snapshot, equal for equal states of any history. */
  readonly root: Uint8Array | undefined;
}

/** A memtable of this size starts a checkpoint, however small the WAL: it is what takes memory. */
const MEMTABLE_SIZE_TARGET = 16 << 20;
/** A close writes a checkpoint first where the next open would have more than this to replay. */
const CLOSE_MEMTABLE_SIZE_MAX = 1 << 20;
/** Writers wait when the memtable has grown to so many times what starts a checkpoint. */
const MEMTABLE_RATIO_MAX = 2;
/** Slices of work, of a millisecond or two, that may come one behind the other. */
const SLICES_AT_ONCE_MAX = 8;
/** After a failed checkpoint the next one is tried when the WAL has grown by this share. */
const RETRY_GROWTH = 0.25;

export class Maintenance {
  readonly #engine: Engine;
  readonly #queue: CommitQueue;
  readonly #waitingManner: Manner;
  #frozen: FrozenState | undefined;
  #running: Promise<unknown> | undefined;
  /** Counts takeovers by blocking work. */
  #epoch = 0;
  #retryAt = 0;
  /** Writers that wait until the frozen memtable is written, or could not be. */
  #waitingForRoom: (() => void)[] = [];

  constructor(engine: Engine, queue: CommitQueue) {
    this.#engine = engine;
    this.#queue = queue;
    this.#waitingManner = waitingManner(engine.environment);
    queue.beforeGroup = () => this.#waitForRoom();
    queue.afterGroup = () => this.#startIfDue();
    queue.afterHeal = () => this.#startAfterHeal();
  }

  checkpoint(options: WorkOptions): Promise<CheckpointReport> {
    return this.#inTurn((manner) => this.#checkpointTask(this.#work(manner, options)));
  }

  compact(options: WorkOptions): Promise<CheckpointReport> {
    return this.#inTurn((manner) => this.#compactTask(this.#work(manner, options)));
  }

  /** Blocking; overtakes whatever is at work. */
  checkpointNow(): void {
    this.#epoch++;
    runSync(this.#checkpointTask(this.#work(BLOCKING, {})));
  }

  /** For an open that found many WALs, or a state that only memory holds. */
  *atOpen(manner: Manner): Task<void> {
    yield* this.#automaticTask(this.#work(manner, {}));
  }

  /**
   * Writes what recovery found into a snapshot while there is no WAL yet that continues it: for a
   * state that no WAL can be replayed to.
   */
  *writeStateAtOpen(manner: Manner): Task<void> {
    this.#frozen = freeze(this.#engine, WAL_AT_OPEN);
    yield* this.#writeFrozen(this.#work(manner, {}));
  }

  /** Leaves the next open little to replay. If it fails, the next open replays more. */
  *beforeClose(manner: Manner): Task<void> {
    const { state, writer, failure } = this.#engine;
    const isSmall = state.frozen === undefined && state.memtable.size < CLOSE_MEMTABLE_SIZE_MAX;
    if (isSmall || writer === undefined || failure !== undefined) return;
    try {
      yield* this.#checkpointTask(this.#work(manner, {}));
    } catch (error) {
      this.#engine.report({
        type: 'error',
        message: 'no checkpoint was written at the close',
        error,
      });
    }
  }

  /** Resolves when nothing is at work. */
  async settle(): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined);
  }

  /** Stops what is at work, for a blocking close. */
  overtake(): void {
    this.#epoch++;
  }

  *#checkpointTask(work: Work): Task<CheckpointReport> {
    // What a failed checkpoint has left frozen.
    yield* this.#writeFrozen(work);
    yield* this.#freeze(work);
    yield* this.#writeFrozen(work);
    yield* this.#removeSuperseded();
    yield* this.#renewReserve(work.manner);
    return this.#report();
  }

  *#compactTask(work: Work): Task<CheckpointReport> {
    yield* this.#checkpointTask(work);
    const count = this.#engine.state.snapshots.length;
    if (count > 1) yield* this.#fold(count, work);
    yield* this.#removeSuperseded();
    return this.#report();
  }

  /** What a checkpoint does on its own account: fold when there is much to fold. */
  *#automaticTask(work: Work): Task<void> {
    yield* this.#checkpointTask(work);
    const sizes = this.#engine.state.snapshots.map((reader) => reader.footer.length);
    const count = foldCount(sizes);
    if (count > 1) yield* this.#fold(count, work);
    yield* this.#removeSuperseded();
  }

  *#fold(count: number, work: Work): Task<void> {
    yield* fold(this.#engine, count, this.#sharing(work));
    this.#queue.leaveWord();
  }

  *#freeze(work: Work): Task<void> {
    const engine = this.#engine;
    if (engine.state.frozen !== undefined) return;
    const written = engine.manifest?.footer.sequence ?? 0;
    const isWritten = engine.state.sequence === written && engine.files.replayedWalCount === 0;
    if (isWritten) return;
    const atSwitch = (next: WalWriter): void => {
      this.#frozen = freeze(engine, next.header.generation);
    };
    const rotation = function* (manner: Manner): Task<boolean> {
      // Blocking work may have come first, and have failed behind its own freeze.
      work.check();
      return yield* rotate(engine, manner, atSwitch);
    };
    try {
      yield* this.#runAlone(rotation, work.manner);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      yield* this.#giveUpRedundancy();
      yield* this.#runAlone(rotation, work.manner);
    }
    work.check();
    if (engine.state.frozen === undefined) throw new OvertakenError();
  }

  *#runAlone(task: (manner: Manner) => Task<boolean>, manner: Manner): Task<void> {
    yield* wait<boolean>(
      manner.isBlocking ? this.#queue.runAloneNow(task) : this.#queue.runAlone(task),
    );
  }

  *#writeFrozen(work: Work): Task<void> {
    const engine = this.#engine;
    if (engine.state.frozen === undefined) return;
    const frozen = this.#frozen;
    assert(frozen !== undefined, 'a frozen memtable has its state beside it');
    try {
      yield* this.#writeOnFullDisk(frozen, work);
      this.#frozen = undefined;
      this.#queue.leaveWord();
    } finally {
      for (const resume of this.#waitingForRoom.splice(0)) resume();
    }
  }

  *#writeOnFullDisk(frozen: FrozenState, work: Work): Task<void> {
    try {
      yield* writeFrozen(this.#engine, frozen, work);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      yield* this.#giveUpRedundancy();
      work.check();
      yield* writeFrozen(this.#engine, frozen, work);
    }
  }

  /** On a full disk the generation before goes: it is redundancy, not the only copy. */
  *#giveUpRedundancy(): Task<void> {
    const engine = this.#engine;
    const writing = { wal: engine.writer?.header.generation };
    for (const name of engine.files.superseded(writing, 'newest only')) {
      yield* removeQuietly(engine, name);
    }
    if (engine.hasReserve) yield* removeReserve(engine);
  }

  *#renewReserve(manner: Manner): Task<void> {
    const engine = this.#engine;
    if (isDiskFull(yield* makeReserve(engine, manner))) {
      yield* this.#giveUpRedundancy();
      yield* makeReserve(engine, manner);
    }
  }

  *#removeSuperseded(): Task<void> {
    const engine = this.#engine;
    const names = engine.files.superseded({ wal: engine.writer?.header.generation });
    for (const name of names) yield* removeQuietly(engine, name);
    if (names.length > 0) yield* wait(engine.fs.syncDirectory());
  }

  #report(): CheckpointReport {
    const { state, files } = this.#engine;
    return {
      sequence: state.snapshots[0]?.footer.sequence ?? 0,
      snapshots: state.snapshots.length,
      snapshotBytes: state.snapshots.reduce((size, reader) => size + reader.footer.length, 0),
      wals: files.replayedWalCount,
      root: state.snapshots[0]?.footer.root,
    };
  }

  #work(manner: Manner, options: WorkOptions): Work {
    const epoch = this.#epoch;
    const { logger } = this.#engine.options;
    return {
      manner,
      options: { ...options, onProgress: guardProgress(options.onProgress, logger) },
      pause: inTurns(
        () => (SLICES_AT_ONCE_MAX * this.#engine.state.memtable.size) / this.#memtableTarget,
        manner.pause,
      ),
      check: () => {
        if (this.#epoch !== epoch) throw new OvertakenError();
      },
    };
  }

  /** Work that lets a checkpoint come between its slices. */
  #sharing(work: Work): Work {
    if (work.manner.isBlocking) return work;
    const [newest] = this.#engine.state.snapshots;
    const newerCount = (): number =>
      newest === undefined ? 0 : this.#engine.state.snapshots.indexOf(newest);
    return {
      ...work,
      pause: inTurns(
        () => 2 * newerCount(),
        () => this.#pauseForCheckpoint(work),
      ),
    };
  }

  async #pauseForCheckpoint(work: Work): Promise<void> {
    await work.manner.pause();
    if (this.#isDue()) await work.manner.run(this.#checkpointWithin(work));
  }

  *#checkpointWithin(work: Work): Task<void> {
    try {
      yield* this.#freeze(work);
      yield* this.#writeFrozen(work);
    } catch (error) {
      if (error instanceof OvertakenError) throw error;
      this.#noteFailure(error);
    }
  }

  #inTurn<T>(task: (manner: Manner) => Task<T>): Promise<T> {
    const before = this.#running ?? Promise.resolve();
    const turn = before
      .catch(() => undefined)
      .then(() => this.#runUntilDone(task))
      .finally(() => {
        if (this.#running === turn) this.#running = undefined;
        // A writer that looked between the end of the work and here waits for nobody else.
        for (const resume of this.#waitingForRoom.splice(0)) resume();
      });
    this.#running = turn;
    return turn;
  }

  /** Blocking work may have done what was to be done, or not all of it: so look again. */
  async #runUntilDone<T>(task: (manner: Manner) => Task<T>): Promise<T> {
    for (;;) {
      try {
        return await this.#waitingManner.run(task(this.#waitingManner));
      } catch (error) {
        if (error instanceof OvertakenError) continue;
        throw error instanceof OnewalError
          ? error
          : toStorageError(error, { doing: 'the checkpoint failed' });
      }
    }
  }

  #isDue(): boolean {
    const { state, writer, options, failure, status } = this.#engine;
    if (writer === undefined || failure !== undefined || status !== 'open') return false;
    if (writer.tip.offset < this.#retryAt) return false;
    return (
      writer.tip.offset >= options.checkpointBytes || state.memtable.size >= this.#memtableTarget
    );
  }

  get #memtableTarget(): number {
    return Math.min(this.#engine.options.checkpointBytes, MEMTABLE_SIZE_TARGET);
  }

  get #isFull(): boolean {
    return this.#engine.state.memtable.size >= this.#memtableTarget * MEMTABLE_RATIO_MAX;
  }

  #startIfDue(): void {
    if (this.#running !== undefined || !this.#isDue()) return;
    this.#start();
  }

  #startAfterHeal(): void {
    if (this.#running === undefined && this.#engine.status === 'open') this.#start();
  }

  #start(): void {
    this.#inTurn((manner) => this.#automaticTask(this.#work(manner, {}))).then(
      () => {
        this.#retryAt = 0;
        this.#engine.report({ type: 'checkpoint', message: 'a checkpoint was written' });
      },
      (error: unknown) => this.#noteFailure(error),
    );
  }

  #noteFailure(error: unknown): void {
    const { writer, options } = this.#engine;
    this.#retryAt = (writer?.tip.offset ?? 0) + options.checkpointBytes * RETRY_GROWTH;
    this.#engine.report({
      type: 'error',
      message: 'a checkpoint failed; it is tried again',
      error,
    });
  }

  /**
   * Writers wait here while two memtables are full, which keeps memory bounded. With one, the
   * checkpoint has still to pass through the queue: to wait for it would be to wait for ever.
   */
  #waitForRoom(): Awaitable<void> {
    if (this.#engine.state.frozen === undefined || this.#running === undefined) return;
    if (!this.#isFull) return;
    return new Promise((resolve) => this.#waitingForRoom.push(resolve));
  }

  /** The same for writers that cannot wait: they write the checkpoint themselves. */
  makeRoomNow(): void {
    if (!this.#isFull) return;
    try {
      this.checkpointNow();
    } catch (error) {
      this.#noteFailure(error);
    }
  }
}

/**
 * Pauses behind so many slices as `count` asks for, which is more the further the work is behind:
 * with one at a time it would never catch up with who writes at full speed.
 */
function inTurns(count: () => number, pause: () => Awaitable<void>): () => Awaitable<void> {
  let sliceCount = 0;
  return () => {
    if (++sliceCount < Math.min(count(), SLICES_AT_ONCE_MAX)) return undefined;
    sliceCount = 0;
    return pause();
  };
}
