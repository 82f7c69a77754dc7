import { existsSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { PLANS, workOn } from './full-disk.ts';
import { RecordedTally } from './recorded-tally.ts';
import { workInSmallHeap } from './small-heap.ts';
import { live } from './soak.ts';

// A busy machine makes processes slow, not wrong.
vi.setConfig({ testTimeout: 120_000 });

const MIB = 1 << 20;

test.each(['disk of 256 KiB', 'files of 128 KiB', 'read-only mount', 'directory of others'])(
  'nothing is lost in a %s, and it goes on where it can',
  async (name) => {
    const tally = new RecordedTally();

    await workOn(planOf(name), { seed: 1, tally });

    expect(tally.failures).toEqual([]);
    expect(tally.sum(name)).toBeGreaterThan(0);
  },
);

test('a program that believes what failed is noticed', async () => {
  const tally = new RecordedTally();

  await workOn({ ...planOf('files of 128 KiB'), isGullible: true }, { seed: 1, tally });

  if (tally.sum('files of 128 KiB: SKIPPED') > 0) return;
  expect(tally.failures.join('\n')).toContain('what was acknowledged is there');
});

test('a store larger than the heap is loaded, read, compacted and opened', async () => {
  const tally = new RecordedTally();

  await workInSmallHeap({ bytes: 12 * MIB, heapMiB: 32 }, tally);

  expect(tally.failures).toEqual([]);
});

test('a heap that is too small for Node itself is noticed', async () => {
  const tally = new RecordedTally();

  await workInSmallHeap({ bytes: MIB, heapMiB: 1 }, tally);

  expect(tally.failures.join('\n')).toContain('it ended with');
});

test.skipIf(!existsSync('/proc/self/fd'))(
  'many lives of a store pile up nothing, and a leak is noticed',
  async () => {
    const [tally, leaking] = [new RecordedTally(), new RecordedTally()];

    await live({ rounds: 30, seed: 1 }, tally);
    await live({ rounds: 15, seed: 1, isLeaking: true }, leaking);

    expect(tally.failures).toEqual([]);
    expect(leaking.failures.join('\n')).toContain('open descriptors');
  },
);

function planOf(name: string) {
  const plan = PLANS.find((each) => each.name === name);
  if (plan === undefined) throw new Error(`there is no plan ${name}`);
  return plan;
}
