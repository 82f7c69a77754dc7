/** Moves the engine to a new WAL generation, from a sound WAL or from one that is not trusted. */
import type { OnewalError } from '../errors.ts';
import { closeQuietly } from '../fs/file-system.ts';
import { type Task, wait } from '../fs/task.ts';
import type { WalWriter } from '../wal/wal-writer.ts';
import type { Engine } from './engine.ts';
import type { Manner } from './environment.ts';
import { walName } from './file-names.ts';
import { HalfGenerationError, startGeneration } from './generation.ts';
import { leaveHead } from './head.ts';
import { toStorageError } from './host-error.ts';
import { encodeLoss } from './loss.ts';
import { removeQuietly } from './remove-quietly.ts';

/**
 * When it returns, commits go on in a new WAL. `atSwitch` runs in the same synchronous step.
 *
 * What the old WAL holds beyond its durable watermark is logged again if readers have seen it, and
 * is gone otherwise. A blocking rotation may overtake a waiting one; the one that is overtaken then
 * drops its file and returns false. Throws StorageError; with an untrusted WAL writes are disabled
 * then, with a sound one commits go on in it.
 */
export function* rotate(
  engine: Engine,
  manner: Manner,
  atSwitch: (next: WalWriter) => void = () => undefined,
): Task<boolean> {
  const writer = engine.requireWriter();
  writer.dropZeros();
  yield* settle(writer, manner);
  if (engine.writer !== writer) return false;
  const next = yield* begin(engine, writer, manner);
  if (engine.writer !== writer) {
    closeQuietly(next.file);
    yield* removeQuietly(engine, walName(next.header.generation));
    return false;
  }
  engine.writer = next;
  engine.files.addWal({
    name: walName(next.header.generation),
    generation: next.header.generation,
    baseSequence: next.header.predecessor?.sequence ?? 0,
    lastSequence: next.tip.sequence,
  });
  atSwitch(next);
  yield* retire(writer, next, manner);
  yield* leaveHead(engine, next);
  return true;
}

/** Makes a sound WAL durable up to its tip; one that fails at it is sound no more. */
function* settle(writer: WalWriter, manner: Manner): Task<void> {
  if (writer.isPoisoned || writer.unsynced.length === 0) return;
  const { tip } = writer;
  try {
    yield* writer.syncUpTo(tip, manner.sync);
  } catch {
    // What it could not sync is logged again in the new generation.
    writer.poison();
  }
}

function* begin(engine: Engine, writer: WalWriter, manner: Manner): Task<WalWriter> {
  const { sequence, loss } = engine.state;
  try {
    return yield* startGeneration(
      engine.fs,
      {
        store: engine.store,
        generation: engine.takeGeneration(),
        key: engine.environment.randomBytes(32),
        predecessor: writer.durable,
        logAgain: writer.unsynced.filter((commit) => commit.sequence <= sequence),
        commitChain: engine.chain,
        snapshot: engine.manifest?.footer.generation,
        loss: encodeLoss(loss),
      },
      manner,
    );
  } catch (error) {
    if (error instanceof HalfGenerationError) writer.poison();
    const isDisabled = writer.isPoisoned;
    const failure = toStorageError(error instanceof HalfGenerationError ? error.cause : error, {
      doing: 'a new WAL could not be started',
      writesDisabled: isDisabled,
    });
    if (isDisabled && engine.writer === writer) disable(engine, failure);
    throw failure;
  }
}

function disable(engine: Engine, failure: OnewalError): void {
  engine.failure = failure;
  engine.report({ type: 'error', message: failure.message, error: failure });
}

/** The old WAL gets its Switch and End. They are witnesses: without them nothing is lost. */
function* retire(writer: WalWriter, next: WalWriter, manner: Manner): Task<void> {
  try {
    if (!writer.isPoisoned) {
      writer.stageEnd(next.header.generation);
      writer.writeStaged();
      yield* wait(manner.sync(writer.file));
    }
  } catch {
    writer.poison();
  }
  closeQuietly(writer.file);
}
