/** One thing that goes wrong and what it leaves, in plain values: a failure is replayed from them. */

import type { Fault, FaultPlan, PortCall, SyncPersonality } from '../fault.ts';
import type { FileOutcome } from '../file-outcome.ts';
import { type CheckContext, wrongPlan } from './plan.ts';

type Repetition = 'once' | 'for ever';

export type Disturbance =
  | { readonly fault: 'none' }
  | { readonly fault: 'crash' | 'power-loss'; readonly moment: number }
  | { readonly fault: 'crash'; readonly call: number; readonly afterBytes: number }
  | { readonly fault: 'io-error'; readonly call: number; readonly repetition: Repetition }
  | { readonly fault: 'io-error'; readonly call: number; readonly byteCount: number }
  | {
      readonly fault: 'sync-failure';
      readonly call: number;
      readonly personality: SyncPersonality;
      readonly repetition: Repetition;
    }
  | { readonly fault: 'disk-full'; readonly capacity: number }
  | { readonly fault: 'rot'; readonly file: string; readonly offset: number; readonly bit: number };

/** Of the state at the end: everything that was written, or what a power cut leaves of it. */
export type ImageChoice = 'everything' | WrittenRemainder;

/** Names by their number among the unsynced creations and removals, files by theirs. */
export interface WrittenRemainder {
  readonly lostNames: readonly number[];
  /** Those of which something is lost or damaged. */
  readonly files: { readonly [file: string]: FileOutcome };
}

export interface Trial {
  readonly disturbance: Disturbance;
  readonly image: ImageChoice;
}

const SYNC_KINDS = new Set<PortCall['kind']>(['sync', 'syncNow', 'syncDirectory']);

export function isSync({ kind }: PortCall): boolean {
  return SYNC_KINDS.has(kind);
}

/** The call that is the first to be disturbed; undefined where no single call is. */
export function disturbedCall(disturbance: Disturbance): number | undefined {
  return 'call' in disturbance ? disturbance.call : undefined;
}

export function faultPlanOf(disturbance: Disturbance): FaultPlan {
  const at = disturbedCall(disturbance);
  const fault = faultOf(disturbance);
  if (at === undefined || fault === undefined) return () => undefined;
  const isForEver = 'repetition' in disturbance && disturbance.repetition === 'for ever';
  return (call) => {
    if (call.index !== at && !(isForEver && call.index > at)) return undefined;
    return disturbance.fault !== 'sync-failure' || isSync(call) ? fault : undefined;
  };
}

function faultOf(disturbance: Disturbance): Fault | undefined {
  switch (disturbance.fault) {
    case 'crash':
      return 'afterBytes' in disturbance
        ? { kind: 'crash', afterBytes: disturbance.afterBytes }
        : undefined;
    case 'io-error':
      return 'byteCount' in disturbance
        ? { kind: 'short', byteCount: disturbance.byteCount }
        : { kind: 'fail', code: 'EIO' };
    case 'sync-failure':
      return { kind: 'sync', personality: disturbance.personality };
    default:
      return undefined;
  }
}

export function contextOf(disturbance: Disturbance): CheckContext {
  const { fault } = disturbance;
  const mayLose =
    fault === 'sync-failure' && ['lying', 'delayed'].includes(disturbance.personality);
  return { fault, mayLose, mayRefuse: mayLose || fault === 'rot' };
}

export function encodeTrial(trial: Trial): string {
  return JSON.stringify(trial);
}

/** Throws INVALID_ARGUMENT. */
export function decodeTrial(text: string): Trial {
  try {
    const { disturbance, image } = JSON.parse(text) as Trial;
    if (typeof disturbance.fault === 'string' && image !== undefined) return { disturbance, image };
  } catch (error) {
    throw wrongPlan('replay is not that of a failure', error);
  }
  throw wrongPlan('replay is not that of a failure');
}
