/**
 * Random transactions of two clients and of the owner itself, interleaved by a seeded scheduler,
 * against a serial model: the order in which they committed explains every read of every one of them.
 */
import { describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store, type StoreMap, type Transaction } from '../../src/index.ts';
import {
  connect,
  type RemoteMap,
  type RemoteStore,
  type RemoteTransaction,
  serve,
} from '../../src/remote/index.ts';
import { collect } from '../contract/remote.ts';
import { seededNumbers } from '../support/seeded.ts';
import { portPair } from './fake-port.ts';
import { EVERYTHING } from './policies.ts';

type Isolation = 'serializable' | 'snapshot';
type Content = Map<string, number>;
type Step = (content: Content) => string;

interface Range {
  readonly start?: string;
  readonly end?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly offset?: number;
}

/** A transaction of anybody. */
interface Anyone {
  get(key: string): Promise<string>;
  entries(range: Range): Promise<string>;
  count(range: Range): Promise<string>;
  put(key: string, value: number): void;
  remove(key: string): void;
  clear(range: Range): void;
  commit(): Promise<{ readonly sequence: number }>;
  abort(): void;
  hasWritten(): Promise<boolean>;
}

interface Life {
  readonly transaction: Anyone;
  readonly steps: Step[];
  readonly seen: string[];
}

interface Ended {
  readonly life: Life;
  readonly sequence: number;
  readonly wrote: boolean;
}

const KEY_COUNT = 8;

describe('the commit order explains every read of two clients and of the owner', () => {
  test.each(Array.from({ length: 25 }, (_, n) => n + 1))('seed %i', async (seed) => {
    const { ended, conflicts, content } = await history(seed, 'serializable');

    expect(firstDifference(ended)).toBeUndefined();
    expect(content).toEqual(replayed(ended));
    expect(ended.length).toBeGreaterThan(10);
    expect(conflicts).toBeGreaterThan(0);
  });
});

test('under snapshot it does not explain every one: that is what serializable is for', async () => {
  let unexplained = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const { ended, content } = await history(seed, 'snapshot');
    if (firstDifference(ended) !== undefined) unexplained++;
    expect(content, `seed ${seed}`).toEqual(replayed(ended));
  }

  expect(unexplained).toBeGreaterThan(0);
});

async function history(
  seed: number,
  isolation: Isolation,
): Promise<{ ended: Ended[]; conflicts: number; content: Content }> {
  const next = seededNumbers(seed);
  const store = await Store.open(new MemoryFileSystem());
  const map = store.map<string, number>('m');
  const clients = await Promise.all([client(store), client(store)]);
  const begin = [
    async () => ofOwner(store.begin({ isolation }), map),
    ...clients.map((remote) => async () => {
      return ofClient(await remote.begin({ isolation }), remote.map<string, number>('m'));
    }),
  ];
  const open: Life[] = [];
  const ended: Ended[] = [];
  let commits: Promise<void>[] = [];
  let conflicts = 0;
  for (let turn = 0; turn < 250; turn++) {
    if (open.length < 4) {
      const transaction = await (begin[next() % begin.length] as () => Promise<Anyone>)();
      open.push({ transaction, steps: [], seen: [] });
    }
    const index = next() % open.length;
    const life = open[index] as Life;
    if (next() % 5 > 0) {
      await act(life, next);
      continue;
    }
    open.splice(index, 1);
    const wrote = await life.transaction.hasWritten();
    commits.push(
      life.transaction.commit().then(
        ({ sequence }) => void ended.push({ life, sequence, wrote }),
        (error) => {
          expect(error).toMatchObject({ code: 'CONFLICT', committed: 'no' });
          conflicts++;
        },
      ),
    );
    // Some commit together, some alone.
    if (next() % 2 === 0) await Promise.all(commits.splice(0));
  }
  await Promise.all(commits);
  commits = [];
  for (const { transaction } of open) transaction.abort();
  const content = new Map([...map.getRange()].map(({ key, value }) => [key, value]));
  await Promise.all(clients.map((remote) => remote.close()));
  await store.close();
  // One that changed nothing stands behind the commit that it saw last.
  ended.sort(
    (left, right) => left.sequence - right.sequence || Number(right.wrote) - Number(left.wrote),
  );
  return { ended, conflicts, content };
}

function client(store: Store): Promise<RemoteStore> {
  const { owner, client: end } = portPair();
  serve(store, owner, EVERYTHING);
  return connect(end);
}

function ofOwner(transaction: Transaction, map: StoreMap<string, number>): Anyone {
  const own = transaction.map(map);
  return {
    get: async (key) => String(own.get(key)),
    entries: async (range) => shown([...own.getRange(range)]),
    count: async (range) => String(own.getCount(range)),
    put: (key, value) => own.put(key, value),
    remove: (key) => own.remove(key),
    clear: (range) => own.clear(range),
    commit: () => transaction.commit(),
    abort: () => transaction.abort(),
    hasWritten: async () => [...transaction.changes()].length > 0,
  };
}

function ofClient(transaction: RemoteTransaction, map: RemoteMap<string, number>): Anyone {
  const own = transaction.map(map);
  return {
    get: async (key) => String(await own.get(key)),
    entries: async (range) => shown(await collect(own.getRange(range))),
    count: async (range) => String(await own.getCount(range)),
    put: (key, value) => own.put(key, value),
    remove: (key) => own.remove(key),
    clear: (range) => own.clear(range),
    commit: () => transaction.commit(),
    abort: () => transaction.abort(),
    hasWritten: async () => (await transaction.changes()).length > 0,
  };
}

function shown(entries: readonly { readonly key: string; readonly value: number }[]): string {
  return JSON.stringify(entries.map(({ key, value }) => [key, value]));
}

/** One random read or write, done in the transaction and noted for the model. */
async function act({ transaction, steps, seen }: Life, next: () => number): Promise<void> {
  const [key, end] = [`k${next() % KEY_COUNT}`, `k${next() % KEY_COUNT}`];
  const value = next() % 1000;
  const range: Range = {
    ...(value % 3 === 0 ? {} : { start: key }),
    ...(value % 4 === 0 ? {} : { end }),
    reverse: value % 2 === 0,
    ...(value % 5 < 2 ? { limit: 1 + (value % 3) } : {}),
    ...(value % 7 === 0 ? { offset: 1 } : {}),
  };
  const dice = next() % 20;
  if (dice < 5) {
    seen.push(await transaction.get(key));
    steps.push((content) => String(content.get(key)));
  } else if (dice < 8) {
    seen.push(await transaction.entries(range));
    steps.push((content) => JSON.stringify(select(content, range)));
  } else if (dice < 10) {
    seen.push(await transaction.count(range));
    steps.push((content) => String(select(content, range).length));
  } else if (dice < 17) {
    transaction.put(key, value);
    note(steps, seen, (content) => void content.set(key, value));
  } else if (dice < 19) {
    transaction.remove(key);
    note(steps, seen, (content) => void content.delete(key));
  } else {
    transaction.clear({ start: key, end });
    note(steps, seen, (content) => {
      for (const [known] of select(content, { start: key, end })) content.delete(known);
    });
  }
}

function note(steps: Step[], seen: string[], write: (content: Content) => void): void {
  seen.push('');
  steps.push((content) => {
    write(content);
    return '';
  });
}

function select(content: Content, range: Range): [string, number][] {
  const { start, end, reverse, limit, offset = 0 } = range;
  const entries = [...content]
    .filter(([key]) => (start === undefined || key >= start) && (end === undefined || key < end))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  if (reverse === true) entries.reverse();
  return entries.slice(offset, limit === undefined ? undefined : offset + limit);
}

function firstDifference(ended: readonly Ended[]): string | undefined {
  const content: Content = new Map();
  for (const { life, sequence } of ended) {
    for (const [i, step] of life.steps.entries()) {
      const expected = step(content);
      if (expected !== life.seen[i]) {
        return `commit ${sequence}, step ${i}: ${life.seen[i]}, not ${expected}`;
      }
    }
  }
  return undefined;
}

function replayed(ended: readonly Ended[]): Content {
  const content: Content = new Map();
  for (const { life } of ended) for (const step of life.steps) step(content);
  return new Map([...content].sort(([left], [right]) => (left < right ? -1 : 1)));
}
