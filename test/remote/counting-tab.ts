/** What a tab does for a living: it counts, and is careful. */
import { OnewalError } from '../../src/index.ts';
import type { SharedStore } from '../../src/remote/index.ts';

export interface Counted {
  /** Commits that are known to be there: own entries, and increments of the counter of all. */
  entries: number;
  increments: number;
  /** Answers that were lost on their way. */
  unknown: number;
}

export function nothingYet(): Counted {
  return { entries: 0, increments: 0, unknown: 0 };
}

/** Appends entries of its own and adds to a counter of all, each exactly once, until it is stopped. */
export async function countUntil(
  store: SharedStore,
  parts: { readonly name: string; readonly counted: Counted; isOver(): boolean },
): Promise<Counted> {
  const { name, counted, isOver } = parts;
  void store.closed.then((why) => {
    ended.set(store, why);
  });
  const entries = store.map<readonly [string, number], number>('entries');
  const totals = store.map<string, number>('totals');
  while (!isOver()) {
    const n = counted.entries;
    await exactlyOnce(store, counted, {
      token: `${name} ${n}`,
      write: (token) => entries.put([name, n], n, { token }),
    });
    counted.entries++;
    await exactlyOnce(store, counted, {
      token: `${name} + ${n}`,
      write: (token) =>
        store.transaction(
          async (transaction) => {
            const own = transaction.map(totals);
            own.put('all', ((await own.get('all')) ?? 0) + 1);
          },
          { token, maxRetries: 100 },
        ),
    });
    counted.increments++;
  }
  return counted;
}

/** Where this side has closed a store, and what it asks is refused at once. */
const ended = new WeakMap<SharedStore, unknown>();

async function exactlyOnce(
  store: SharedStore,
  counted: Counted,
  { token, write }: { readonly token: string; write(token: string): Promise<unknown> },
): Promise<void> {
  for (;;) {
    try {
      await write(token);
      return;
    } catch (error) {
      if (!(error instanceof OnewalError) || ended.has(store)) throw error;
      if (error.committed === 'no' && error.code === 'PORT_CLOSED') continue;
      if (error.committed !== 'unknown') throw error;
      counted.unknown++;
      let outcome = await store.outcomeOf(token);
      while (outcome === 'unknown') outcome = await store.outcomeOf(token);
      if (outcome === 'committed') return;
    }
  }
}

/**
 * Nothing that was counted is missing, nothing is there twice, and no id was left out. Of a tab that
 * was killed (`dead`) one thing more of each kind may be there: it died before it could count it. Or
 * more of them, where its count was asked for while it went on (`wentOn`); but as it does one thing
 * after the other, it has added to the counter as often as it has entries, or once less.
 */
export async function findDifference(
  store: SharedStore,
  all: ReadonlyMap<string, Counted>,
  dead: ReadonlySet<string> = new Set(),
  { wentOn = false }: { readonly wentOn?: boolean } = {},
): Promise<string[]> {
  const entries = store.map<readonly [string, number], number>('entries');
  const differences: string[] = [];
  const expect = (what: string, found: number, [least, most]: readonly [number, number]): void => {
    if (found < least || found > most) differences.push(`${what}: ${found}, not ${least}-${most}`);
  };
  let written = 0;
  let least = 0;
  let most = 0;
  for (const [name, counted] of all) {
    const count = await entries.getCount({ prefix: [name] as never });
    const beyond = !dead.has(name) ? 0 : wentOn ? Infinity : 1;
    expect(name, count, [counted.entries, counted.entries + beyond]);
    written += count;
    least += beyond === 0 ? counted.increments : Math.max(counted.increments, count - 1);
    most += Math.min(counted.increments + beyond, count);
  }
  const total = (await store.map<string, number>('totals').get('all')) ?? 0;
  expect('the counter', total, [least, most]);
  const view = await store.view();
  expect('the last id', view.sequence, [written + total, written + total]);
  view.release();
  return differences;
}
