/** One run of the user's function on a disk of its own. */
import type { Fault, PortCall } from '../fault.ts';
import type { SimulatedDisk } from '../simulated-disk.ts';
import { type CheckedPlan, wrongPlan } from './plan.ts';
import { withSeededHost } from './seeded-host.ts';
import { PATIENCE, type Settled, settled } from './settling.ts';

/** Who waits for a disk that has crashed waits for ever: it need not be waited for. */
const PATIENCE_AFTER_CRASH = 50;

export interface RunOutcome {
  readonly disk: SimulatedDisk;
  readonly acknowledged: readonly unknown[];
  readonly settled: Settled;
}

export interface RunScript {
  /** With this call the run counts as one that never ends. */
  readonly callCountMax: number;
  readonly capacity?: number;
  readonly onCall?: (call: PortCall, run: Omit<RunOutcome, 'settled'>) => Fault | undefined;
  readonly onAcknowledge?: (run: Omit<RunOutcome, 'settled'>) => void;
  /** Calls that it must make again, before the one with the index `until`. */
  readonly expected?: { readonly calls: readonly PortCall[]; readonly until: number };
}

/** Throws INVALID_ARGUMENT when the calls are not those that are expected. */
export async function performRun(plan: CheckedPlan, script: RunScript): Promise<RunOutcome> {
  const disk = plan.disk.clone();
  if (script.capacity !== undefined) disk.capacity = script.capacity;
  const acknowledged: unknown[] = [];
  const run = { disk, acknowledged };
  let isOver = false;
  let isRunaway = false;
  let difference: string | undefined;
  disk.onCall = (call) => {
    if (isOver) return undefined;
    difference ??= differenceOf(call, script);
    isRunaway = call.index >= script.callCountMax;
    if (isRunaway || difference !== undefined) return { kind: 'crash' };
    return script.onCall?.(call, run);
  };
  const acknowledge = (what: unknown): void => {
    if (isOver || disk.isCrashed) return;
    acknowledged.push(what);
    script.onAcknowledge?.(run);
  };
  const end = await withSeededHost(plan.seed, () =>
    settled(
      () => plan.run(disk, acknowledge),
      () => disk.callCount,
      () => (disk.isCrashed ? PATIENCE_AFTER_CRASH : PATIENCE),
    ),
  );
  isOver = true;
  if (difference !== undefined) throw changedRun(difference);
  return { ...run, settled: isRunaway ? { is: 'waiting' } : end };
}

function differenceOf(call: PortCall, { expected }: RunScript): string | undefined {
  if (expected === undefined || call.index > expected.until) return undefined;
  const then = expected.calls[call.index];
  const now = describeCall(call);
  if (then === undefined) return `it ended after ${call.index} calls, and now comes ${now}`;
  const before = describeCall(then);
  return before === now ? undefined : `first there was ${before}, and now comes ${now}`;
}

export function changedRun(what: string): Error {
  return wrongPlan(
    `run is not deterministic: ${what}. Seed its chance inside run, and use neither clock nor timers`,
  );
}

export function describeCall({ index, kind, file, byteCount }: PortCall): string {
  const size = byteCount === undefined ? '' : ` (${byteCount} bytes)`;
  return `call ${index}: ${kind}${file === undefined ? '' : ` ${file}`}${size}`;
}
