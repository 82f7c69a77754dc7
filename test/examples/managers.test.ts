/** docs/examples/managers: Gap A and Gap B of its story are there before, and closed after. */
import { Store, type Transaction } from 'onewal';
import { MemoryFileSystem } from 'onewal/memory';
import { faultFrom, SimulatedDisk } from 'onewal/testing';
import { describe, expect, test } from 'vitest';
import { batchesOf } from '../../docs/examples/managers/batches.mjs';
import { faultsIn } from '../../docs/examples/managers/invariants.mjs';
import { OneByOne } from '../../docs/examples/managers/one-by-one.mjs';
import { rehearseCrashes, rehearseFaults } from '../../docs/examples/managers/rehearsal.mjs';
import { Rollup } from '../../docs/examples/managers/rollup.mjs';
import { memoryOf } from '../../docs/examples/managers/seven.mjs';
import { tell } from '../../docs/examples/managers/story.mjs';

const SEED = '1';
const RUN_MS_MAX = 60_000;
const NOTHING = { between: 0, broken: 0, lost: 0, elsewhere: 0, first: undefined };

describe('a rollup', () => {
  test('leaves out an entry that is refused, with all that it had done in other managers', async () => {
    const rollup = await Rollup.open(new MemoryFileSystem());
    await rollup.applyBatch([
      { call: 'register', account: 'alice' },
      { call: 'lift', account: 'alice', satoshis: 100 },
    ]);
    const refusals = await rollup.applyBatch([
      { call: 'transfer', from: 'alice', to: 'nobody', satoshis: 30 },
      { call: 'lift', account: 'alice', satoshis: 1 },
      { call: 'bury', account: 'nobody' },
    ]);

    expect(refusals).toEqual(['nobody is not registered', 'nobody is not registered']);
    expect([...rollup.managers.coin.bodies]).toMatchObject([['alice', { balance: 101 }]]);
    expect(rollup.managers.graveyard.graves.size).toBe(0);
    expect(faultsIn(rollup)).toEqual([]);
    await rollup.close();
  });

  test('keeps the invariants and memory in step over a long life, through all seven managers', async () => {
    const rollup = await Rollup.open(new MemoryFileSystem());
    const touched = new Set<string>();
    rollup.store.on('commit', ({ changes }) => {
      for (const { map } of changes) touched.add(map);
    });
    for (const batch of batchesOf(SEED, 60)) {
      await rollup.applyBatch(batch);

      expect(faultsIn(rollup)).toEqual([]);
    }

    expect([...touched].sort()).toEqual([
      ...['allocations', 'balances', 'flames', 'graveyard'],
      ...['params', 'privileges', 'registry', 'state'],
    ]);
    await rollup.close();
  });

  test('has memory rebuilt from disk when it is opened again', async () => {
    const disk = new MemoryFileSystem();
    const first = await Rollup.open(disk);
    for (const batch of batchesOf(SEED, 10)) await first.applyBatch(batch);
    const memory = memoryOf(first.managers);
    await first.close();
    const second = await Rollup.open(disk);

    expect(memoryOf(second.managers)).toEqual(memory);
    expect(second.height).toBe(10);
    await second.close();
  });

  test('frees the store when what it needs in memory cannot be read', async () => {
    const disk = new SimulatedDisk();
    const first = await Rollup.open(disk);
    for (const batch of batchesOf(SEED, 3)) await first.applyBatch(batch);
    await first.store.checkpoint();
    await first.close();
    const calls = await callsOfOpening(disk);
    disk.onCall = faultFrom(disk.callCount + calls, { kind: 'fail', code: 'EIO' }, ['read']);
    const failure = await Rollup.open(disk).catch((error: unknown) => error);
    disk.onCall = undefined;
    const second = await Rollup.open(disk);

    expect(failure).toMatchObject({ code: 'IO' });
    expect(second.height).toBe(3);
    await second.close();
  });

  test.each<[string, (rollup: Rollup) => Promise<unknown>, RegExp]>([
    [
      'satoshis from nowhere',
      ({ store }) => store.map('params').put('supply', 1),
      /satoshis are there, and 1 were lifted/,
    ],
    [
      'an allocation beyond the balance',
      ({ store }) => store.map('allocations').put(['vault', 'bob'], 99_999),
      /vault has \d+ satoshis, and \d+ are allocated/,
    ],
    [
      'somebody who is not registered',
      ({ store }) => store.map('registry').remove('bob'),
      /bob has something, and is not registered/,
    ],
    [
      'somebody who is alive and buried',
      ({ store }) => store.map('graveyard').put('bob', 0),
      /bob is buried, and registered/,
    ],
    [
      'flames that went out',
      ({ store }) => store.map('flames').clear(),
      /bob has \d+ satoshis, and flames for 0/,
    ],
    [
      'memory that does not follow',
      async ({ managers }) => managers.flame.flames.clear(),
      /flame: memory and disk differ/,
    ],
  ])('is checked for %s', async (_, tamper, expected) => {
    const rollup = await Rollup.open(new MemoryFileSystem());
    for (const batch of batchesOf(SEED, 4)) await rollup.applyBatch(batch);
    const sound = faultsIn(rollup);
    await tamper(rollup);

    expect(sound).toEqual([]);
    expect(faultsIn(rollup).join('\n')).toMatch(expected);
    await rollup.close();
  });
});

describe('a rehearsal', { timeout: RUN_MS_MAX }, () => {
  test('with every call failing finds the transaction before or after, never between, in memory as on disk', async () => {
    const { trials, rejected, states, ...found } = await rehearseFaults(Rollup, batchesOf(SEED, 3));

    expect(found).toEqual(NOTHING);
    expect(trials).toBeGreaterThan(400);
    expect(rejected).toBeGreaterThan(50);
    expect(states).toBe(2 * rejected);
  });

  test('with a crash before every call finds nothing between either, and nothing lost', async () => {
    const {
      trials,
      rejected: _,
      states,
      ...found
    } = await rehearseCrashes(Rollup, batchesOf(SEED, 3));

    expect(found).toEqual(NOTHING);
    expect(trials).toBeGreaterThan(150);
    expect(states).toBe(trials);
  });

  test('finds Gap A and Gap B where entries are written one after the other', async () => {
    const found = await rehearseFaults(OneByOne, batchesOf(SEED, 1));

    expect(found.between).toBeGreaterThan(found.rejected);
    expect(found.elsewhere).toBeGreaterThan(0);
    expect(found.first?.faults).toContain('alice has something, and is not registered');
  });

  test('finds memory that runs ahead of the disk', async () => {
    const { broken, between } = await rehearseFaults(Hasty, batchesOf(SEED, 1));

    expect(broken).toBeGreaterThan(0);
    expect(between).toBe(0);
  });

  test('finds batches that are lost because they were acknowledged before they were durable', async () => {
    const { lost, between } = await rehearseCrashes(Careless, batchesOf(SEED, 2));

    expect(lost).toBeGreaterThan(0);
    expect(between).toBe(0);
  });
});

test('the same seed tells the same story', { timeout: RUN_MS_MAX }, async () => {
  const first = await linesOf('story');
  const second = await linesOf('story');

  expect(second).toEqual(first);
  expect(first.filter((line) => line.startsWith('one transaction'))).toHaveLength(2);
});

/** Changes memory before the disk. */
class Hasty extends Rollup {
  override async applyChanges(delta: Transaction): Promise<void> {
    for (const { map, key, after } of delta.changes()) {
      if (map === 'balances') this.managers.coin.follow.balances(key as string, after as number);
    }
    await delta.commit();
  }
}

/** Does not wait for the disk. */
class Careless extends Rollup {
  override async applyChanges(delta: Transaction): Promise<void> {
    const changes = [...delta.changes()];
    delta.abort();
    const writes = changes.map(({ map, key, after: value, kind }) =>
      kind === 'put' ? { type: kind, map, key, value } : { type: kind, map, key },
    );
    await this.store.batch(writes, { durability: 'buffered' });
  }
}

async function callsOfOpening(disk: SimulatedDisk): Promise<number> {
  const copy = disk.clone();
  const store = await Store.open(copy);
  const calls = copy.callCount;
  await store.close();
  return calls;
}

async function linesOf(seed: string): Promise<string[]> {
  const lines: string[] = [];
  expect(await tell({ seed, batchCount: 1, print: (line) => lines.push(line) })).toBe(true);
  return lines;
}
