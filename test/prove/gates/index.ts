/** Every gate, in the order of the summary: one line each. */
import type { Gate } from '../gate.ts';
import { faultLoop } from './fault-loop.ts';
import { smallScope } from './small-scope.ts';

export const gates: readonly Gate[] = [smallScope, faultLoop];
