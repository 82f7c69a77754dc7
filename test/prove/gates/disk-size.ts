/**
 * One life on disks of every size, in steps of a sector, and byte by byte where the answers change:
 * what is refused is refused truly, deletions go on out of the reserve, and with room again, or
 * after a crash on the full disk, nothing is lost.
 */
import { SimulatedDisk } from '../../../src/testing/index.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { preallocationOf } from '../../support/preallocation.ts';
import { useSeededHost } from '../../support/seeded.ts';
import type { Gate, Scale, Tally } from '../gate.ts';
import { type Inspection, inspectMoment } from '../lives/check-image.ts';
import { goOn, reopen } from '../lives/going-on.ts';
import { promiseOf, type Told } from '../lives/ledger.ts';
import { MomentRecorder } from '../lives/moments.ts';
import { randomCommit } from '../lives/random-deeds.ts';
import { SerialLife } from '../lives/serial-life.ts';

interface Plan {
  readonly lives: number;
  /** Bytes from one size to the next, and where the answers differ between two. */
  readonly step: number;
  readonly fineStep: number;
  readonly images: number;
}

const PLANS: { readonly [scale in Scale]: Plan } = {
  ci: { lives: 2, step: 4096, fineStep: 512, images: 3 },
  full: { lives: 24, step: 512, fineStep: 16, images: 4 },
  long: { lives: 500, step: 512, fineStep: 1, images: 8 },
};

const STEP_COUNT = 14;
const RESERVE_SIZE = 64 << 10;
const DOOMED = 'doomed';

export const diskSize: Gate = {
  name: 'disk-size',
  promise: 'on a disk of any size: true answers, deletions go on, nothing is lost with room again',
  pieceCount: (scale) => PLANS[scale].lives,
  async run(piece, scale, tally) {
    const seed = 1 + piece + 10_000 * tally.seed;
    const plan = PLANS[scale];
    const need = await needOf(seed);
    const answers = new Map<number, string>();
    const answersAt = async (capacity: number): Promise<string> => {
      const known = answers.get(capacity) ?? (await inspectSize({ seed, capacity }, plan, tally));
      answers.set(capacity, known);
      return known;
    };
    for (let size = 0; size < need + plan.step; size += plan.step) {
      await refine({ from: Math.max(0, size - plan.step), to: size }, plan.fineStep, answersAt);
    }
  },
};

/** Halves what is between two sizes with different answers, down to the fine step. */
async function refine(
  { from, to }: { readonly from: number; readonly to: number },
  fineStep: number,
  answersAt: (capacity: number) => Promise<string>,
): Promise<void> {
  const isAlike = (await answersAt(from)) === (await answersAt(to));
  if (isAlike || to - from <= fineStep) return;
  const middle = Math.floor((from + to) / 2);
  await refine({ from, to: middle }, fineStep, answersAt);
  await refine({ from: middle, to }, fineStep, answersAt);
}

/** The size of a disk on which nothing is refused. */
async function needOf(seed: number): Promise<number> {
  useSeededHost(seed);
  const disk = new SimulatedDisk(preallocationOf(seed));
  let need = 0;
  disk.onCall = () => {
    need = Math.max(need, disk.usedByteCount);
    return undefined;
  };
  await live(new SerialLife(disk), seed);
  return need;
}

/** Commits, deletions, a checkpoint, a compaction; not the close. */
async function live(life: SerialLife, seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  await life.open();
  for (let step = 1; step <= STEP_COUNT; step++) {
    const { writes, durability = 'synced' } = randomCommit(random);
    const key = `d${life.ledger.told.length + 1}`;
    await life.do({
      type: 'commit',
      writes: [...writes, { type: 'put', map: DOOMED, key, value: 'x'.repeat(300) }],
      durability,
    });
    const told = life.ledger.told.at(-1);
    if (told?.answer === 'no' || step % 5 === 0) await removeOne(life);
    if (step === 6) await life.do({ type: 'checkpoint' });
    if (step === 11) await life.do({ type: 'compact' });
  }
}

/** Deletes what the oldest commit that is there has put: on a full disk too, while there is a reserve. */
async function removeOne(life: SerialLife): Promise<void> {
  const { ledger, disk, store } = life;
  const keys = new Set(store === undefined ? [] : [...store.map(DOOMED).getKeys()]);
  const isIt = ({ answer, number }: Told) => answer === 'yes' && keys.has(`d${number}`);
  const old = ledger.told.find(isIt);
  if (old === undefined) return;
  const key = `d${old.number}`;
  const isCovered = disk.names().includes('reserve') && sizeOf(disk, 'reserve') === RESERVE_SIZE;
  const told = ledger.beginAlone([{ type: 'remove', map: DOOMED, key }], {
    ...{ is: 'gone', map: DOOMED, key, behind: old.mark },
  });
  await life.attempt('remove', told, (open) => open.map(DOOMED).remove(key));
  if (isCovered && told.answer !== 'yes') {
    life.problems.push(`a deletion was answered ${told.answer}, and there was a reserve`);
  }
}

function sizeOf(disk: SimulatedDisk, name: string): number {
  return disk.readFile(name).length;
}

async function inspectSize(
  { seed, capacity }: { readonly seed: number; readonly capacity: number },
  plan: Plan,
  tally: Tally,
): Promise<string> {
  useSeededHost(seed);
  const name = `life ${seed} on ${capacity} bytes`;
  if (tally.isNew(name)) tally.count('disk sizes');
  const disk = new SimulatedDisk({ capacity, ...preallocationOf(seed) });
  const life = new SerialLife(disk);
  const { ledger } = life;
  const recorder = new MomentRecorder(disk, ledger);
  await live(life, seed);
  life.checkMemory('on the full disk');
  recorder.take('on the full disk');
  const answers = `${life.store !== undefined} ${promiseOf(ledger.told)}`;
  disk.capacity = undefined;
  await goOn(life);
  recorder.take('with room again');
  await reopen(life);
  recorder.take('opened again');
  for (const problem of life.problems) tally.fail(problem, name);
  const inspection: Inspection = { tally, ledger, name, imageCountMax: plan.images, seed };
  for (const moment of recorder.moments) await inspectMoment(inspection, moment);
  return answers;
}
