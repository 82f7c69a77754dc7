/** What a store is asked for, one thing behind the other, as a seed decides. */
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import type { ScriptedWrite } from '../../support/workload.ts';
import type { Deed } from './serial-life.ts';

const MAPS = ['one', 'two', 'three'] as const;
const KEY_COUNT = 7;
const LONG_TEXT_MAX = 900;

export function randomDeeds(seed: number, count: number): Deed[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => randomDeed(random));
}

function randomDeed(random: SeededRandom): Deed {
  const kind = random.below(20);
  if (kind < 14) return randomCommit(random);
  if (kind < 16) return { type: 'checkpoint' };
  if (kind < 17) return { type: 'compact' };
  return { type: kind < 18 ? 'flush' : 'reopen' };
}

export function randomCommit(random: SeededRandom): Deed & { readonly type: 'commit' } {
  const writes = Array.from({ length: random.below(4) }, () => randomWrite(random));
  const durability = random.below(3) === 0 ? 'buffered' : 'synced';
  return { type: 'commit', writes, durability, ...(random.below(3) === 0 ? { blocks: true } : {}) };
}

function randomWrite(random: SeededRandom): ScriptedWrite {
  const map = MAPS[random.below(MAPS.length)] ?? MAPS[0];
  const key = `k${random.below(KEY_COUNT)}`;
  const kind = random.below(10);
  if (kind < 7) {
    const length = random.below(5) === 0 ? random.below(LONG_TEXT_MAX) : random.below(30);
    return { type: 'put', map, key, value: String(random.below(10)).repeat(length) };
  }
  if (kind < 9) return { type: 'remove', map, key };
  return { type: 'clear', map, range: { start: 'k2', end: 'k5' } };
}
