/** Every way in which a program of JavaScript ends while it commits, beside SIGKILL. */
import { Store } from '../../src/index-node.ts';
import type { Gate, Scale, Tally } from '../prove/gate.ts';
import { Book } from './book.ts';
import type { End } from './child.ts';
import type { PlantedFault } from './committing.ts';
import type { Ending, ExitTask } from './exit.child.ts';
import type { Report } from './report.ts';
import { type Site, withSite } from './site.ts';

const ROUNDS: { readonly [scale in Scale]: number } = { ci: 1, full: 10, long: 100 };
const COUNT_MAX = 60;

/** How Node is expected to report each end. */
const ENDS: { readonly [ending in Ending]: Partial<End> } = {
  'process.exit': { code: 7 },
  'process.exit in a listener': { code: 7 },
  'process.exit behind putSync': { code: 7 },
  'process.exit in the middle of a transaction': { code: 7 },
  'commits in an exit handler': { code: 7 },
  'uncaught exception': { code: 1 },
  'uncaught exception in a listener of its own': { code: 1 },
  'unhandled rejection': { code: 1 },
  abort: { signal: 'SIGABRT' },
  SIGTERM: { signal: 'SIGTERM' },
  SIGINT: { signal: 'SIGINT' },
  SIGHUP: { signal: 'SIGHUP' },
  'open iterators and views': { code: 7 },
  'nothing left to do': { code: 0 },
  'commits in beforeExit': { code: 0 },
  'terminate a thread': { code: 0 },
  'process.exit in a thread': { code: 0 },
};

export const exits: Gate = {
  name: 'exits',
  promise:
    'however a process or a thread ends, what was acknowledged is there, and the lock is free',
  pieceCount: () => Object.keys(ENDS).length,
  run: (piece, scale, tally) => endInEachLife(plan(piece, scale, tally.seed), tally),
};

function plan(piece: number, scale: Scale, seed: number): ExitPlan {
  const ending = Object.keys(ENDS)[piece] as Ending;
  return { ending, seed: seed * 1000 + piece, rounds: ROUNDS[scale] };
}

export interface ExitPlan {
  readonly ending: Ending;
  readonly seed: number;
  readonly rounds: number;
  readonly plantedFault?: PlantedFault;
}

/** One store, through all lives. */
export async function endInEachLife(plan: ExitPlan, tally: Tally): Promise<void> {
  await withSite(async (site) => {
    const book = new Book(plan.seed);
    for (let life = 1; life <= plan.rounds; life++) {
      const faults = await liveAndEnd(site, { ...plan, life }, book);
      tally.count(plan.ending);
      tally.count('acknowledged commits found', book.acknowledgedCount);
      for (const fault of faults) tally.fail(`${plan.ending}: ${fault}`, `life ${life}`);
      if (faults.length > 0) return;
    }
  });
}

async function liveAndEnd(
  site: Site,
  { life, ...plan }: ExitPlan & { readonly life: number },
  book: Book,
): Promise<string[]> {
  const directory = site.path('store');
  const isThread = plan.ending.includes('a thread');
  const task: ExitTask = {
    ...plan,
    ...{ directory, life, forgetBelow: life },
    count: 1 + ((plan.seed * 31 + life * 17) % COUNT_MAX),
    ...(isThread ? { program: await site.program('exit') } : {}),
  };
  book.beginLife(life);
  const child = await site.start('exit', task);
  const faults: string[] = [];
  child.onReport((report) => {
    book.hear(report);
    faults.push(...taleOf(report));
  });
  const end = await child.ended;
  faults.push(...endFaults(end, ENDS[plan.ending], child.errorText));
  try {
    const store = await Store.open(directory, { create: false });
    faults.push(...book.faultsIn(store));
    await store.close();
  } catch (error) {
    faults.push(`the next open fails: ${error}`);
  }
  return faults;
}

/** What only the child itself can see. */
function taleOf({ kind, what }: Report): string[] {
  return kind === 'fault' ? [String(what)] : [];
}

function endFaults(end: End, expected: Partial<End>, errorText: string): string[] {
  const isAsExpected =
    (expected.code === undefined || expected.code === end.code) &&
    (expected.signal === undefined || expected.signal === end.signal);
  if (isAsExpected) return [];
  return [`it ended with ${JSON.stringify(end)}, not ${JSON.stringify(expected)}: ${errorText}`];
}
