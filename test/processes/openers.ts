/** Very many openers of one store at the same moment, in processes and in threads of them. */
import { Store } from '../../src/index-node.ts';
import type { Gate, Scale, Tally } from '../prove/gate.ts';
import type { Child } from './child.ts';
import type { OpenerTask, Turn } from './opener.child.ts';
import { type Site, withSite } from './site.ts';
import { countDuration } from './stopwatch.ts';

interface Crowd {
  readonly processes: number;
  /** In each process, beside its main thread. */
  readonly threads: number;
}

const CROWDS: { readonly [scale in Scale]: Crowd } = {
  ci: { processes: 8, threads: 1 },
  full: { processes: 50, threads: 3 },
  long: { processes: 100, threads: 3 },
};
const MANNERS = ['refused', 'in turn'] as const;
/** What is counted of each. */
const KINDS = { refused: 'openers refused at once', 'in turn': 'turns' } as const;

export const openers: Gate = {
  name: 'openers',
  promise: 'of very many that open at once one owns the store, and who waits gets its turn',
  pieceCount: () => MANNERS.length,
  run: (piece, scale, tally) =>
    crowd({ manner: MANNERS[piece] ?? 'in turn', ...CROWDS[scale] }, tally),
};

export interface CrowdPlan extends Crowd {
  readonly manner: (typeof MANNERS)[number];
  readonly hasNoLock?: boolean;
}

const LOCK_TIMEOUT = 600_000;
const WINS = 3;

export async function crowd(plan: CrowdPlan, tally: Tally): Promise<void> {
  await withSite(async (site) => {
    const directory = site.path('store');
    if (plan.manner === 'in turn') return allInTurn(site, { ...plan, directory }, tally);
    for (let round = 0; round < WINS; round++) {
      await oneWins(site, { ...plan, directory }, tally);
    }
  });
}

type Place = CrowdPlan & { readonly directory: string };

/** Each knows its number, and starts when it is told to. */
async function gather(
  site: Site,
  plan: Place & { readonly lockTimeout: number },
  tally: Tally,
): Promise<Child[]> {
  const { directory, processes, threads, lockTimeout, hasNoLock = false } = plan;
  const program = await site.program('opener');
  const taskOf = (opener: number): OpenerTask => {
    const isBlocking = lockTimeout === 0 && opener % 3 === 0;
    return { directory, opener, lockTimeout, isBlocking, hasNoLock };
  };
  const children: Child[] = [];
  for (let index = 0; index < processes; index++) {
    const first = index * (threads + 1);
    const own = Array.from({ length: threads }, (_, thread) => taskOf(first + thread + 1));
    const child = await site.start('opener', { ...taskOf(first), threads: own, program });
    // No check, but a sign of life: on a busy machine it takes minutes until all are there.
    child.onReport(() => tally.count(KINDS[plan.manner], 0));
    children.push(child);
  }
  await Promise.all(children.map((child) => heard(child, ['ready'], threads + 1)));
  return children;
}

async function heard(child: Child, kinds: readonly string[], count: number): Promise<void> {
  for (let left = count; left > 0; left--) await child.next(...kinds);
}

async function oneWins(site: Site, plan: Place, tally: Tally): Promise<void> {
  const { directory, threads } = plan;
  const children = await gather(site, { ...plan, lockTimeout: 0 }, tally);
  for (const child of children) child.say('go');
  await Promise.all(children.map((child) => heard(child, ['opened', 'refused'], threads + 1)));
  const reports = children.flatMap((child) => child.reports);
  const winners = reports.filter(({ kind }) => kind === 'opened');
  const others = reports.filter(({ kind, code }) => kind === 'refused' && code !== 'LOCKED');
  if (winners.length !== 1) tally.fail(`${winners.length} openers won`, 'refused');
  if (others[0] !== undefined) tally.fail(`refused with ${JSON.stringify(others[0])}`, 'refused');
  tally.count(KINDS.refused, reports.filter(({ kind }) => kind === 'refused').length);
  tally.count('openers that won', winners.length);

  await Promise.all(children.map((child) => child.kill()));
  const store = await Store.open(directory);
  await store.close();
}

async function allInTurn(site: Site, plan: Place, tally: Tally): Promise<void> {
  const { directory, processes, threads } = plan;
  const children = await gather(site, { ...plan, lockTimeout: LOCK_TIMEOUT }, tally);
  for (const child of children) {
    child.onReport(({ kind }) => kind === 'left' && tally.count(KINDS['in turn']));
  }
  const start = performance.now();
  for (const child of children) child.say('go');
  await Promise.all(children.map(({ ended }) => ended));
  countDuration(tally, 'each turn on average', (performance.now() - start) / count(plan));

  for (const { kind, ...facts } of children.flatMap(({ reports }) => reports)) {
    if (kind === 'refused' || kind === 'failed')
      tally.fail(`${kind} ${JSON.stringify(facts)}`, 'in turn');
  }
  const store = await Store.open(directory);
  const turns = [...store.map<number, Turn>('turns').getRange()].map(({ value }) => value);
  for (const fault of turnFaults(turns, processes * (threads + 1))) tally.fail(fault, 'in turn');
  await store.close();
}

const count = ({ processes, threads }: Crowd): number => processes * (threads + 1);

/** Entering and leaving alternate, by the same opener, and each has been there once. */
function* turnFaults(turns: readonly Turn[], openerCount: number): Iterable<string> {
  const seen = new Set<number>();
  for (let index = 0; index < turns.length; index += 2) {
    const [enter, leave] = [turns[index], turns[index + 1]];
    const isWhole = enter?.step === 'enter' && leave?.step === 'leave';
    if (!isWhole || enter.opener !== leave.opener) {
      yield `two owners at a time: ${JSON.stringify(enter)}, then ${JSON.stringify(leave)}`;
      return;
    }
    seen.add(enter.opener);
  }
  if (seen.size !== openerCount || turns.length !== 2 * openerCount) {
    yield `${seen.size} openers of ${openerCount} had a turn, in ${turns.length} steps`;
  }
}
