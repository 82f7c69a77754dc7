/**
 * When checkpoints and compactions happen, who of them goes first, how long writers wait for them,
 * and that files which nobody needs any more go.
 *
 * Whoever changes the stack of snapshots does so in turn: a checkpoint for as long as it takes, a
 * fold only at its end, when what it has written takes its place.
 */
import { assert } from '../assert.ts';
import { OnewalError } from '../errors.ts';
import { type Awaitable, runSync, type Task, wait } from '../fs/task.ts';
import { checkSignal, guardProgress, type WorkOptions } from '../options.ts';
import type { WalWriter } from '../wal/wal-writer.ts';
import { type FrozenState, freeze, OvertakenError, type Work, writeFrozen } from './checkpoint.ts';
import { type CheckpointReport, reportOf } from './checkpoint-report.ts';
import type { CommitQueue } from './commit-queue.ts';
import { Compactor } from './compactor.ts';
import type { Engine } from './engine.ts';
import { BLOCKING, type Manner, waitingManner } from './environment.ts';
import { WAL_AT_OPEN } from './history.ts';
import { isDiskFull, toStorageError } from './host-error.ts';
import { inTurns, memtableTarget } from './pace.ts';
import { removeQuietly } from './remove-quietly.ts';
import { giveUpRedundancy, renewReserve } from './reserve.ts';
import { rotate } from './rotation.ts';

/** A close writes a checkpoint first where the next open would have more than this to replay. */
const CLOSE_MEMTABLE_SIZE_MAX = 1 << 20;
/** Writers wait when the memtable has grown to so many times what starts a checkpoint. */
const MEMTABLE_RATIO_MAX = 2;
/** After a failed checkpoint the next one is tried when the WAL has grown by this share. */
const RETRY_GROWTH = 0.25;

export class Maintenance {
  readonly #engine: Engine;
  readonly #queue: CommitQueue;
  readonly #waitingManner: Manner;
  #frozen: FrozenState | undefined;
  /** The frozen memtable is being written. */
  #isWriting = false;
  readonly #compactor: Compactor;
  /** What changes the stack now, or waits for its turn to. */
  #running: Promise<unknown> | undefined;
  #compaction: Promise<unknown> = Promise.resolve();
  /** Counts takeovers by blocking work. */
  #epoch = 0;
  /** How far a WAL must grow behind a checkpoint that failed. Any other need not. */
  #retryAt: { readonly writer: WalWriter | undefined; readonly offset: number } | undefined;
  /** Writers that wait until there is room, and folds have caught up. */
  #waitingForRoom: (() => void)[] = [];
  /** Folds that let the frozen memtable be written first. */
  #waitingForWritten: (() => void)[] = [];

  constructor(engine: Engine, queue: CommitQueue) {
    this.#engine = engine;
    this.#queue = queue;
    this.#waitingManner = waitingManner(engine.environment);
    this.#compactor = new Compactor(engine, {
      inTurn: (task) => this.#inTurn((manner) => task(this.#work(manner, {}))),
      untilWritten: () => this.#untilWritten(),
      afterFold: () => this.#afterFold(),
      onProgress: () => {
        this.#letWritersGo();
        // A checkpoint that became due while a fold took its place.
        this.#startIfDue();
      },
    });
    queue.beforeGroup = () => this.#waitForRoom();
    queue.afterGroup = () => this.#startIfDue();
    queue.afterHeal = () => this.#startAfterHeal();
  }

  checkpoint(options: WorkOptions): Promise<CheckpointReport> {
    return this.#checkpointThen(options, (report) => {
      this.#compactor.start();
      return report;
    });
  }

  /** One behind the other: each folds all that there is. */
  compact(options: WorkOptions): Promise<CheckpointReport> {
    const compaction = this.#compaction.then(() => this.#compact(options));
    this.#compaction = compaction.catch(() => undefined);
    return compaction;
  }

  /** Blocking; overtakes whatever is at work. */
  checkpointNow(): void {
    this.#epoch++;
    runSync(this.#checkpointTask(this.#work(BLOCKING, {})));
  }

  /** For an open that found many WALs. */
  *checkpointAtOpen(manner: Manner): Task<void> {
    const work = this.#workAtOpen(manner);
    yield* this.#checkpointTask(work);
    yield* this.#compactor.foldLittle(work);
  }

  /** For an open that found many snapshots: short sessions end before their folds do. */
  *foldAtOpen(manner: Manner): Task<void> {
    yield* this.#compactor.foldMany(this.#workAtOpen(manner));
  }

  /** Requires: nothing is at work. */
  startFolds(): void {
    this.#compactor.start();
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
      if (this.#engine.status === 'closed') return;
      const message = 'no checkpoint was written at the close';
      this.#engine.report({ type: 'error', message, error });
    }
  }

  /** Resolves when nothing is at work. Folds that nobody has asked for are stopped. */
  async settle(): Promise<void> {
    await this.#compaction;
    this.#compactor.stop();
    await this.#compactor.settle();
    while (this.#running !== undefined) await this.#running.catch(() => undefined);
  }

  /** Stops what is at work, for a blocking close. */
  overtake(): void {
    this.#epoch++;
    this.#compactor.stop();
    this.#letWritersGo();
  }

  *#checkpointTask(work: Work): Task<CheckpointReport> {
    // What a failed checkpoint has left frozen.
    yield* this.#writeFrozen(work);
    yield* this.#freeze(work);
    yield* this.#writeFrozen(work);
    yield* this.#removeSuperseded();
    yield* renewReserve(this.#engine, work.manner);
    return reportOf(this.#engine);
  }

  /** `begin` is called in the same turn. */
  #checkpointThen<T>(options: WorkOptions, begin: (report: CheckpointReport) => T): Promise<T> {
    return this.#inTurn((manner) => {
      return andThen(this.#checkpointTask(this.#work(manner, options)), begin);
    });
  }

  async #compact(options: WorkOptions): Promise<CheckpointReport> {
    checkSignal(options.signal);
    for (;;) {
      // Within an object, so that the turn does not wait for it.
      const { isFolded } = await this.#checkpointThen(options, () => ({
        isFolded: this.#compactor.foldAll(options),
      }));
      if (await isFolded) return reportOf(this.#engine);
    }
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
      yield* giveUpRedundancy(this.#engine);
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
    this.#isWriting = true;
    try {
      yield* this.#writeOnFullDisk(frozen, work);
      this.#frozen = undefined;
      this.#queue.leaveWord();
    } finally {
      this.#isWriting = false;
      for (const resume of this.#waitingForWritten.splice(0)) resume();
      // Also where it failed, and the next one waits already: somebody must get an answer.
      for (const resume of this.#waitingForRoom.splice(0)) resume();
    }
  }

  *#writeOnFullDisk(frozen: FrozenState, work: Work): Task<void> {
    try {
      yield* this.#writeSnapshot(frozen, work);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      yield* giveUpRedundancy(this.#engine);
      work.check();
      yield* this.#writeSnapshot(frozen, work);
    }
  }

  *#writeSnapshot(frozen: FrozenState, work: Work): Task<void> {
    const { footer } = yield* writeFrozen(this.#engine, frozen, work);
    this.#compactor.charge(footer.length);
  }

  /** The fold has its place: what fails here is tried again by the next checkpoint. */
  *#afterFold(): Task<void> {
    this.#queue.leaveWord();
    try {
      yield* this.#removeSuperseded();
    } catch (error) {
      if (this.#engine.status === 'closed') return;
      const message = 'what was folded could not be removed for good';
      this.#engine.report({ type: 'error', message, error });
    }
  }

  *#removeSuperseded(): Task<void> {
    const engine = this.#engine;
    const names = engine.files.superseded({ wal: engine.writer?.header.generation });
    for (const name of names) yield* removeQuietly(engine, name);
    if (names.length > 0) yield* wait(engine.fs.syncDirectory());
  }

  #workAtOpen(manner: Manner): Work {
    const { signal } = this.#engine.options;
    return this.#work(manner, signal === undefined ? {} : { signal });
  }

  #work(manner: Manner, options: WorkOptions): Work {
    const epoch = this.#epoch;
    return {
      manner,
      options: {
        ...options,
        onProgress: guardProgress(options.onProgress, this.#engine.options.logger),
      },
      pause: inTurns(
        () => this.#engine.state.memtable.size / memtableTarget(this.#engine),
        manner.pause,
      ),
      check: () => {
        if (this.#epoch !== epoch) throw new OvertakenError();
      },
    };
  }

  #inTurn<T>(task: (manner: Manner) => Task<T>): Promise<T> {
    const before = this.#running ?? Promise.resolve();
    const turn = before
      .catch(() => undefined)
      .then(() => this.#runUntilDone(task))
      .finally(() => {
        if (this.#running === turn) this.#running = undefined;
        // A writer that looked between the end of the work and here waits for nobody else.
        this.#letWritersGo();
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
    const retryAt = this.#retryAt;
    if (retryAt?.writer === writer && writer.tip.offset < retryAt.offset) return false;
    return (
      writer.tip.offset >= options.checkpointBytes ||
      state.memtable.size >= memtableTarget(this.#engine)
    );
  }

  get #isFull(): boolean {
    return this.#engine.state.memtable.size >= memtableTarget(this.#engine) * MEMTABLE_RATIO_MAX;
  }

  #startIfDue(): void {
    if (this.#running !== undefined || !this.#isDue()) return;
    this.#start();
  }

  #startAfterHeal(): void {
    if (this.#running === undefined && this.#engine.status === 'open') this.#start();
  }

  #start(): void {
    this.checkpoint({}).then(
      () => {
        this.#engine.report({ type: 'checkpoint', message: 'a checkpoint was written' });
      },
      (error: unknown) => this.#noteFailure(error),
    );
  }

  #noteFailure(error: unknown): void {
    const { writer, options } = this.#engine;
    const offset = (writer?.tip.offset ?? 0) + options.checkpointBytes * RETRY_GROWTH;
    this.#retryAt = { writer, offset };
    this.#engine.report({
      type: 'error',
      message: 'a checkpoint failed; it is tried again',
      error,
    });
  }

  /**
   * Writers wait here while the memtable is full and the stack is being changed, which keeps memory
   * bounded, and while folds are a memtable behind, which keeps lookups short. The queue lets whoever
   * wants to run alone pass meanwhile: a checkpoint that is to make room has to come through it.
   */
  #waitForRoom(): Awaitable<void> {
    if (!this.#mustWait) return;
    return new Promise((resolve) => this.#waitingForRoom.push(resolve));
  }

  get #mustWait(): boolean {
    return (this.#running !== undefined && this.#isFull) || this.#compactor.isBehind;
  }

  async #untilWritten(): Promise<void> {
    while (this.#isWriting) {
      await new Promise<void>((resolve) => this.#waitingForWritten.push(resolve));
    }
  }

  #letWritersGo(): void {
    if (this.#mustWait) return;
    for (const resume of this.#waitingForRoom.splice(0)) resume();
  }

  /** The same for writers that cannot wait: they write the checkpoint themselves. */
  makeRoomNow(): void {
    if (!this.#isFull) return;
    try {
      this.checkpointNow();
      this.#compactor.foldManyNow(this.#work(BLOCKING, {}));
    } catch (error) {
      this.#noteFailure(error);
    }
  }
}

function* andThen<T, U>(task: Task<T>, next: (result: T) => U): Task<U> {
  return next(yield* task);
}
