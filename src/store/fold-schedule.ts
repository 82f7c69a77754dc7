/**
 * The folds that are under way. While a long one runs, checkpoints put more on top of it, which
 * wants folding too; so several run side by side, each of snapshots that are newer than those of
 * the next. All take their turns on the one thread that writers have as well.
 *
 * Who writes at full speed would leave them behind. So a fold owes work for what is written on top
 * of it, and while one is behind, writers wait: at its end there stands on it about an eighth of
 * its own size. Sources: the spring and gear scheduler of Sears and Ramakrishnan, bLSM
 * (SIGMOD 2012); the smallest merge first, Luo and Carey, On Performance Stability in LSM-based
 * Storage Systems (VLDB 2019).
 */
import type { Awaitable } from '../fs/task.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import { OvertakenError } from './checkpoint.ts';

/**
 * For so many bytes on top of it a fold owes a slice of its work: a millisecond or two, in which it
 * passes some 200 KiB. Slices are counted, since it may pass entries that leave nothing behind.
 */
const SIZE_PER_SLICE = 8 << 10;

export class Fold {
  /** What becomes one, newest first. */
  readonly run: readonly SnapshotReader[];
  state: 'at work' | 'waiting for its turn' | 'written' = 'at work';
  /** Once and for all: whoever stops it takes its snapshots. */
  isStopped = false;
  #paidFor = 0;
  #onTop = 0;

  constructor(run: readonly SnapshotReader[]) {
    this.run = run;
  }

  countSlice(): void {
    this.#paidFor += SIZE_PER_SLICE;
  }

  charge(bytes: number): void {
    this.#onTop += bytes;
  }

  /** Bytes on top of it that it has not worked for, where so many more are about to come. */
  lag(upcoming: number): number {
    if (this.state === 'written') return 0;
    return this.#onTop + upcoming - this.#paidFor;
  }

  /** Throws OvertakenError. */
  check(): void {
    if (this.isStopped) throw new OvertakenError();
  }
}

export class FoldSchedule {
  /** Newest first. */
  #active: Fold[] = [];

  get isIdle(): boolean {
    return this.#active.length === 0;
  }

  /** Those of `snapshots` that are newer than all that are being folded. */
  above(snapshots: readonly SnapshotReader[]): readonly SnapshotReader[] {
    const [newest] = this.#active;
    return newest === undefined ? snapshots : newerThan(snapshots, newest.run);
  }

  /** `run`: of what `above` gives, neighbours. */
  begin(run: readonly SnapshotReader[]): Fold {
    const fold = new Fold(run);
    this.#active.unshift(fold);
    return fold;
  }

  end(fold: Fold): void {
    this.#active = this.#active.filter((other) => other !== fold);
  }

  stopAll(): void {
    for (const fold of this.#active.splice(0)) fold.isStopped = true;
  }

  /** A checkpoint has put so many bytes on top of all. */
  charge(bytes: number): void {
    for (const fold of this.#active) fold.charge(bytes);
  }

  /** Of the fold that is most behind. */
  lag(upcoming: number): number {
    return Math.max(0, ...this.#active.map((fold) => fold.lag(upcoming)));
  }

  /** Resolves, some turns of the event loop later, when `fold` is next. Throws OvertakenError. */
  async turnOf(fold: Fold, pause: () => Awaitable<void>, upcoming: () => number): Promise<void> {
    fold.state = 'waiting for its turn';
    do {
      await pause();
      fold.check();
    } while (this.#next(upcoming()) !== fold);
    fold.state = 'at work';
  }

  /** The newest of those that are behind, being the smallest; where none is, the newest. */
  #next(upcoming: number): Fold | undefined {
    const waiting = this.#active.filter(({ state }) => state === 'waiting for its turn');
    return waiting.find((fold) => fold.lag(upcoming) > 0) ?? waiting[0];
  }
}

/** What stands on top of `run` in `snapshots`. */
export function newerThan(
  snapshots: readonly SnapshotReader[],
  run: readonly SnapshotReader[],
): readonly SnapshotReader[] {
  return snapshots.slice(0, snapshots.indexOf(run[0] as SnapshotReader));
}
