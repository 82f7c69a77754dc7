/**
 * Folds the newest snapshots into one, so that a lookup touches few files while every entry is
 * written again only about log N times.
 *
 * A checkpoint may put a newer snapshot on top while this runs. The result then cannot name the
 * new stack; an empty incremental snapshot on top of all does.
 */
import type { Task } from '../fs/task.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import type { PlannedMap, SnapshotPlan } from '../snapshot/snapshot-writer.ts';
import { beneath, type Work, writeAndVerify } from './checkpoint.ts';
import type { Engine } from './engine.ts';
import { nextWalOf } from './history.ts';
import { MergedCursor } from './merged-cursor.ts';
import { removeQuietly } from './remove-quietly.ts';

/** So many snapshots of about one size become one. */
const FOLD_COUNT = 4;
/** A snapshot belongs to those above it while it is at most this many times as large. */
const FOLD_RATIO = 2;
/** Never more files than this, whatever their sizes. */
const STACK_COUNT_MAX = 12;

/** How many of the newest snapshots should be folded now; 0 when none. `sizes`: newest first. */
export function foldCount(sizes: readonly number[]): number {
  let count = 0;
  let total = 0;
  for (const size of sizes) {
    if (count > 0 && size > total * FOLD_RATIO) break;
    total += size;
    count++;
  }
  if (sizes.length > STACK_COUNT_MAX) return Math.max(count, sizes.length - STACK_COUNT_MAX + 1);
  return count >= FOLD_COUNT ? count : 0;
}

/** Folds the newest `count` snapshots. Throws StorageError, ABORTED; nothing has changed then. */
export function* fold(engine: Engine, count: number, work: Work): Task<SnapshotReader> {
  const before = engine.state.snapshots;
  const run = before.slice(0, count);
  const rest = before.slice(count);
  const folded = yield* writeAndVerify(engine, foldPlan(engine, run, rest), work);
  const newer = newerThan(engine, run);
  if (newer.length === 0) {
    install(engine, [folded, ...rest]);
    return folded;
  }
  // Nobody can put another snapshot on top while the manifest is written: it is small, and
  // checkpoints within a compaction run only where that pauses.
  const stack = [...newer, folded, ...rest];
  try {
    const manifest = yield* writeAndVerify(engine, manifestPlan(engine, stack), {
      ...work,
      pause: work.manner.pause,
    });
    install(engine, [manifest, ...stack]);
    return folded;
  } catch (error) {
    folded.close();
    yield* removeQuietly(engine, folded.name);
    throw error;
  }
}

function newerThan(engine: Engine, run: readonly SnapshotReader[]): SnapshotReader[] {
  const { snapshots } = engine.state;
  return snapshots.slice(0, snapshots.indexOf(run[0] as SnapshotReader));
}

function install(engine: Engine, snapshots: readonly SnapshotReader[]): void {
  engine.state = { ...engine.state, snapshots };
  engine.files.setBase(snapshots);
  engine.counters.compactions++;
}

function foldPlan(
  engine: Engine,
  run: readonly SnapshotReader[],
  rest: readonly SnapshotReader[],
): SnapshotPlan {
  const tombstones = rest.length === 0 ? 'drop' : 'keep';
  return {
    ...stateOf(engine, run[0] as SnapshotReader, (id) => {
      const sources = run.flatMap((reader) => reader.passingCursor(id) ?? []);
      return sources.length === 0 ? undefined : new MergedCursor(sources, tombstones);
    }),
    kind: rest.length === 0 ? 'full' : 'incremental',
    beneath: beneath(rest),
  };
}

function manifestPlan(engine: Engine, stack: readonly SnapshotReader[]): SnapshotPlan {
  return {
    ...stateOf(engine, stack[0] as SnapshotReader, () => undefined),
    kind: 'incremental',
    beneath: beneath(stack),
  };
}

/** The state of the store that `reader` is the newest snapshot of. */
function stateOf(
  engine: Engine,
  reader: SnapshotReader,
  cursorOf: (map: number) => PlannedMap['cursor'],
): Omit<SnapshotPlan, 'kind' | 'beneath'> {
  const { sequence, chain, quota, nextMapId, maps, tokens } = reader.footer;
  return {
    store: engine.store,
    generation: engine.takeGeneration(),
    sequence,
    chain,
    wal: nextWalOf(reader.footer),
    nextMapId,
    ...(quota === undefined ? {} : { quota }),
    ...(tokens === undefined ? {} : { tokens }),
    maps: maps.map(({ entries: _, sequences: __, ...map }) => ({
      ...map,
      cursor: cursorOf(map.id),
    })),
  };
}
