/** Every gate, in the order of the summary: one line each. */
import type { Gate } from '../gate.ts';
import { smallScope } from './small-scope.ts';

export const gates: readonly Gate[] = [
  smallScope, //
];
