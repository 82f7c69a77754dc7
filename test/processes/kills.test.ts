import { describe, expect, test, vi } from 'vitest';
import type { PlantedFault } from './committing.ts';
import { endInEachLife } from './exits.ts';
import { killAgainAndAgain } from './kills.ts';
import { RecordedTally } from './recorded-tally.ts';

// A busy machine makes processes slow, not wrong.
vi.setConfig({ testTimeout: 120_000 });

test('kills at any moment of a few lives lose nothing and leave nothing half done', async () => {
  const tally = new RecordedTally();

  await killAgainAndAgain({ seed: 1, killCount: 5 }, tally);

  expect(tally.failures).toEqual([]);
  expect(tally.sum('kills behind')).toBe(5);
  expect(tally.sum('acknowledged commits found')).toBeGreaterThan(0);
});

describe('the oracle beside kills and exits notices a child that', () => {
  test.each<readonly [PlantedFault, RegExp]>([
    ['acknowledges before the commit', /LOST|was acknowledged as/],
    ['commits in two halves', /sequence id|ends at|HALF/],
    ['logs what it refuses', /PHANTOM/],
    ['miscounts money', /HALF|money/],
  ])('%s', async (plantedFault, message) => {
    const tally = new RecordedTally();
    const plan = { ending: 'process.exit', seed: 2, rounds: 4, plantedFault } as const;

    await endInEachLife(plan, tally);

    expect(tally.failures.join('\n')).toMatch(message);
  });
});

test.each(['process.exit in a listener', 'unhandled rejection', 'SIGTERM'] as const)(
  'what was acknowledged is there when a process ends by %s',
  async (ending) => {
    const tally = new RecordedTally();

    await endInEachLife({ ending, seed: 3, rounds: 1 }, tally);

    expect(tally.failures).toEqual([]);
    expect(tally.sum('acknowledged commits found')).toBeGreaterThan(0);
  },
);
