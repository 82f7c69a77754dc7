/**
 * SIGKILL, which no program can catch, delay or clean up after, at any moment of a process that
 * commits. One store goes through all kills of a piece, so that recoveries pile up.
 */
import { Store } from '../../src/index-node.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import type { Gate, Scale, Tally } from '../prove/gate.ts';
import { Book } from './book.ts';
import type { Child } from './child.ts';
import type { PlantedFault } from './committing.ts';
import type { LifeTask } from './life.child.ts';
import type { Report } from './report.ts';
import { type Site, withSite } from './site.ts';
import { countDuration } from './stopwatch.ts';

const PIECES: { readonly [scale in Scale]: { readonly count: number; readonly kills: number } } = {
  ci: { count: 2, kills: 30 },
  full: { count: 10, kills: 100 },
  long: { count: 50, kills: 200 },
};

export const kills: Gate = {
  name: 'kills',
  promise: 'a killed process loses nothing that was acknowledged, and leaves nothing half done',
  pieceCount: (scale) => PIECES[scale].count,
  run: (piece, scale, tally) =>
    killAgainAndAgain({ seed: tally.seed * 1000 + piece, killCount: PIECES[scale].kills }, tally),
};

/** When to kill: some milliseconds after a report was made for the count-th time. */
interface Moment {
  readonly report: string;
  readonly count: number;
  readonly milliseconds: number;
}

/** The likelier ones stand here more often. */
const MOMENTS = [
  { report: 'acknowledged', countMax: 150, millisecondsMax: 2 },
  { report: 'acknowledged', countMax: 400, millisecondsMax: 2 },
  { report: 'acknowledged', countMax: 20, millisecondsMax: 4 },
  { report: 'opening', countMax: 2, millisecondsMax: 40 },
  { report: 'opening', countMax: 1, millisecondsMax: 15 },
  { report: 'opened', countMax: 2, millisecondsMax: 5 },
  { report: 'maintaining', countMax: 4, millisecondsMax: 25 },
  { report: 'maintaining', countMax: 4, millisecondsMax: 5 },
  { report: 'maintained', countMax: 3, millisecondsMax: 1 },
  { report: 'closing', countMax: 2, millisecondsMax: 12 },
  { report: 'closed', countMax: 1, millisecondsMax: 3 },
] as const;

/** Whatever was planned: a life ends after this. */
const LIFE_MILLISECONDS_MAX = 20_000;
const KILLS_BETWEEN_VERIFICATIONS = 10;

export interface KillPlan {
  readonly seed: number;
  readonly killCount: number;
  /** For the tests: what the child does wrong. */
  readonly plantedFault?: PlantedFault;
}

/** Ends at the first kill that leaves anything wrong behind. */
export async function killAgainAndAgain(plan: KillPlan, tally: Tally): Promise<void> {
  await withSite(async (site) => {
    const random = new SeededRandom(Math.imul(plan.seed + 1, 0x9e3779b1));
    const book = new Book(plan.seed);
    const directory = site.path('store');
    for (let life = 1; life <= plan.killCount; life++) {
      const moment = momentOf(random);
      book.beginLife(life);
      const faults = [
        ...(await live(
          site,
          { ...plan, directory, life, forgetBelow: life },
          { moment, book, tally },
        )),
        ...(await look(directory, { book, isThorough: life % KILLS_BETWEEN_VERIFICATIONS === 0 })),
      ];
      tally.count(`kills behind '${moment.report}'`);
      tally.count('acknowledged commits found', book.acknowledgedCount);
      tally.count('refused commits not found', book.refusedCount);
      for (const fault of faults) tally.fail(fault, `kill ${life}, ${JSON.stringify(moment)}`);
      if (faults.length > 0) return;
    }
  });
}

function momentOf(random: SeededRandom): Moment {
  const chosen = MOMENTS[random.below(MOMENTS.length)] ?? MOMENTS[0];
  const count = 1 + random.below(chosen.countMax);
  return { report: chosen.report, count, milliseconds: random.below(chosen.millisecondsMax + 1) };
}

async function live(
  site: Site,
  task: LifeTask,
  { moment, book, tally }: { readonly moment: Moment; readonly book: Book; readonly tally: Tally },
): Promise<string[]> {
  const faults: string[] = [];
  const expected = book.sequence;
  const child = await site.start('life', task);
  const deadline = setTimeout(() => child.signal('SIGKILL'), LIFE_MILLISECONDS_MAX);
  let isFirstOpen = true;
  child.onReport((report) => {
    book.hear(report);
    if (report.kind !== 'opened' || !isFirstOpen) return;
    isFirstOpen = false;
    faults.push(...openFaults(report, expected));
    countDuration(tally, 'opens of a killed store', Number(report.milliseconds));
  });
  killAt(child, moment);
  const { code, signal } = await child.ended;
  clearTimeout(deadline);
  if (signal !== 'SIGKILL') faults.push(`the child ended by itself: ${code} ${child.errorText}`);
  return faults;
}

/** Nobody has waited for the lock, since the child does not ask for that. */
function openFaults({ lock, sequence }: Report, expected: number): string[] {
  const faults: string[] = [];
  if (lock !== 'kernel') faults.push(`the lock is ${lock}`);
  if (sequence !== expected) {
    faults.push(`a writer finds ${sequence} commits, a reader has found ${expected}`);
  }
  return faults;
}

function killAt(child: Child, { report: kind, count, milliseconds }: Moment): void {
  let left = count;
  child.onReport((report) => {
    if (report.kind !== kind) return;
    left -= 1;
    if (left !== 0) return;
    if (milliseconds === 0) child.signal('SIGKILL');
    else setTimeout(() => child.signal('SIGKILL'), milliseconds);
  });
}

/** A reader changes nothing, so that the next child opens just what the kill has left. */
async function look(
  directory: string,
  { book, isThorough }: { readonly book: Book; readonly isThorough: boolean },
): Promise<string[]> {
  try {
    const store = await Store.open(directory, isThorough ? {} : { readOnly: true });
    try {
      const faults = [...book.faultsIn(store)];
      if (!isThorough) return faults;
      const { damage } = await store.verify();
      return [...faults, ...damage.map(({ file, reason }) => `${file}: ${reason}`)];
    } finally {
      await store.close();
    }
  } catch (error) {
    const isUnborn = (error as { code?: string }).code === 'NOT_FOUND' && book.sequence === 0;
    return isUnborn && book.acknowledgedCount === 0 ? [] : [`it cannot be read: ${error}`];
  }
}
