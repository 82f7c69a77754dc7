/** Holds the figures of the newest footer, which every open believes, against the entries. */
import { CorruptionError, type Damage } from '../errors.ts';
import { type Task, wait } from '../fs/task.ts';
import type { SnapshotMap } from '../snapshot/footer.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import type { SnapshotSteps } from '../snapshot/steps.ts';
import { MergedCursor } from './merged-cursor.ts';
import type { Usage } from './usage.ts';

/** Entries counted between two pauses. */
const PAUSE_COUNT = 4096;

/**
 * `stack`: a snapshot and those beneath it. A map that cannot be read to its end is passed over:
 * that damage is found where its blocks are verified. Throws what the files and `steps` throw.
 */
export function* recountStack(
  stack: readonly SnapshotReader[],
  steps: Pick<SnapshotSteps, 'check' | 'pause'>,
): Task<Damage[]> {
  const [top] = stack;
  const damage: Damage[] = [];
  for (const map of top?.footer.maps ?? []) {
    const found = yield* recountMap(stack, map, steps);
    if (found === undefined || (found.count === map.count && found.bytes === map.bytes)) continue;
    const reason =
      `the footer counts ${map.count} entries of ${map.bytes} bytes in map ` +
      `${JSON.stringify(map.name)}, which has ${found.count} of ${found.bytes}`;
    damage.push({ file: top?.name ?? '', offset: top?.footerOffset ?? 0, reason });
  }
  return damage;
}

function* recountMap(
  stack: readonly SnapshotReader[],
  { id }: SnapshotMap,
  steps: Pick<SnapshotSteps, 'check' | 'pause'>,
): Task<Usage | undefined> {
  let count = 0;
  let bytes = 0;
  try {
    const cursor = new MergedCursor(stack.flatMap((reader) => reader.passingCursor(id) ?? []));
    for (cursor.toFirst(); cursor.isValid; cursor.next()) {
      count++;
      bytes += cursor.keyEnd - cursor.keyStart + cursor.valueEnd - cursor.valueStart;
      if (count % PAUSE_COUNT !== 0) continue;
      steps.check();
      yield* wait(steps.pause());
    }
    return { count, bytes };
  } catch (error) {
    if (error instanceof CorruptionError) return undefined;
    throw error;
  }
}
