/**
 * Folds neighbouring snapshots into one, so that a lookup touches few files while every entry is
 * written again only about log N times.
 *
 * A checkpoint may put a newer snapshot on top while this runs. The result then cannot name the
 * new stack; an empty incremental snapshot on top of all does. A deeper fold that ended meanwhile
 * has left such a one too, so whatever is beneath the result has changed only if something is on
 * top of it.
 */
import type { Task } from '../fs/task.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import type { PlannedMap, SnapshotPlan } from '../snapshot/snapshot-writer.ts';
import { beneath, type Work, writeAndVerify } from './checkpoint.ts';
import type { Engine } from './engine.ts';
import { newerThan } from './fold-schedule.ts';
import { nextWalOf } from './history.ts';
import { MergedCursor } from './merged-cursor.ts';
import { keepRemoved, removeQuietly } from './remove-quietly.ts';

/** So many snapshots of about one size become one. */
const FOLD_COUNT = 4;
/** A snapshot belongs to those above it while it is at most this many times as large. */
const FOLD_RATIO = 2;
/** Never more files than this on top of those that are being folded, whatever their sizes. */
export const STACK_COUNT_MAX = 12;

/** How many of the newest snapshots should be folded now; 0 when none. `sizes`: newest first. */
export function foldCount(sizes: readonly number[]): number {
  const isTooLong = sizes.length > STACK_COUNT_MAX;
  const least = isTooLong ? sizes.length - STACK_COUNT_MAX + 1 : 1;
  let count = 0;
  let total = 0;
  for (const size of sizes) {
    if (count >= least && size > total * FOLD_RATIO) break;
    total += size;
    count++;
  }
  return isTooLong || count >= FOLD_COUNT ? count : 0;
}

/** Folds `run`, in one go. Throws StorageError, ABORTED; nothing has changed then. */
export function* foldInOneGo(
  engine: Engine,
  run: readonly SnapshotReader[],
  work: Work,
): Task<SnapshotReader> {
  const folded = yield* writeFolded(engine, run, work);
  try {
    yield* installFolded(engine, { run, folded }, work);
    return folded;
  } catch (error) {
    yield* dropFolded(engine, folded);
    throw error;
  }
}

/**
 * Writes what `run` makes together, beside the stack. It is begun in turn, so that no checkpoint is
 * under way that has an older generation and will lie on top of it. Throws StorageError, ABORTED.
 */
export function* writeFolded(
  engine: Engine,
  run: readonly SnapshotReader[],
  work: Work,
): Task<SnapshotReader> {
  const { snapshots } = engine.state;
  const end = snapshots.indexOf(run.at(-1) as SnapshotReader) + 1;
  const folded = yield* writeAndVerify(engine, foldPlan(engine, run, snapshots.slice(end)), work);
  engine.unfinished.add(folded.name);
  return folded;
}

/**
 * Puts `folded` in the place of `run`. Requires: nobody else changes the stack meanwhile; deeper
 * folds may have since `folded` was written, and checkpoints. Throws StorageError; nothing has
 * changed then.
 */
export function* installFolded(
  engine: Engine,
  { run, folded }: { readonly run: readonly SnapshotReader[]; readonly folded: SnapshotReader },
  work: Work,
): Task<void> {
  const { snapshots } = engine.state;
  const newer = newerThan(snapshots, run);
  const stack = [...newer, folded, ...snapshots.slice(newer.length + run.length)];
  if (newer.length > 0) {
    stack.unshift(yield* writeAndVerify(engine, manifestPlan(engine, stack), work));
  }
  engine.state = { ...engine.state, snapshots: stack };
  engine.files.setBase(stack);
  engine.unfinished.delete(folded.name);
  engine.counters.compactions++;
}

/** Removes what was folded and is not wanted any more, nor named by a manifest that failed. */
export function* dropFolded(engine: Engine, folded: SnapshotReader): Task<void> {
  folded.close();
  yield* keepRemoved(engine);
  yield* removeQuietly(engine, folded.name);
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
