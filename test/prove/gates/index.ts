/** Every gate, in the order of the summary: one line each. */
import { exits } from '../../processes/exits.ts';
import { fullDisk } from '../../processes/full-disk.ts';
import { kills } from '../../processes/kills.ts';
import { openers } from '../../processes/openers.ts';
import { smallHeap } from '../../processes/small-heap.ts';
import { soak } from '../../processes/soak.ts';
import { zombies } from '../../processes/zombies.ts';
import type { Gate } from '../gate.ts';
import { diskSize } from './disk-size.ts';
import { faultLoop } from './fault-loop.ts';
import { futureFormat } from './future-format.ts';
import { limits } from './limits.ts';
import { nestedCrash } from './nested-crash.ts';
import { randomLives } from './random-lives.ts';
import { rot } from './rot.ts';
import { smallScope } from './small-scope.ts';
import { syncPersonalities } from './sync-personalities.ts';
import { transactions } from './transactions.ts';

export const gates: readonly Gate[] = [
  smallScope,
  faultLoop,
  syncPersonalities,
  nestedCrash,
  diskSize,
  randomLives,
  transactions,
  kills,
  exits,
  zombies,
  openers,
  smallHeap,
  fullDisk,
  soak,
  rot,
  limits,
  futureFormat,
];
