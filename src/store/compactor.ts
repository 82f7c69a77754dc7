/** When folds begin, what goes on beside them, and how what they have written takes its place. */
import { runAsync, runSync, type Task } from '../fs/task.ts';
import { guardProgress, type WorkOptions } from '../options.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import { OvertakenError, type Work } from './checkpoint.ts';
import {
  dropFolded,
  foldCount,
  foldInOneGo,
  installFolded,
  STACK_COUNT_MAX,
  writeFolded,
} from './compaction.ts';
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

/** Snapshots that an open folds itself. */
const LITTLE_SIZE_MAX = 1 << 20;

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

  /** Called in turn: begins to fold what is newer than all that is being folded, if that is much. */
  start(): void {
    const { failure, status } = this.#engine;
    if (failure !== undefined || status !== 'open') return;
    const run = this.#due;
    if (run.length === 0) return;
    this.#foldBeside(run, {}).catch((error: unknown) => this.#noteFailure(error));
  }

  /**
   * Called in turn: begins to fold everything, in place of the folds under way. False when it was
   * stopped itself. Throws StorageError, ABORTED.
   */
  async foldAll(options: WorkOptions): Promise<boolean> {
    const { snapshots } = this.#engine.state;
    if (snapshots.length < 2) return true;
    this.stop();
    return this.#foldBeside(snapshots, options);
  }

  /** In one go, where that is soon done. Requires: as `foldManyNow`. */
  *foldLittle(work: Work): Task<void> {
    const run = this.#due;
    const size = run.reduce((sum, reader) => sum + reader.footer.length, 0);
    if (size <= LITTLE_SIZE_MAX) yield* this.#foldInOneGo(run, work);
  }

  /** In one go, where there are more than there should ever be. Requires: as `foldManyNow`. */
  *foldMany(work: Work): Task<void> {
    if (this.#schedule.above(this.#engine.state.snapshots).length <= STACK_COUNT_MAX) return;
    yield* this.#foldInOneGo(this.#due, work);
  }

  *#foldInOneGo(run: readonly SnapshotReader[], work: Work): Task<void> {
    if (run.length === 0) return;
    yield* foldInOneGo(this.#engine, run, work);
    yield* this.#surroundings.afterFold();
  }

  /**
   * For who never lets others have the thread, so that no fold comes to its turn. Requires: no
   * waiting work changes the stack any more.
   */
  foldManyNow(work: Work): void {
    try {
      runSync(this.foldMany(work));
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  get #due(): readonly SnapshotReader[] {
    const newest = this.#schedule.above(this.#engine.state.snapshots);
    return newest.slice(0, foldCount(newest.map((reader) => reader.footer.length)));
  }

  #noteFailure(error: unknown): void {
    const message = 'a compaction failed; it is tried again behind the next checkpoint';
    this.#engine.report({ type: 'error', message, error });
  }

  #foldBeside(run: readonly SnapshotReader[], options: WorkOptions): Promise<boolean> {
    const isFolded = this.#foldUnlessStopped(run, options);
    this.#ended = Promise.allSettled([this.#ended, isFolded]).then(() => undefined);
    return isFolded;
  }

  async #foldUnlessStopped(run: readonly SnapshotReader[], options: WorkOptions): Promise<boolean> {
    const fold = this.#schedule.begin(run);
    try {
      const folded = await runAsync(writeFolded(this.#engine, run, this.#work(fold, options)));
      fold.state = 'written';
      this.#surroundings.onProgress();
      return await this.#surroundings.inTurn((work) => this.#putInPlace(fold, folded, work));
    } catch (error) {
      if (error instanceof OvertakenError || fold.isStopped) return false;
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
          fold.countSlice();
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

  /** What the next checkpoint puts on top, as far as it is known: in memory it is larger. */
  get #upcoming(): number {
    return this.#engine.state.memtable.size;
  }
}
