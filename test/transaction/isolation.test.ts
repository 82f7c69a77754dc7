/**
 * Random transactions, interleaved by a seeded scheduler, against a serial model: the order in which
 * they committed is one in which every read of every one of them is what the model gives.
 */
import { describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store, type StoreMap, type Transaction } from '../../src/index.ts';
import { seededNumbers } from '../support/seeded.ts';
import {
  anyRange,
  type Content,
  type Ended,
  firstDifference,
  type Life,
  replayed,
  type Step,
  select,
  sortByCommit,
} from '../support/serial-order.ts';

type Isolation = 'serializable' | 'snapshot';

interface OpenLife extends Life {
  readonly transaction: Transaction;
}

const MAP_COUNT = 2;
const KEY_COUNT = 8;

describe('the commit order explains every read', () => {
  test.each(Array.from({ length: 60 }, (_, n) => n + 1))('seed %i', async (seed) => {
    const { ended, conflicts, content } = await history(seed, 'serializable');

    expect(firstDifference(ended, MAP_COUNT)).toBeUndefined();
    expect(content).toEqual(replayed(ended, MAP_COUNT));
    expect(ended.length).toBeGreaterThan(10);
    expect(conflicts).toBeGreaterThan(0);
  });
});

test('under snapshot it does not explain every one: that is what serializable is for', async () => {
  let unexplained = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const { ended, content } = await history(seed, 'snapshot');
    if (firstDifference(ended, MAP_COUNT) !== undefined) unexplained++;
    expect(content, `seed ${seed}`).toEqual(replayed(ended, MAP_COUNT));
  }

  expect(unexplained).toBeGreaterThan(0);
});

async function history(
  seed: number,
  isolation: Isolation,
): Promise<{ ended: Ended[]; conflicts: number; content: Content[] }> {
  const next = seededNumbers(seed);
  const store = await Store.open(new MemoryFileSystem());
  const maps = Array.from({ length: MAP_COUNT }, (_, n) => store.map<string, number>(`m${n}`));
  const open: OpenLife[] = [];
  const commits: Promise<void>[] = [];
  const ended: Ended[] = [];
  let conflicts = 0;
  for (let turn = 0; turn < 400; turn++) {
    if (open.length < 4) {
      open.push({ transaction: store.begin({ isolation }), steps: [], seen: [] });
    }
    const index = next() % open.length;
    const life = open[index] as OpenLife;
    if (next() % 6 > 0) {
      act(life, maps, next);
      continue;
    }
    open.splice(index, 1);
    const wrote = [...life.transaction.changes()].length > 0;
    commits.push(
      life.transaction.commit().then(
        ({ sequence }) => void ended.push({ life, sequence, wrote }),
        (error) => {
          expect(error).toMatchObject({ code: 'CONFLICT' });
          conflicts++;
        },
      ),
    );
    // Some commit in one group, some in groups of their own.
    if (next() % 2 === 0) await Promise.all(commits);
    if (next() % 40 === 0) await store.checkpoint();
  }
  await Promise.all(commits);
  for (const { transaction } of open) transaction.abort();
  const content = maps.map((map) => contentOf(map));
  await store.close();
  sortByCommit(ended);
  return { ended, conflicts, content };
}

/** One random read or write, done in the transaction and noted for the model. */
function act(life: OpenLife, maps: readonly StoreMap<string, number>[], next: () => number): void {
  const m = next() % MAP_COUNT;
  const map = life.transaction.map(maps[m] as StoreMap<string, number>);
  const [key, end] = [`k${next() % KEY_COUNT}`, `k${next() % KEY_COUNT}`];
  const value = next() % 1000;
  const range = anyRange(key, end, value);
  const reads: [() => string, Step][] = [
    [() => String(map.get(key)), (content) => String(content[m]?.get(key))],
    [() => String(map.has(key)), (content) => String(content[m]?.has(key))],
    [
      () => JSON.stringify([...map.getRange(range)].map((entry) => [entry.key, entry.value])),
      (content) => JSON.stringify(select(content[m], range)),
    ],
    [() => String(map.getCount(range)), (content) => String(select(content[m], range).length)],
    [() => String(map.getCount()), (content) => String(content[m]?.size)],
  ];
  const writes: [() => void, Step][] = [
    [() => map.put(key, value), (content) => done(content[m]?.set(key, value))],
    [() => map.remove(key), (content) => done(content[m]?.delete(key))],
    [
      () => map.clear({ start: key, end }),
      (content) => {
        for (const known of [...(content[m] as Content).keys()]) {
          if (known >= key && known < end) content[m]?.delete(known);
        }
        return '';
      },
    ],
    [() => map.clear(), (content) => done(content[m]?.clear())],
  ];
  const dice = next() % 40;
  if (dice < 18) {
    const [read, step] = reads[dice % reads.length] as [() => string, Step];
    life.seen.push(read());
    life.steps.push(step);
    return;
  }
  const kind = dice < 32 ? 0 : dice < 37 ? 1 : dice < 39 ? 2 : 3;
  const [write, step] = writes[kind] as [() => void, Step];
  write();
  life.seen.push('');
  life.steps.push(step);
}

function done(_: unknown): string {
  return '';
}

function contentOf(map: StoreMap<string, number>): Content {
  return new Map([...map.getRange()].map(({ key, value }) => [key, value]));
}
