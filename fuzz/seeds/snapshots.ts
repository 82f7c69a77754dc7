/** Snapshots with blocks of a few entries, so that small files have trees of several levels. */
import {
  entry,
  makePlan,
  numberedEntries,
  planMap,
  SMALL_LIMITS,
  writeEntries,
  writePlan,
} from '../../test/snapshot/support.ts';

export function smallSnapshots(): Uint8Array[] {
  const limits = SMALL_LIMITS;
  const maps = [
    planMap(1, 'a', numberedEntries(5)),
    planMap(2, '__pro', []),
    planMap(3, '__proto__', [entry('', ''), entry('x', 'y'.repeat(70))]),
  ];
  const beneath = [{ generation: 2, root: new Uint8Array(32) }];
  const token = { token: Uint8Array.of(1), sequence: 5 };
  return [
    writeEntries(numberedEntries(3)),
    writeEntries(numberedEntries(30), { limits }),
    writeEntries([entry('a', 'x'), entry('b', undefined)], { kind: 'incremental', beneath }),
    writePlan(makePlan(maps, { limits, quota: 9000, tokens: [token] })),
  ];
}
