/**
 * The life of a close: what is committed becomes durable, End is written, everything is freed.
 *
 * A blocking close may overtake one that waits for the host, and then does all that is left. So the
 * other one, whenever it wakes up, looks whether the store is closed by now, and stops.
 */
import { closeQuietly } from '../fs/file-system.ts';
import { cannotBlock, type Task, wait } from '../fs/task.ts';
import type { LoggedCommit, WalWriter } from '../wal/wal-writer.ts';
import type { Engine } from './engine.ts';
import type { Manner } from './environment.ts';
import { toStorageError } from './host-error.ts';
import { keepRemoved, removeQuietly } from './remove-quietly.ts';

/**
 * Requires: nothing is at work. Whatever fails, files and lock are freed; then it throws what
 * failed first: buffered commits may then not be durable. What fails behind a blocking close that
 * has overtaken it says nothing, for that one has done the same.
 */
export function* closeStore(engine: Engine, manner: Manner): Task<void> {
  if (isClosed(engine)) return;
  try {
    // A blocking close has overtaken them. One whose sync failed would look whole to the next open.
    // The newest first: it may name the others.
    for (const name of [...engine.unfinished].reverse()) {
      yield* removeQuietly(engine, name);
      yield* keepRemoved(engine);
    }
    yield* finishWal(engine, manner);
  } catch (error) {
    if (isClosed(engine)) return;
    throw toStorageError(error, { doing: 'buffered commits could not be synced' });
  } finally {
    if (!isClosed(engine)) yield* free(engine);
  }
}

/** Before anything is touched: throws SYNC_UNAVAILABLE where a blocking close could sync nothing. */
export function requireBlockingClose({ writer }: Engine): void {
  if (writer !== undefined && writer.file.syncNow === undefined) throw cannotBlock();
}

function isClosed({ status }: Engine): boolean {
  return status === 'closed';
}

function* free(engine: Engine): Task<void> {
  engine.status = 'closed';
  if (engine.writer !== undefined) closeQuietly(engine.writer.file);
  engine.handles.closeAll();
  engine.fs.shut();
  yield* releaseLock(engine);
  engine.report({ type: 'closed', message: 'the store is closed' });
}

function* releaseLock(engine: Engine): Task<void> {
  try {
    if (engine.lock !== undefined) yield* wait(engine.lock.release());
  } catch (error) {
    engine.report({ type: 'error', message: 'the lock was not released', error });
  }
}

/** Readers have seen commits that are not on the medium for all we know. */
function isAnySeen({ state }: Engine, unsynced: readonly LoggedCommit[]): boolean {
  return unsynced.some((commit) => commit.sequence <= state.sequence);
}

function* finishWal(engine: Engine, manner: Manner): Task<void> {
  const { writer, failure } = engine;
  if (writer === undefined || isClosed(engine)) return;
  if (writer.isPoisoned || failure !== undefined) {
    if (isAnySeen(engine, writer.unsynced)) throw failure ?? new Error('the WAL is not trusted');
    return;
  }
  if (writer.unsynced.length > 0) {
    yield* writer.syncUpTo(writer.tip, manner.sync);
  }
  if (isClosed(engine)) return;
  try {
    if (!writer.isEnded) writeEnd(writer);
    yield* wait(manner.sync(writer.file));
  } catch (error) {
    if (isClosed(engine)) return;
    // Everything is durable; without End the next open only looks for a torn tail.
    engine.report({ type: 'error', message: 'End was not written', error });
  }
}

function writeEnd(writer: WalWriter): void {
  writer.dropZeros();
  writer.stageEnd(undefined);
  writer.writeStaged();
}
