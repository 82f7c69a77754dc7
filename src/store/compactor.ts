/** When folds begin, what goes on beside them, and how what they have written takes its place. */
import { runAsync, type Task } from '../fs/task.ts';
import { guardProgress, type WorkOptions } from '../options.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import { OvertakenError, type Work } from './checkpoint.ts';
import { dropFolded, fold, foldCount, installFolded, writeFolded } from './compaction.ts';
import type { Engine } from './engine.ts';
import { type Manner, waitingManner } from './environment.ts';
import { type Fold, FoldSchedule } from './fold-schedule.ts';
import { inTurns, memtableTarget } from './pace.ts';

/** What a fold needs from who looks after all work on the store. */
export interface Surroundings {
  /** Runs a task while nobody else changes the stack; again, where blocking work overtakes it. */
  inTurn<T>(task: (work: Work) => Task<T>): Promise<T>;
  /** Resolves when no memtable is being written. That goes first: it is what takes memory. */
  untilWritten(): Promise<void>;
  /** Called, in turn, when the stack is another one. */
  afterFold(): Task<void>;
  /** Called when a fold has come further, or has ended. */
  onProgress(): void;
}

export class Compactor {
  readonly #engine: Engine;
  readonly #surroundings: Surroundings;
  readonly #manner: Manner;
  readonly #schedule = new FoldSchedule();
  /** Resolves when all folds that were begun have ended. */
  #ended: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, surroundings: Surroundings) {
    this.#engine = engine;
    this.#surroundings = surroundings;
    this.#manner = waitingManner(engine.environment);
  }

  /** Folds are further behind what is written on top of them than they should ever be. */
  get isBehind(): boolean {
    return this.#schedule.lag(this.#upcoming) > memtableTarget(this.#engine);
  }

  /** Resolves when no fold is under way, nor one that was stopped and has still to tidy up. */
  async settle(): Promise<void> {
    do await this.#ended;
    while (!this.#schedule.isIdle);
  }

  /** A checkpoint has put so many bytes on top of all. */
  charge(bytes: number): void {
    this.#schedule.charge(bytes);
  }

  /** The folds under way leave nothing behind. */
  stop(): void {
    this.#schedule.stopAll();
  }

  /** Folds what is newer than all that is being folded, where that is much. */
  start(): void {
    const { state, failure, status } = this.#engine;
    if (failure !== undefined || status !== 'open') return;
    const newest = this.#schedule.above(state.snapshots);
    const count = foldCount(newest.map((reader) => reader.footer.length));
    if (count === 0) return;
    this.#foldBeside(newest.slice(0, count), {}).catch((error: unknown) => {
      const message = 'a compaction failed; it is tried again behind the next checkpoint';
      this.#engine.report({ type: 'error', message, error });
    });
  }

  /**
   * Folds everything, in place of the folds under way. False when it was stopped itself. Throws
   * StorageError, ABORTED.
   */
  async foldAll(options: WorkOptions): Promise<boolean> {
    const { snapshots } = this.#engine.state;
    if (snapshots.length < 2) return true;
    this.stop();
    return this.#foldBeside(snapshots, options);
  }

  /** In one go, for who has the stack for himself. */
  *foldDue(work: Work): Task<void> {
    const { snapshots } = this.#engine.state;
    const count = foldCount(snapshots.map((reader) => reader.footer.length));
    if (count === 0) return;
    this.stop();
    yield* fold(this.#engine, snapshots.slice(0, count), work);
    yield* this.#surroundings.afterFold();
  }

  #foldBeside(run: readonly SnapshotReader[], options: WorkOptions): Promise<boolean> {
    const fold = this.#foldUnlessStopped(run, options);
    this.#ended = Promise.allSettled([this.#ended, fold]);
    return fold;
  }

  async #foldUnlessStopped(run: readonly SnapshotReader[], options: WorkOptions): Promise<boolean> {
    const fold = this.#schedule.begin(run);
    try {
      const folded = await runAsync(writeFolded(this.#engine, run, this.#work(fold, options)));
      fold.state = 'written';
      this.#surroundings.onProgress();
      return await this.#surroundings.inTurn((work) => this.#putInPlace(fold, folded, work));
    } catch (error) {
      if (error instanceof OvertakenError) return false;
      throw error;
    } finally {
      this.#schedule.end(fold);
      this.#surroundings.onProgress();
    }
  }

  *#putInPlace(fold: Fold, folded: SnapshotReader, work: Work): Task<boolean> {
    if (fold.isStopped) {
      yield* dropFolded(this.#engine, folded);
      return false;
    }
    const check = (): void => {
      work.check();
      fold.check();
    };
    try {
      yield* installFolded(this.#engine, { run: fold.run, folded }, { ...work, check });
    } catch (error) {
      // Who was overtaken comes here again.
      if (!(error instanceof OvertakenError)) yield* dropFolded(this.#engine, folded);
      throw error;
    }
    this.#schedule.end(fold);
    yield* this.#surroundings.afterFold();
    return true;
  }

  #work(fold: Fold, options: WorkOptions): Work {
    const onProgress = guardProgress(options.onProgress, this.#engine.options.logger);
    return {
      manner: this.#manner,
      options: {
        ...options,
        onProgress: (progress) => {
          fold.note(progress);
          this.#surroundings.onProgress();
          onProgress(progress);
        },
      },
      pause: inTurns(
        () => fold.lag(this.#upcoming) / memtableTarget(this.#engine),
        () => this.#turnOf(fold),
      ),
      check: () => fold.check(),
    };
  }

  #turnOf(fold: Fold): Promise<void> {
    const pause = async (): Promise<void> => {
      await this.#manner.pause();
      await this.#surroundings.untilWritten();
    };
    return this.#schedule.turnOf(fold, pause, () => this.#upcoming);
  }

  /** Bytes that the next checkpoint puts on top, at most. */
  get #upcoming(): number {
    return this.#engine.state.memtable.size;
  }
}
