/**
 * Tabs that count while owners are closed, killed and frozen, by chance and on purpose: nothing that
 * was acknowledged is missing, nothing is there twice, and nobody hangs.
 */
import { afterEach, expect, test } from 'vitest';
import { ConflictError } from '../../src/index.ts';
import type { RemoteTransaction, SharedStore } from '../../src/remote/index.ts';
import { DEFAULT_ENVIRONMENT } from '../../src/store/environment.ts';
import { setHost } from '../../src/store/host.ts';
import { seededNumbers } from '../support/seeded.ts';
import { type Counted, countUntil, findDifference, nothingYet } from './counting-tab.ts';
import { FakeOrigin, type FakeTab } from './fake-tabs.ts';

interface Life {
  readonly name: string;
  readonly tab: FakeTab;
  readonly store: SharedStore;
  readonly counted: Counted;
  readonly counting: Promise<Counted>;
}

afterEach(() => setHost({ environment: DEFAULT_ENVIRONMENT }));

class Lives {
  readonly origin: FakeOrigin;
  readonly all: Life[] = [];
  readonly counted = new Map<string, Counted>();
  readonly dead = new Set<string>();
  isOver = false;

  constructor(origin: FakeOrigin) {
    this.origin = origin;
  }

  async add(): Promise<Life> {
    const tab = this.origin.tab();
    const name = `tab ${this.counted.size}`;
    const counted = nothingYet();
    const store = await this.origin.until(tab.share({ timeout: 0 }));
    const counting = countUntil(store, { name, counted, isOver: () => this.isOver });
    counting.catch(() => undefined); // Of a store that is closed it ends so.
    const life: Life = { name, tab, store, counted, counting };
    this.all.push(life);
    this.counted.set(name, counted);
    return life;
  }

  get owner(): Life | undefined {
    return this.all.find(({ store, tab }) => store.owner === 'here' && !tab.isKilled);
  }

  async kill({ tab, name }: Life): Promise<void> {
    tab.kill();
    this.dead.add(name);
    this.all.splice(
      this.all.findIndex((life) => life.name === name),
      1,
    );
    await this.add();
  }

  /** What is wrong, when all have come to rest. */
  async end(): Promise<string[]> {
    for (const { tab } of this.all) tab.wake();
    this.isOver = true;
    await this.origin.until(Promise.all(this.all.map(({ counting }) => counting)));
    const [first] = this.all as [Life];
    const differences = await this.origin.until(
      findDifference(first.store, this.counted, this.dead),
    );
    await this.origin.until(Promise.all(this.all.map(({ store }) => store.close())));
    return differences;
  }

  get total(): number {
    return [...this.counted.values()].reduce((sum, { entries }) => sum + entries, 0);
  }
}

const ENDS = {
  close: async (lives: Lives, life: Life) => {
    const closing = life.store.close();
    await lives.origin.until(closing);
    // Its loop ends with the store: what it has counted by then is all there is.
    await lives.origin.until(life.counting.catch(() => undefined));
    lives.dead.add(life.name);
    lives.all.splice(lives.all.indexOf(life), 1);
    await lives.add();
  },
  kill: (lives: Lives, life: Life) => lives.kill(life),
  sleep: async ({ origin }: Lives, { tab }: Life) => {
    tab.sleep();
    await origin.pass(3000);
    tab.wake();
  },
  freeze: async ({ origin }: Lives, { tab }: Life) => {
    tab.freeze();
    await origin.pass(12_000);
    tab.thaw();
  },
} as const;

test.each([1, 2, 3, 4])('five tabs lose nothing and count nothing twice, seed %i', async (seed) => {
  const next = seededNumbers(seed);
  const lives = new Lives(new FakeOrigin());
  for (let n = 0; n < 5; n++) await lives.add();

  for (let turn = 0; turn < 12; turn++) {
    await lives.origin.pass(50 + (next() % 8) * 50);
    const kinds = Object.keys(ENDS) as (keyof typeof ENDS)[];
    const kind = kinds[next() % kinds.length] as keyof typeof ENDS;
    const anybody = lives.all[next() % lives.all.length] as Life;
    const victim = next() % 3 === 0 ? anybody : (lives.owner ?? anybody);
    await ENDS[kind](lives, victim);
  }

  expect(await lives.end()).toEqual([]);
  expect(lives.origin.medium.openCount).toBeGreaterThan(5);
  expect(lives.total).toBeGreaterThan(50);
});

test('an owner that dies at any message of a commit leaves it done or undone, and says which', async () => {
  let outcomes = '';
  for (let at = 1; at <= 40; at++) {
    const lives = new Lives(new FakeOrigin());
    await lives.add();
    const client = await lives.add();
    const owner = lives.owner as Life;
    owner.tab.dieAt(at);
    await lives.origin.until(
      (async () => {
        while (!owner.tab.isKilled && client.counted.entries < 20) await lives.origin.pass(50);
      })(),
    );
    if (!owner.tab.isKilled) owner.tab.kill();
    lives.dead.add(owner.name);
    lives.all.splice(0, 1);
    await lives.origin.pass(500);
    outcomes += client.counted.unknown;
    expect(await lives.end(), `message ${at}`).toEqual([]);
  }
  expect(outcomes).toContain('1');
});

test('of two that believe to be the owner only one commits', async () => {
  const lives = new Lives(new FakeOrigin());
  const [first, second] = [await lives.add(), await lives.add()];
  await lives.origin.pass(500);

  first.tab.freeze();
  await lives.origin.pass(20_000);
  expect([first.store.owner, second.store.owner]).toEqual(['here', 'here']);
  const before = first.counted.entries;
  await lives.origin.pass(1000);
  expect(first.counted.entries - before).toBeLessThan(2);
  // It thaws, and answers whoever was told nothing yet.
  first.tab.thaw();
  await lives.add();
  await lives.origin.pass(2000);

  expect([first.store.owner, second.store.owner]).toEqual(['elsewhere', 'here']);
  expect(await lives.end()).toEqual([]);
});

test('a transaction runs again while the owner changes ten times, and is committed once', async () => {
  const lives = new Lives(new FakeOrigin());
  const client = await lives.add();
  lives.isOver = true;
  const map = client.store.map<string, number>('m');
  let moves = 0;
  let attempts = 0;
  const others: FakeTab[] = [];
  const count = async (own: RemoteTransaction): Promise<void> => {
    attempts++;
    const before = (await own.map(map).get('count')) ?? 0;
    if (moves < 10) {
      moves++;
      const owner = lives.origin.tab();
      others.push(owner);
      await owner.share();
      others.at(-2)?.kill();
      client.tab.sleep();
      client.tab.wake();
    }
    own.map(map).put('count', before + 1);
  };
  // Where its commit was on its way it does not run again by itself.
  const once = async (): Promise<void> => {
    try {
      await client.store.transaction(count, { maxRetries: 20, token: 'once' });
    } catch (error) {
      expect(error).toMatchObject({ code: 'PORT_CLOSED', committed: 'unknown' });
      if ((await client.store.outcomeOf('once')) === 'absent') await once();
    }
  };
  await lives.origin.until(once());

  expect(attempts).toBeGreaterThan(8);
  expect(await lives.origin.until(map.get('count'))).toBe(1);
  expect(await lives.origin.until(client.store.outcomeOf('once'))).toBe('committed');
});

test('a conflict is told as one, whoever is the owner', async () => {
  const lives = new Lives(new FakeOrigin());
  const [first, second] = [await lives.add(), await lives.add()];
  lives.isOver = true;
  const { origin } = lives;
  await origin.until(Promise.all([first.counting, second.counting]));
  const map = second.store.map<string, number>('m');
  await origin.until(map.put('a', 1));
  first.tab.kill();
  const transaction = await origin.until(second.store.begin());
  await origin.until(transaction.map(map).get('a'));
  await origin.until(map.put('a', 2));
  transaction.map(map).put('b', 1);

  const refused = await origin.until(transaction.commit().catch((error: unknown) => error));
  expect(refused).toBeInstanceOf(ConflictError);
  expect(refused).toMatchObject({ map: 'm', key: 'a' });
});
