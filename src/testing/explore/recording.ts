/** The user's function, run without a fault and watched: every call, and every moment to crash at. */
import { stateDigest } from '../content-digest.ts';
import type { PortCall } from '../fault.ts';
import type { SimulatedDisk } from '../simulated-disk.ts';
import { acknowledgementKey, className } from './acknowledgements.ts';
import { changedRun, performRun, type RunOutcome } from './performed-run.ts';
import { type CheckedPlan, wrongPlan } from './plan.ts';

/** The disk before a call, behind an acknowledgement, or at the end. */
export interface Moment {
  /** Counts all moments, also those that are left out because nothing has changed. */
  readonly ordinal: number;
  /** The index of the call to come. */
  readonly nextCall: number;
  readonly disk: SimulatedDisk;
  readonly acknowledged: readonly unknown[];
}

export interface Recording {
  readonly calls: readonly PortCall[];
  /** Bytes on the disk before each call. */
  readonly usedBytes: readonly number[];
  /** Those that differ from the one before. */
  readonly moments: readonly Moment[];
  readonly end: Moment;
}

/** A run of more calls than this is taken for one that never ends. */
const CALL_COUNT_MAX = 1_000_000;

/** Throws INVALID_ARGUMENT when the run fails, does not end, or is another one the second time. */
export async function recordRun(plan: CheckedPlan): Promise<Recording> {
  const calls: PortCall[] = [];
  const usedBytes: number[] = [];
  const moments = new Moments();
  const outcome = await performRun(plan, {
    callCountMax: CALL_COUNT_MAX,
    onCall: (call, run) => {
      calls.push(call);
      usedBytes.push(run.disk.usedByteCount);
      moments.add(run, call.index);
      return undefined;
    },
    onAcknowledge: (run) => moments.add(run, calls.length),
  });
  checkUndisturbed(outcome);
  moments.add(outcome, calls.length);
  await compareWithAnother(plan, calls, outcome);
  return { calls, usedBytes, moments: moments.distinct, end: moments.latest as Moment };
}

type RunState = Pick<RunOutcome, 'disk' | 'acknowledged'>;

class Moments {
  readonly distinct: Moment[] = [];
  latest: Moment | undefined;
  #digest = '';
  #count = 0;

  add({ disk, acknowledged }: RunState, nextCall: number): void {
    const ordinal = this.#count;
    this.#count += 1;
    const digest = `${acknowledged.length} ${stateDigest(disk.crashState)}`;
    if (digest === this.#digest) return;
    this.#digest = digest;
    const moment = { ordinal, nextCall, disk: disk.clone(), acknowledged: acknowledged.slice() };
    this.latest = moment;
    this.distinct.push(moment);
  }
}

function checkUndisturbed({ settled }: RunOutcome): void {
  if (settled.is === 'rejected') {
    const reason = settled.error instanceof Error ? settled.error.message : String(settled.error);
    throw wrongPlan(`run fails without any fault: ${reason}`, settled.error);
  }
  if (settled.is === 'waiting') {
    throw wrongPlan('run does not end, also without any fault: it may wait only for the disk');
  }
}

async function compareWithAnother(
  plan: CheckedPlan,
  calls: readonly PortCall[],
  first: RunOutcome,
): Promise<void> {
  const second = await performRun(plan, {
    callCountMax: CALL_COUNT_MAX,
    expected: { calls, until: calls.length },
  });
  checkUndisturbed(second);
  if (second.disk.callCount < calls.length) {
    throw changedRun(`the second time it ended after ${second.disk.callCount} of ${calls.length}`);
  }
  const keys = [first, second].map(({ acknowledged }) =>
    acknowledged.map((what) => acknowledgementKey(what, className)).join(),
  );
  if (keys[0] !== keys[1]) throw changedRun('it acknowledged other things the second time');
  if (stateDigest(first.disk.crashState) !== stateDigest(second.disk.crashState)) {
    throw changedRun('it made the same calls and wrote other bytes the second time');
  }
}
