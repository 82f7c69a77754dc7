import { existsSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { crowd } from './openers.ts';
import { RecordedTally } from './recorded-tally.ts';
import { suspendDisplaced, suspendKept } from './zombies.ts';

// A busy machine makes processes slow, not wrong.
vi.setConfig({ testTimeout: 120_000 });

const isLinux = existsSync('/proc/self/stat');
const CROWD = { processes: 2, threads: 1 } as const;

test.skipIf(!isLinux)('a suspended owner is not displaced, and goes on', async () => {
  const tally = new RecordedTally();

  await suspendKept({ work: 'waiting', round: 1 }, tally);

  expect(tally.failures).toEqual([]);
  expect(tally.sum('suspended owners that went on')).toBe(1);
});

// Blocking commits were acknowledged behind the displacement until a timer ran.
test.skipIf(!isLinux)('an owner that was displaced claims nothing any more', async () => {
  const tally = new RecordedTally();

  await suspendDisplaced({ work: 'blocking', round: 0 }, tally);

  expect(tally.failures).toEqual([]);
  expect(tally.sum('stores of successors that are whole')).toBe(1);
});

test.skipIf(!isLinux)('a displaced owner that hears nothing and goes on is noticed', async () => {
  const tally = new RecordedTally();

  await suspendDisplaced({ work: 'blocking', round: 0, isDeaf: true }, tally);

  expect(tally.failures.join('\n')).toMatch(/LOST: \d+ of \d+/);
});

test('of openers at the same moment one wins, and the others are told', async () => {
  const tally = new RecordedTally();

  await crowd({ manner: 'refused', ...CROWD }, tally);

  expect(tally.failures).toEqual([]);
  expect(tally.sum('openers that won')).toBe(3);
});

test('openers that wait all get their turn', async () => {
  const tally = new RecordedTally();

  await crowd({ manner: 'in turn', ...CROWD }, tally);

  expect(tally.failures).toEqual([]);
  expect(tally.sum('turns')).toBe(4);
});

test('openers that exclude nobody are noticed', async () => {
  const tally = new RecordedTally();

  await crowd({ manner: 'refused', ...CROWD, hasNoLock: true }, tally);

  expect(tally.failures).toContain('4 openers won');
});
