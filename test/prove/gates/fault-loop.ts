/**
 * Whatever a program asks of a store, with each call to the host failing in each way it can: the
 * store answers truly, goes on when the host is well again, and every crash in between is survived.
 */
import type { PortCall } from '../../../src/testing/index.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { useSeededHost } from '../../support/seeded.ts';
import type { Gate, Scale, Tally } from '../gate.ts';
import { type Inspection, inspectMoment } from '../lives/check-image.ts';
import { commit, turns } from '../lives/deeds.ts';
import { goOn, reopen } from '../lives/going-on.ts';
import { describeFault, faultsAt, type HostFault, planOf } from '../lives/host-faults.ts';
import { type Moment, MomentRecorder } from '../lives/moments.ts';
import { SerialLife } from '../lives/serial-life.ts';
import { makePast, NO_PAST, type Past, SUBJECTS, type Subject } from '../lives/subjects.ts';

const PLANS: { readonly [scale in Scale]: { readonly moments: number; readonly images: number } } =
  {
    ci: { moments: 1, images: 2 },
    full: { moments: 4, images: 6 },
    long: { moments: 1000, images: 16 },
  };

export const faultLoop: Gate = {
  name: 'fault-loop',
  promise: 'whatever is asked for, and however the host fails at it: true answers, and it goes on',
  pieceCount: () => SUBJECTS.length,
  async run(piece, scale, tally) {
    const subject = SUBJECTS[piece] as Subject;
    useSeededHost(tally.seed + 1);
    const past = subject.startsEmpty ? NO_PAST : await makePast();
    const { calls, refusals } = await soundRunOf(subject, past, tally.seed);
    for (const refusal of refusals) tally.fail(refusal, `${subject.name}, without a fault`);
    for (const call of calls) {
      for (const fault of faultsAt(call, scale)) {
        const name = `${subject.name}, ${describeFault(fault, call)}`;
        if (!tally.isNew(name)) continue;
        tally.count('faults');
        await inspectFault({ subject, past, fault, name }, scale, tally);
      }
    }
  },
};

interface FaultCase {
  readonly subject: Subject;
  readonly past: Past;
  readonly fault: HostFault;
  readonly name: string;
}

/** The calls that it takes to do what is asked for, without a fault, counted from its start. */
async function soundRunOf(
  subject: Subject,
  past: Past,
  seed: number,
): Promise<{ readonly calls: readonly PortCall[]; readonly refusals: readonly string[] }> {
  const life = await prepare(subject, past, seed);
  const refusalCount = life.refusals.length;
  const calls: PortCall[] = [];
  const start = life.disk.callCount;
  life.disk.onCall = (call) => {
    calls.push({ ...call, index: call.index - start });
    return undefined;
  };
  await subject.act(life);
  await turns();
  return { calls, refusals: [...life.problems, ...life.refusals.slice(refusalCount)] };
}

async function prepare(subject: Subject, past: Past, seed: number): Promise<SerialLife> {
  useSeededHost(seed + 2);
  const life = new SerialLife(past.disk.clone(), past.ledger.clone(), subject.options);
  if (!subject.opensItself) {
    await life.open();
    await life.do(commit({ type: 'put', map: 'b', key: 'u', value: 5 }));
    await subject.prepare?.(life);
  }
  return life;
}

async function inspectFault(
  { subject, past, fault, name }: FaultCase,
  scale: Scale,
  tally: Tally,
): Promise<void> {
  const plan = PLANS[scale];
  const life = await prepare(subject, past, tally.seed);
  const { ledger, disk } = life;
  const recorder = new MomentRecorder(disk, ledger);
  life.onAnswer = () => recorder.takeIfStarted('behind an answer');
  recorder.start();
  disk.onCall = recorder.watch(planOf(fault, disk.callCount));
  await subject.act(life);
  await turns();
  await life.do(commit({ type: 'put', map: 'b', key: 'still', value: 'failing' }));
  life.checkMemory('with the fault');
  recorder.take('behind the fault');
  disk.onCall = recorder.watch();
  // Whose lock cannot be released has to end: the images are what the next process finds.
  if (fault.kind !== 'release') {
    await goOn(life);
    recorder.take('gone on');
    await reopen(life);
    recorder.take('opened again');
  }
  recorder.stop();
  for (const problem of life.problems) tally.fail(problem, name);
  const random = new SeededRandom(tally.seed + fault.at + 1);
  const inspection: Inspection = {
    ...{ tally, ledger, name, imageCountMax: plan.images },
    seed: tally.seed + 1 + random.below(1 << 16),
  };
  for (const moment of chosen(recorder.moments, plan.moments, random)) {
    await inspectMoment(inspection, moment);
  }
}

/** What the fault leaves, and others by chance. */
function chosen(all: readonly Moment[], count: number, random: SeededRandom): readonly Moment[] {
  if (all.length <= count) return all;
  const first = all.filter(({ place }) => place === 'behind the fault');
  const rest = Array.from({ length: count - 1 }, () => all[random.below(all.length)] as Moment);
  return [...first, ...rest];
}
