/**
 * Owners that are suspended, as a debugger, a laptop or a container does it. With a lock of the
 * kernel nobody displaces them; with a heartbeat alone they may be displaced, and must then neither
 * claim nor touch anything.
 */
import { existsSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { Store } from '../../src/index-node.ts';
import type { Gate, Scale, Tally } from '../prove/gate.ts';
import type { Child } from './child.ts';
import type { Report } from './report.ts';
import { type Site, withSite } from './site.ts';
import { countDuration } from './stopwatch.ts';
import type { ZombieTask } from './zombie.child.ts';

const ROUNDS: { readonly [scale in Scale]: number } = { ci: 1, full: 8, long: 100 };
const WORKS = ['waiting', 'blocking', 'maintaining'] as const;
const LOCKS = ['kernel', 'heartbeat'] as const;

export const zombies: Gate = {
  name: 'zombies',
  promise: 'a suspended owner is not displaced, or harms nobody where it may be',
  pieceCount: () => WORKS.length * LOCKS.length,
  run: async (piece, scale, tally) => {
    const work = WORKS[piece % WORKS.length] ?? 'waiting';
    const run = piece < WORKS.length ? suspendKept : suspendDisplaced;
    for (let round = 0; round < ROUNDS[scale]; round++) {
      await run({ work, round: round + tally.seed }, tally);
    }
  },
};

export interface ZombiePlan {
  readonly work: ZombieTask['work'];
  readonly round: number;
  readonly isDeaf?: boolean;
}

const ACKNOWLEDGED_BEFORE = 30;
const ACKNOWLEDGED_AFTER = 25;
const ACKNOWLEDGED_BY_THE_DEAF = 300;
const ACKNOWLEDGED_WITHOUT_HEARING_MAX = 3000;
const LONG_AGO_SECONDS = 3600;
const REFUSAL_COUNT = 5;
const LOCK_TIMEOUT_OF_THE_REFUSED = 200;
const LOCK_TIMEOUT_OF_THE_SUCCESSOR = 60_000;

/** With the lock of the kernel. */
export async function suspendKept({ work, round }: ZombiePlan, tally: Tally): Promise<void> {
  await withSite(async (site) => {
    const directory = site.path('store');
    const task: ZombieTask = { directory, owner: 'first', lock: 'kernel', lockTimeout: 0, work };
    const owner = await site.start('zombie', task);
    const fail = (message: string) => tally.fail(message, `kernel, ${work}, round ${round}`);
    await acknowledged(owner, ACKNOWLEDGED_BEFORE + ((round * 7) % 40));
    await suspend(owner);
    makeStale(directory);
    for (const fault of await refusals(site, task, owner)) fail(fault);
    tally.count('openers refused beside a suspended owner', REFUSAL_COUNT + 1);

    owner.signal('SIGCONT');
    await acknowledged(owner, ACKNOWLEDGED_AFTER);
    tally.count('suspended owners that went on');
    if (round % 2 === 0) {
      owner.say('close');
      await owner.next('closed');
    } else {
      await suspend(owner);
      await owner.kill();
    }
    const start = performance.now();
    const store = await Store.open(directory);
    countDuration(
      tally,
      'opens behind a suspended owner that was killed',
      performance.now() - start,
    );
    for (const fault of missing(store, [owner])) fail(fault);
    if (owner.reports.some(({ kind }) => kind === 'lost')) fail('the owner lost its lock');
    await store.close();
  });
}

async function refusals(site: Site, task: ZombieTask, owner: Child): Promise<string[]> {
  const faults: string[] = [];
  for (let count = 0; count < REFUSAL_COUNT; count++) {
    const refusal = await Store.open(task.directory).then(
      (store) => store.close().then(() => undefined),
      (error: unknown) => error,
    );
    const { code, holder } = (refusal ?? {}) as { code?: string; holder?: { pid?: number } };
    if (code !== 'LOCKED') faults.push(`DISPLACED: an opener is not refused, but ${code}`);
    else if (holder?.pid !== owner.pid) faults.push(`the holder is said to be ${holder?.pid}`);
  }
  const patient = { ...task, owner: 'second', lockTimeout: LOCK_TIMEOUT_OF_THE_REFUSED };
  const { kind, code } = await (await site.start('zombie', patient)).next('opened', 'refused');
  if (code !== 'LOCKED') faults.push(`DISPLACED: another process is ${kind}, ${code}`);
  const reader = await Store.open(task.directory, { readOnly: true });
  faults.push(...missing(reader, [owner]));
  await reader.close();
  return faults;
}

/** With a heartbeat alone. */
export async function suspendDisplaced(plan: ZombiePlan, tally: Tally): Promise<void> {
  const { work, round, isDeaf } = plan;
  await withSite(async (site) => {
    const directory = site.path('store');
    const common = { directory, lock: 'heartbeat', work } as const;
    const fail = (message: string) => tally.fail(message, `heartbeat, ${work}, round ${round}`);
    const zombie = await site.start('zombie', {
      ...common,
      ...{ owner: 'first', lockTimeout: 0, isDeaf: isDeaf ?? false },
    } satisfies ZombieTask);
    await acknowledged(zombie, ACKNOWLEDGED_BEFORE + ((round * 7) % 40));
    await suspend(zombie);

    // Its heartbeat goes stale by and by, as it happens: a time that is put into the file would be
    // one that the suspended owner's clock knows nothing of.
    const successor = await site.start('zombie', {
      ...common,
      ...{ owner: 'second', lockTimeout: LOCK_TIMEOUT_OF_THE_SUCCESSOR },
    } satisfies ZombieTask);
    await successor.next('opened');
    await acknowledged(successor, ACKNOWLEDGED_AFTER);
    if (work === 'maintaining') await successor.next('maintained');
    zombie.signal('SIGCONT');
    const { kind, code: heard } = await lossOf(
      zombie,
      isDeaf ? ACKNOWLEDGED_BY_THE_DEAF : ACKNOWLEDGED_WITHOUT_HEARING_MAX,
    );
    if (heard !== 'LOCK_LOST') fail(`the displaced owner hears ${heard}, its last word is ${kind}`);
    zombie.say('close');
    await zombie.next('closed');
    tally.count('displaced owners that heard of it');

    await acknowledged(successor, ACKNOWLEDGED_AFTER);
    if (work === 'maintaining') await successor.next('maintained');
    successor.say('close');
    const { code } = await successor.next('closed', 'lost');
    if (code !== undefined) fail(`the successor hears ${code}`);
    const store = await Store.open(directory, { recovery: 'strict' });
    for (const fault of missing(store, [zombie, successor])) fail(fault);
    for (const { file, reason } of (await store.verify()).damage) fail(`${file}: ${reason}`);
    tally.count('stores of successors that are whole');
    await store.close();
  });
}

async function acknowledged(child: Child, count: number): Promise<void> {
  for (let heard = 0; heard < count; heard++) {
    const { kind, code, message } = await child.next('acknowledged', 'refused', 'lost');
    if (kind !== 'acknowledged') throw new Error(`the owner was ${kind}: ${code} ${message}`);
  }
}

/** What it hears, unless it goes on and on. */
async function lossOf(child: Child, patience: number): Promise<Report> {
  for (let count = 1; ; count++) {
    const report = await child.next('acknowledged', 'lost');
    if (report.kind === 'lost' || count === patience) return report;
  }
}

/** Resolves when the kernel says that it stands still. */
async function suspend(child: Child): Promise<void> {
  child.signal('SIGSTOP');
  const isSuspended = () => /\) T /.test(readFileSync(`/proc/${child.pid}/stat`, 'latin1'));
  while (!isSuspended()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** As if the owner had not shown itself for an hour. */
function makeStale(directory: string): void {
  const path = join(directory, 'lock');
  const then = Date.now() / 1000 - LONG_AGO_SECONDS;
  if (existsSync(path)) utimesSync(path, then, then);
}

/** Whatever anybody acknowledged, before or behind the suspension, under the id that was told. */
function* missing(store: Store, owners: readonly Child[]): Iterable<string> {
  const turns = store.map<readonly [string, number], Uint8Array>('turns', { value: 'binary' });
  const names = ['first', 'second'];
  for (const [index, { reports }] of owners.entries()) {
    const acknowledged = reports.filter(({ kind }) => kind === 'acknowledged');
    const lost = acknowledged.filter(({ number, sequence }) => {
      return turns.getEntry([names[index] ?? '', Number(number)])?.sequence !== sequence;
    });
    if (lost.length === 0) continue;
    const first = JSON.stringify(lost[0]);
    yield `LOST: ${lost.length} of ${acknowledged.length} of the ${names[index]} owner, ${first}`;
  }
}
