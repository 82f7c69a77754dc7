/** What `explore` is asked, and what it answers. */
import { UsageError } from '../../errors.ts';
import { SimulatedDisk } from '../simulated-disk.ts';

const EXPLORED_FAULTS = [
  'crash',
  'io-error',
  'sync-failure',
  'disk-full',
  'power-loss',
  'rot',
] as const;

/**
 * `crash`: the process is killed before a call, behind an acknowledgement, or inside a write; what
 * was written is there. `power-loss`: as `crash`, and of what was not synced any part may be there.
 * `io-error`: a call fails with EIO, once or from then on for ever, or a read or write is short.
 * `sync-failure`: a sync fails, once or for ever, in one of the ways of `SyncPersonality`.
 * `disk-full`: the disk has room for so many bytes only. `rot`: after the run, one bit is flipped.
 */
export type ExploredFault = (typeof EXPLORED_FAULTS)[number];

export interface CheckContext {
  /** `none`: the run was not disturbed. */
  readonly fault: ExploredFault | 'none';
  /**
   * Acknowledged data may be missing, whole: the disk said that it was synced when it was not.
   * False but for the sync failures `lying` and `delayed`.
   */
  readonly mayLose: boolean;
  /** A check that rejects with a refusal (`isRefusal`) is right. True for rot, and with `mayLose`. */
  readonly mayRefuse: boolean;
}

export interface ExplorationPlan {
  /**
   * Works on the disk, from a start that is the same each time, and says what was promised to be
   * durable, at once when it was. Must make the same calls with the same bytes each time: no clock,
   * no timers, chance from a generator that it makes itself, from a constant. (The chance of a store
   * of onewal is seeded by `explore`.) It may wait for nothing but the disk.
   * Where there is a fault it may reject. That it ends means that the process is gone.
   */
  run(disk: SimulatedDisk, acknowledge: (what: unknown) => void): Promise<void>;
  /**
   * Rejects when `disk`, which is free of faults and unlocked, does not hold what it must: all that
   * was acknowledged before the fault (but see `CheckContext`), and nothing by halves. It may write.
   */
  check(
    disk: SimulatedDisk,
    acknowledged: readonly unknown[],
    context: CheckContext,
  ): Promise<void>;
  /** Default all. */
  readonly faults?: readonly ExploredFault[];
  /** Decides what is tried where not everything is, and seeds onewal. Default 1. */
  readonly seed?: number;
  /** Checks at most, but for those that shorten a failure. Default 2000. */
  readonly budget?: number;
  /** What `run` starts on: a copy of this each time. Default an empty disk. */
  readonly disk?: SimulatedDisk;
  /** Default: it, or a `cause` of it, is named CorruptionError or FormatError. */
  isRefusal?(error: unknown): boolean;
  /** Receives the trace of each failure. Default `console.error`. */
  report?(trace: string): void;
  /** The `replay` of a failure: nothing else is tried, and nothing is shortened. */
  readonly replay?: string;
}

export interface ExploredFailure {
  readonly seed: number;
  /** What went wrong, where, and what was left: the shortest that was found, as text. */
  readonly trace: string;
  /** What `check` rejected with, or that something never ended. */
  readonly error: unknown;
  /** For `plan.replay`. Valid as long as `run` stays as it is. */
  readonly replay: string;
}

export interface FaultTally {
  /** Crashes, failed calls, sizes of the disk, or flipped bits that were tried. */
  readonly faults: number;
  /** Images that were checked. Equal ones with equal acknowledgements count once. */
  readonly images: number;
  /** Of these, those that were rightly refused. */
  readonly refused: number;
  /**
   * Everything there is was tried: each fault, and of power cuts each subset of unsynced sectors and
   * names with each size of each file. (Of garbage in a sector, one sample.) False where it failed.
   */
  readonly isComplete: boolean;
}

export interface Exploration {
  readonly images: number;
  readonly faults: number;
  readonly isComplete: boolean;
  readonly counts: { readonly [fault in ExploredFault]?: FaultTally };
  /** At most one for each kind of fault, the first and then shortened. */
  readonly failures: readonly ExploredFailure[];
}

export interface CheckedPlan extends ExplorationPlan {
  readonly faults: readonly ExploredFault[];
  readonly seed: number;
  readonly budget: number;
  readonly disk: SimulatedDisk;
  isRefusal(error: unknown): boolean;
  report(trace: string): void;
}

const BUDGET = 2000;
const REFUSALS = new Set(['CorruptionError', 'FormatError']);

/** Throws INVALID_ARGUMENT. */
export function checkedPlan(plan: ExplorationPlan): CheckedPlan {
  const faults = EXPLORED_FAULTS.filter((fault) => plan.faults?.includes(fault) ?? true);
  const unknown = plan.faults?.find((fault) => !EXPLORED_FAULTS.includes(fault));
  if (unknown !== undefined) throw wrongPlan(`there is no fault ${JSON.stringify(unknown)}`);
  const { seed = 1, budget = BUDGET } = plan;
  if (!Number.isSafeInteger(seed)) throw wrongPlan(`seed is an integer, not ${seed}`);
  if (!Number.isSafeInteger(budget) || budget < 1) {
    throw wrongPlan(`budget is a number of checks from 1 on, not ${budget}`);
  }
  return {
    run: (disk, acknowledge) => plan.run(disk, acknowledge),
    check: (disk, acknowledged, context) => plan.check(disk, acknowledged, context),
    isRefusal: (error) => plan.isRefusal?.(error) ?? isNamedRefusal(error),
    report: (trace) => (plan.report === undefined ? console.error(trace) : plan.report(trace)),
    faults,
    seed,
    budget,
    disk: plan.disk ?? new SimulatedDisk(),
    ...(plan.replay === undefined ? {} : { replay: plan.replay }),
  };
}

export function wrongPlan(message: string, cause?: unknown): UsageError {
  return new UsageError('INVALID_ARGUMENT', `explore: ${message}`, { cause });
}

/** By name: the store may come from another copy of this package, or from another one. */
function isNamedRefusal(error: unknown): boolean {
  for (let reason = error; reason instanceof Error; reason = reason.cause) {
    if (REFUSALS.has(reason.name)) return true;
  }
  return false;
}
