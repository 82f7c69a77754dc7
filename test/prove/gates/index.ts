/** Every gate, in the order of the summary: one line each. */
import type { Gate } from '../gate.ts';

export const gates: readonly Gate[] = [];
