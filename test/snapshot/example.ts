/** The snapshot that docs/format.md prints. */
import { utf8Encode } from '../../src/bytes/bytes.ts';
import type { SnapshotPlan } from '../../src/snapshot/snapshot-writer.ts';
import { makePlan, planMap } from './support.ts';

export function examplePlan(): SnapshotPlan {
  const entries = [
    { key: utf8Encode('alice'), value: Uint8Array.of(0x07), sequence: 5 },
    { key: utf8Encode('bob'), value: Uint8Array.of(0x18, 0x2a), sequence: 3 },
  ];
  return makePlan([planMap(1, 'balances', entries)], {
    generation: 2,
    sequence: 5,
    chain: new Uint8Array(32).fill(0xcc),
    store: new Uint8Array(16).fill(0x55),
    wal: 3,
  });
}
