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
import {
  anyRange,
  type Content,
  type Ended,
  firstDifference,
  type Life,
  type Range,
  replayed,
  type Step,
  select,
  sortByCommit,
} from '../support/serial-order.ts';
import { portPair } from './fake-port.ts';
import { EVERYTHING } from './policies.ts';

type Isolation = 'serializable' | 'snapshot';
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

interface OpenLife extends Life {
  readonly transaction: Anyone;
}

const KEY_COUNT = 8;

describe('the commit order explains every read of two clients and of the owner', () => {
  test.each(Array.from({ length: 25 }, (_, n) => n + 1))('seed %i', async (seed) => {
    const { ended, conflicts, content } = await history(seed, 'serializable');

    expect(firstDifference(ended, 1)).toBeUndefined();
    expect(content).toEqual(replayed(ended, 1));
    expect(ended.length).toBeGreaterThan(10);
    expect(conflicts).toBeGreaterThan(0);
  });
});

test('under snapshot it does not explain every one: that is what serializable is for', async () => {
  let unexplained = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const { ended, content } = await history(seed, 'snapshot');
    if (firstDifference(ended, 1) !== undefined) unexplained++;
    expect(content, `seed ${seed}`).toEqual(replayed(ended, 1));
  }

  expect(unexplained).toBeGreaterThan(0);
});

async function history(
  seed: number,
  isolation: Isolation,
): Promise<{ ended: Ended[]; conflicts: number; content: Content[] }> {
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
  const open: OpenLife[] = [];
  const ended: Ended[] = [];
  let commits: Promise<void>[] = [];
  let conflicts = 0;
  for (let turn = 0; turn < 250; turn++) {
    if (open.length < 4) {
      const transaction = await (begin[next() % begin.length] as () => Promise<Anyone>)();
      open.push({ transaction, steps: [], seen: [] });
    }
    const index = next() % open.length;
    const life = open[index] as OpenLife;
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
  sortByCommit(ended);
  return { ended, conflicts, content: [content] };
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
async function act({ transaction, steps, seen }: OpenLife, next: () => number): Promise<void> {
  const [key, end] = [`k${next() % KEY_COUNT}`, `k${next() % KEY_COUNT}`];
  const value = next() % 1000;
  const range = anyRange(key, end, value);
  const dice = next() % 20;
  if (dice < 5) {
    seen.push(await transaction.get(key));
    steps.push(([content]) => String(content?.get(key)));
  } else if (dice < 8) {
    seen.push(await transaction.entries(range));
    steps.push(([content]) => JSON.stringify(select(content, range)));
  } else if (dice < 10) {
    seen.push(await transaction.count(range));
    steps.push(([content]) => String(select(content, range).length));
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
  steps.push(([content]) => {
    write(content as Content);
    return '';
  });
}
