/** docs/examples/aa: the answers of its agents, its figures, and that what it counts can be seen. */
import type { FileSystem } from 'onewal';
import { faultAt, SimulatedDisk } from 'onewal/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chainOf, FIRST_BALANCE, type Trigger } from '../../docs/examples/aa/chain.mjs';
import { followChain } from '../../docs/examples/aa/follow-chain.mjs';
import { faultsIn } from '../../docs/examples/aa/invariants.mjs';
import type { Tables } from '../../docs/examples/aa/ledger.mjs';
import { OneStore } from '../../docs/examples/aa/one-store.mjs';
import { contentOf, rehearse } from '../../docs/examples/aa/rehearsal.mjs';
import { tell } from '../../docs/examples/aa/story.mjs';
import { TwoStores } from '../../docs/examples/aa/two-stores.mjs';

const SEED = '1';
const RUN_MS_MAX = 60_000;

describe('one store', () => {
  let disk: SimulatedDisk;
  let node: OneStore;

  beforeEach(async () => {
    disk = new SimulatedDisk();
    node = await OneStore.open([disk]);
  });

  afterEach(() => node.close());

  const balancesOf = (...names: string[]) => names.map((name) => node.tables.balances.get(name));

  test('answers a trigger with all that follows from it, secondary triggers included, in one commit', async () => {
    await node.stabilise([trigger({ agent: 'splitter', amount: 200n })]);
    const before = node.store.info.sequence;
    const responses = await node.answer(trigger({ agent: 'splitter', amount: 200n }));

    expect(node.store.info.sequence).toBe(before + 1);
    expect(responses.map(({ agent }) => agent)).toEqual(['splitter', 'bank', 'lottery']);
    expect(balancesOf('alice', 'splitter', 'bank', 'lottery')).toEqual([
      ...[FIRST_BALANCE - 200n, 0n, 100n, 100n],
    ]);
    expect(node.tables.state.get(['lottery', 'ticket 1'])).toBe('alice');
    expect(node.tables.units.get([1, 'unit-1.1'])?.responseCount).toBe(3);
    expect(node.tables.triggers.getCount()).toBe(0);
  });

  test('undoes what a bouncing agent and those before it did, and goes on in the same transaction', async () => {
    await node.stabilise([trigger({ agent: 'splitter', amount: 150n })]);
    const before = node.store.info.sequence;
    const responses = await node.answer(trigger({ agent: 'splitter', amount: 150n }));

    expect(node.store.info.sequence).toBe(before + 1);
    expect(responses).toMatchObject([
      { agent: 'splitter', bounced: 'lottery: a ticket is not 75', variables: [] },
    ]);
    expect(balancesOf('alice', 'splitter', 'bank')).toEqual([FIRST_BALANCE - 10n, 10n, undefined]);
    expect(node.tables.state.getCount()).toBe(0);
    expect(node.tables.triggers.getCount()).toBe(0);
  });

  test('says in a dry run what it will answer, and changes nothing, not even a file', async () => {
    await node.stabilise([trigger({ agent: 'splitter', amount: 200n })]);
    const [content, calls] = [contentOf(node.tables), disk.callCount];
    const { responses, changes } = node.dryRun(trigger({ agent: 'splitter', amount: 200n }));

    expect([contentOf(node.tables), disk.callCount]).toEqual([content, calls]);
    expect(changes.map(({ map, kind }) => `${kind} ${map}`)).toContain('remove triggers');
    expect(await node.answer(trigger({ agent: 'splitter', amount: 200n }))).toEqual(responses);
  });

  test.each<[string, (tables: Tables) => Promise<unknown>, RegExp]>([
    [
      'money that came from nowhere',
      ({ balances }) => balances.put('alice', 0n),
      /all balances are/,
    ],
    ['a balance that nobody paid', swapBalances, /^balance alice is/],
    [
      'a trigger that is back',
      ({ triggers }) => triggers.put([1, 'unit-1.1', 'bank'], trigger({ agent: 'bank' })),
      /unit-1.1: bank has responded, and the trigger is there/,
    ],
    [
      'a response that is gone',
      ({ responses }) => responses.remove([1, 'unit-1.1', 'bank', 0]),
      /unit-1.1: the trigger of bank is gone without response/,
    ],
    [
      'a count that is wrong',
      ({ units }) => units.put([1, 'unit-1.1'], { agents: [], responseCount: 9 }),
      /unit-1.1 counts 9 responses, and there are 2/,
    ],
    [
      'a state variable that is gone',
      ({ state }) => state.remove(['bank', 'owed bob']),
      /state variable bank: owed bob is undefined/,
    ],
  ])('is checked for %s', async (_, tamper, expected) => {
    await followChain(node, chainOf(SEED, 3));
    const sound = faultsIn(node.tables);
    await tamper(node.tables);

    expect(sound).toEqual([]);
    expect(faultsIn(node.tables).join('\n')).toMatch(new RegExp(expected, 'm'));
  });
});

describe('two stores', () => {
  test('diverge where the second commit fails, as in the seed', async () => {
    const disks = [new SimulatedDisk(), new SimulatedDisk()] as const;
    const node = await TwoStores.open(disks);
    const chain = chainOf(SEED, 1);
    const failure = await failSecondCommit(node, { disk: disks[1], chain });
    const faults = faultsIn(node.tables);
    await followChain(node, chain);

    expect(failure).toMatchObject({ code: 'IO' });
    expect(faults).toEqual([
      'state variable bank: owed bob is 53, and by the responses it must be undefined',
    ]);
    expect(node.tables.state.get(['bank', 'owed bob'])).toBe(2n * 53n); // it was paid once
    await node.close();
  });
});

describe('a rehearsal', { timeout: RUN_MS_MAX }, () => {
  test.each(['1', '2'])('with seed %s finds nothing in one store', async (seed) => {
    const { crashes, images, ...found } = await rehearse(OneStore, chainOf(seed, 6));

    expect(found).toEqual({ split: 0, diverged: 0, lost: 0, firstSplit: undefined });
    expect(crashes).toBeGreaterThan(80);
    expect(images).toBeGreaterThan(4 * crashes);
  });

  test('finds that two stores split, and never come together again', async () => {
    const { split, diverged, firstSplit } = await rehearse(TwoStores, chainOf(SEED, 3));

    expect(split).toBeGreaterThan(30);
    expect(diverged).toBe(split);
    expect(firstSplit?.faults).not.toEqual([]);
  });

  test('finds that answers are lost which were acknowledged before they were durable', async () => {
    const hasty = {
      diskCount: 1,
      open: (disks: readonly FileSystem[]) => OneStore.open(disks, { durability: 'buffered' }),
    };
    const { lost, split } = await rehearse(hasty, chainOf(SEED, 3));

    expect(lost).toBeGreaterThan(0);
    expect(split).toBe(0);
  });
});

test('the same seed tells the same story', { timeout: RUN_MS_MAX }, async () => {
  const first = await linesOf('story');
  const second = await linesOf('story');

  expect(second).toEqual(first);
  expect(first.find((line) => line.startsWith('one store'))).toMatch(/( +0){3}$/);
  expect(first.find((line) => line.startsWith('two stores'))).not.toMatch(/ 0 +\d+ +\d+$/);
});

function trigger(request: { agent: string; amount?: bigint }): Trigger {
  return { mci: 1, unit: 'unit-1.1', from: 'alice', amount: 50n, withdraw: 0n, ...request };
}

async function swapBalances({ balances }: Tables): Promise<void> {
  const [alice, bob] = [balances.get('alice') ?? 0n, balances.get('bob') ?? 0n];
  await balances.put('alice', bob);
  await balances.put('bob', alice);
}

/** The first trigger of the chain becomes stable; the COMMIT of its answer fails. */
async function failSecondCommit(
  node: TwoStores,
  { disk, chain }: { disk: SimulatedDisk; chain: Trigger[][] },
): Promise<unknown> {
  await node.stabilise(chain[0] as Trigger[]);
  const [first] = [...node.tables.triggers.getRange()];
  disk.onCall = faultAt(disk.callCount, { kind: 'fail', code: 'EIO' });
  return node.answer(first?.value as Trigger).catch((error: unknown) => error);
}

async function linesOf(seed: string): Promise<string[]> {
  const lines: string[] = [];
  expect(await tell({ seed, chainLength: 3, print: (line) => lines.push(line) })).toBe(true);
  return lines;
}
