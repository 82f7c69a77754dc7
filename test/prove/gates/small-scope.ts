/**
 * Every sequence of a few operations, with a crash before each call of the disk and inside each
 * write, and the images that it may leave. A sequence answers for its last operation and for the
 * close behind it: what comes before belongs to the shorter sequences.
 */
import { SimulatedDisk } from '../../../src/testing/index.ts';
import { useSeededHost } from '../../support/seeded.ts';
import type { Gate, Scale, Tally } from '../gate.ts';
import { type Inspection, inspectMoment } from '../lives/check-image.ts';
import { put } from '../lives/deeds.ts';
import { MomentRecorder, SYNC_TURNS } from '../lives/moments.ts';
import { type Deed, SerialLife } from '../lives/serial-life.ts';

const OPERATIONS: { readonly [name: string]: Deed } = {
  put: { type: 'commit', writes: [put('a', 'k', 1)] },
  remove: { type: 'commit', writes: [{ type: 'remove', map: 'a', key: 'k' }] },
  batch: { type: 'commit', writes: [put('a', 'k', 2), put('b', 'k', 3)] },
  buffered: { type: 'commit', writes: [put('b', 'l', 4)], durability: 'buffered' },
  checkpoint: { type: 'checkpoint' },
  compact: { type: 'compact' },
  reopen: { type: 'reopen' },
};
const NAMES = Object.keys(OPERATIONS);

const PLANS: { readonly [scale in Scale]: { readonly length: number; readonly images: number } } = {
  ci: { length: 2, images: 48 },
  full: { length: 4, images: 512 },
  long: { length: 5, images: 4096 },
};

/** One piece for each pair of operations that a sequence begins with; the shorter ones are in the first. */
export const smallScope: Gate = {
  name: 'small-scope',
  promise: 'after every short life, crashed anywhere, a prefix with all that was acknowledged',
  pieceCount: () => NAMES.length ** 2,
  async run(piece, scale, tally) {
    for (const sequence of sequencesOf(piece, PLANS[scale].length)) {
      await crashEverywhere(sequence, { tally, imageCountMax: PLANS[scale].images });
    }
  },
};

function* sequencesOf(piece: number, length: number): Generator<string[]> {
  const start = [NAMES[Math.floor(piece / NAMES.length)], NAMES[piece % NAMES.length]] as string[];
  if (piece === 0) {
    yield [];
    for (const name of NAMES) yield [name];
  }
  yield* continued(start, length);
}

function* continued(sequence: string[], length: number): Generator<string[]> {
  yield sequence;
  if (sequence.length === length) return;
  for (const name of NAMES) yield* continued([...sequence, name], length);
}

async function crashEverywhere(
  sequence: readonly string[],
  { tally, imageCountMax }: { readonly tally: Tally; readonly imageCountMax: number },
): Promise<void> {
  const seed = tally.seed + 1;
  useSeededHost(seed);
  const disk = new SimulatedDisk({ syncTurns: SYNC_TURNS });
  const life = new SerialLife(disk);
  const recorder = new MomentRecorder(disk, life.ledger);
  life.onAnswer = () => recorder.takeIfStarted('behind an answer');
  disk.onCall = recorder.watch();
  if (sequence.length === 0) recorder.start();
  await life.open();
  for (const [index, name] of sequence.entries()) {
    if (index === sequence.length - 1) recorder.start();
    await life.do(OPERATIONS[name] as Deed);
    life.checkMemory(`behind ${name}`);
  }
  recorder.take('behind the last operation');
  await life.do({ type: 'close' });
  recorder.take('behind the close');
  recorder.stop();
  const name = [...sequence, 'close'].join(', ');
  for (const problem of [...life.problems, ...life.refusals]) tally.fail(problem, name);
  const { ledger } = life;
  const inspection: Inspection = { tally, ledger, name, imageCountMax, seed };
  for (const moment of recorder.moments) await inspectMoment(inspection, moment);
}
