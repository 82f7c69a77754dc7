/** Everything that is asked of one damaged store. */
import { examineStore } from '../../../src/cli/verify.ts';
import { OnewalError, type RecoveryMode } from '../../../src/index.ts';
import { matters } from './damage.ts';
import type { GoldenStore } from './golden-stores.ts';
import { shown } from './plain-files.ts';
import {
  type Case,
  FalseStateError,
  judgeReading,
  judgeWriting,
  type Opener,
  type Outcome,
} from './verdict.ts';

export interface Manner {
  /** Which of the modes is asked beside `safe`, where not all are. */
  readonly index: number;
  readonly isThorough: boolean;
  readonly open: Opener;
}

const READINGS: readonly RecoveryMode[] = ['strict', 'point-in-time', 'skip-corrupt', 'inspect'];
const WRITINGS: readonly RecoveryMode[] = ['safe', 'point-in-time', 'skip-corrupt'];
/** Of so many cases in a row, one is opened for writing and one examined, unless all are. */
const TURN = 32;

/** Throws what is wrong, with the mode that it came up in. */
export async function checkDamage(found: Case, manner: Manner): Promise<void> {
  const { index, isThorough, open } = manner;
  // Those that touch no single bit are few: they are asked everything.
  const isFew = found.isSingle && !/^(bit flipped|cut)$/.test(found.damage.kind);
  const asksAll = isThorough || isFew;
  const isTurn = (turn: number): boolean => asksAll || index % TURN === turn;
  const outcome = inMode('safe', () => judgeReading(found, 'safe', open));
  for (const [turn, mode] of READINGS.entries()) {
    if (isTurn(turn)) inMode(mode, () => judgeReading(found, mode, open));
  }
  for (const [turn, mode] of WRITINGS.entries()) {
    if (isTurn(turn + READINGS.length)) {
      inMode(`${mode}, writing`, () => judgeWriting(found, mode, open));
    }
  }
  if (isTurn(READINGS.length + WRITINGS.length) && found.isSingle)
    await requireReport(found, outcome);
}

function inMode(mode: string, judge: () => Outcome): Outcome {
  try {
    return judge();
  } catch (error) {
    const code = error instanceof OnewalError ? `${error.code} ` : '';
    const text = error instanceof Error ? `${error.name}: ${code}${error.message}` : String(error);
    throw new FalseStateError(`mode ${mode}: ${text}`, { cause: error });
  }
}

/** What an open passes over, since nothing depends on it now, is damage to `verify` all the same. */
async function requireReport({ store, damage }: Case, outcome: Outcome): Promise<void> {
  if (outcome !== 'same' || !isRot(store, damage.files)) return;
  const { isSound, report } = await examineStore(shown(damage.files));
  if (!isSound || report.tornBytes !== undefined) return;
  throw new FalseStateError('is sound to verify');
}

/** A WAL or a snapshot has other bytes than it was written with, in what counts of it. */
function isRot({ files, ends }: GoldenStore, damaged: Case['damage']['files']): boolean {
  return [...files].some(([name, before]) => {
    const after = damaged.get(name);
    if (after === undefined || after === before || !matters(name)) return false;
    const counted = before.subarray(0, ends.get(name));
    return after.length >= counted.length && counted.some((byte, at) => byte !== after[at]);
  });
}
