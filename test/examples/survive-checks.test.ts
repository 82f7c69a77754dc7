/**
 * What the checks of docs/examples/survive say to stores that no kill leaves behind, as the engine
 * is sound: acknowledged commits that are lost, and commits that nobody made.
 */
import { Store } from 'onewal';
import { MemoryFileSystem } from 'onewal/memory';
import { describe, expect, test, vi } from 'vitest';
import { chainOf } from '../../docs/examples/bitcoin/block-file.mjs';
import { faultsIn as blockFaultsIn } from '../../docs/examples/survive/blocks/checker.mjs';
import { Ledger } from '../../docs/examples/survive/blocks/ledger.mjs';
import { openMaps as openBlockMaps } from '../../docs/examples/survive/blocks/maps.mjs';
import { parseReport } from '../../docs/examples/survive/report.mjs';
import { Rounds } from '../../docs/examples/survive/rounds.mjs';
import {
  type Fault,
  halfApplied,
  lost,
  otherFault,
  Tally,
} from '../../docs/examples/survive/tally.mjs';
import { Acknowledged } from '../../docs/examples/survive/triggers/acknowledged.mjs';
import { type Contents, faultsIn } from '../../docs/examples/survive/triggers/checker.mjs';
import {
  allAccounts,
  FIRST_BALANCE,
  responseOf,
  triggerOf,
  variableOf,
} from '../../docs/examples/survive/triggers/workload.mjs';
import { CHAIN } from './synthetic-blocks.ts';

const EXAMPLE = new URL('../../docs/examples/survive/', import.meta.url);

const SEED = 'checks';

const NO_CONTENTS = {
  balances: new Map(),
  state: new Map(),
  responses: new Map(),
  pending: new Map(),
};

describe('the check of triggers', () => {
  test('has nothing to say to one answered trigger and one pending', () => {
    expect(faultsIn(honestContents(), known(4))).toEqual([]);
  });

  test.each<[string, (contents: Contents) => void, Fault]>([
    [
      'a trigger that is not what was taken in',
      ({ pending }) => pending.set(2, triggerOf('another seed', 2)),
      otherFault('trigger 2 is not what was taken in'),
    ],
    [
      'a response that is not what the trigger asks for',
      ({ responses }) => responses.set(1, responseOf(triggerOf('another seed', 1))),
      halfApplied('the response to trigger 1 is not what it asks for'),
    ],
    [
      'a state variable that is not what the trigger sets',
      ({ state }) => state.set(firstVariable(), { trigger: 1, text: 'something else' }),
      halfApplied(`${firstVariable().replace('\n', ' ')} is not what trigger 1 sets`),
    ],
    [
      'money out of nowhere',
      ({ balances }) => balances.set('agent-0\naccount-0', FIRST_BALANCE + 5n),
      otherFault('the total of all balances is off by 5'),
    ],
  ])('reports %s', (_, tamper, fault) => {
    const contents = honestContents();
    tamper(contents);

    expect(faultsIn(contents, known(4))).toContainEqual(fault);
  });

  /** After four commits: the founding, triggers 1 and 2 taken in, 1 answered. */
  function honestContents(): Contents {
    const { from, to, amount, variables } = triggerOf(SEED, 1);
    const balances = new Map(allAccounts().map((account) => [account, FIRST_BALANCE]));
    balances.set(from, FIRST_BALANCE - amount).set(to, FIRST_BALANCE + amount);
    return {
      balances,
      state: new Map(variables.map((name) => [name, variableOf(SEED, 1, name)])),
      responses: new Map([[1, responseOf(triggerOf(SEED, 1))]]),
      pending: new Map([[2, triggerOf(SEED, 2)]]),
    };
  }

  function firstVariable(): string {
    return triggerOf(SEED, 1).variables[0] ?? '';
  }
});

describe('the check of acknowledgements', () => {
  test.each([
    [
      'a trigger taken in',
      'enqueued 4 9',
      'trigger 4 was acknowledged as taken in, and is not there',
    ],
    ['an answer', 'answered 4 9', 'the answer to trigger 4 was acknowledged, and is not there'],
    [
      'a commit by its sequence',
      'founded 0 1',
      'sequence 1 was acknowledged, and the store is at 0',
    ],
  ])('reports %s that is lost', (_, line, reason) => {
    const acknowledged = new Acknowledged();
    acknowledged.add(parseReport(line));

    expect(faultsIn(NO_CONTENTS, known(0, acknowledged))).toContainEqual(lost(reason));
  });

  test('reports two commits of one sequence', () => {
    const acknowledged = new Acknowledged();
    acknowledged.add(parseReport('enqueued 4 9'));
    acknowledged.add(parseReport('answered 4 9'));

    const reason = 'two commits got sequence 9';
    expect(faultsIn(NO_CONTENTS, known(9, acknowledged))).toContainEqual(otherFault(reason));
  });

  test('reports a commit that nobody made', () => {
    const faults = faultsIn(NO_CONTENTS, known(2));

    expect(faults).toContainEqual(otherFault('the store is at sequence 2, and holds 1 commits'));
  });

  test.each([
    [
      'a block that is lost',
      { sequence: 0, acknowledged: { height: 1, sequence: 2 } },
      lost('block 1 must be there, and the tip is -1 at sequence 0'),
    ],
    [
      'a commit that no block made',
      { sequence: 1, acknowledged: { height: -1, sequence: 0 } },
      otherFault('the store is at sequence 1, and holds 0 blocks'),
    ],
  ])('reports %s', async (_, given, fault) => {
    const store = await Store.open(new MemoryFileSystem());
    const faults = blockFaultsIn(openBlockMaps(store), new Ledger(chainOf([...CHAIN])), given);
    await store.close();

    expect(faults).toEqual([fault]);
  });
});

describe('the rounds', () => {
  test('report a worker that ends before its work', async () => {
    const tally = await tallyOf(0);

    expect(tally.faults).toEqual([otherFault('the worker ended before its work: exit code 0')]);
  });

  test('report a worker that ends before its kill, and go no further', async () => {
    const tally = await tallyOf(3);

    expect(tally.faults).toEqual([otherFault('the worker ended before its kill: exit code 0')]);
    expect(tally.kills).toBe(1);
  });

  /** Of a run whose workers do nothing at all. */
  async function tallyOf(rounds: number) {
    vi.spyOn(console, 'log').mockReturnValue();
    const worker = { script: new URL('../input-error.mjs', EXAMPLE), task: {} };
    const moment = { label: 'working', report: 'never made', count: 1, delayMs: 0 };
    const tally = new Tally();
    const scenario = {
      seed: 'any',
      doom: () => ({ worker, moment }),
      idleWorker: () => worker,
      lastWorker: () => worker,
      hear: () => false,
      check: async () => ({ openMs: 1, summary: '', faults: [] }),
    };
    await new Rounds(scenario, rounds, tally).run(true);
    return tally;
  }
});

function known(sequence: number, acknowledged = new Acknowledged()) {
  return { sequence, seed: SEED, acknowledged };
}
