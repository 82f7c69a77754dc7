/**
 * What the checks of docs/examples/survive say to stores that no kill leaves behind, as the engine
 * is sound: acknowledged commits that are lost, and commits that nobody made.
 */
import { Store } from 'onewal';
import { MemoryFileSystem } from 'onewal/memory';
import { describe, expect, test, vi } from 'vitest';
import { chainOf } from '../../docs/examples/survive/blocks/block-file.mjs';
import { faultsIn as blockFaultsIn } from '../../docs/examples/survive/blocks/checker.mjs';
import { Ledger } from '../../docs/examples/survive/blocks/ledger.mjs';
import { openMaps as openBlockMaps } from '../../docs/examples/survive/blocks/maps.mjs';
import { parseReport } from '../../docs/examples/survive/report.mjs';
import { Rounds } from '../../docs/examples/survive/rounds.mjs';
import { lost, otherFault, Tally } from '../../docs/examples/survive/tally.mjs';
import { Acknowledged } from '../../docs/examples/survive/triggers/acknowledged.mjs';
import { faultsIn } from '../../docs/examples/survive/triggers/checker.mjs';
import { CHAIN } from './synthetic-blocks.ts';

const EXAMPLE = new URL('../../docs/examples/survive/', import.meta.url);

const NO_CONTENTS = {
  balances: new Map(),
  state: new Map(),
  responses: new Map(),
  pending: new Map(),
};

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

    expect(faultsIn(NO_CONTENTS, 0, 'seed', acknowledged)).toContainEqual(lost(reason));
  });

  test('reports two commits of one sequence', () => {
    const acknowledged = new Acknowledged();
    acknowledged.add(parseReport('enqueued 4 9'));
    acknowledged.add(parseReport('answered 4 9'));

    const reason = 'two commits got sequence 9';
    expect(faultsIn(NO_CONTENTS, 9, 'seed', acknowledged)).toContainEqual(otherFault(reason));
  });

  test('reports a commit that nobody made', () => {
    const faults = faultsIn(NO_CONTENTS, 2, 'seed', new Acknowledged());

    expect(faults).toContainEqual(otherFault('the store is at sequence 2, and holds 1 commits'));
  });

  test('reports a block that is lost', async () => {
    const store = await Store.open(new MemoryFileSystem());
    const ledger = new Ledger(chainOf([...CHAIN]));
    const faults = blockFaultsIn(openBlockMaps(store), 0, ledger, { height: 1, sequence: 2 });
    await store.close();

    expect(faults).toEqual([lost('block 1 was there or acknowledged, and the tip is -1')]);
  });
});

describe('the rounds', () => {
  test('report a worker that ends before its work', async () => {
    const tally = await tallyOf(0);

    expect(tally.faults).toEqual([otherFault('the worker ended before its work')]);
  });

  test('report a worker that ends before its kill, and go no further', async () => {
    const tally = await tallyOf(3);

    expect(tally.faults).toEqual([otherFault('the worker ended before its kill')]);
    expect(tally.kills).toBe(1);
  });

  /** Of a run whose workers do nothing at all. */
  async function tallyOf(rounds: number) {
    vi.spyOn(console, 'log').mockReturnValue();
    const worker = { script: new URL('input-error.mjs', EXAMPLE), task: {} };
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
