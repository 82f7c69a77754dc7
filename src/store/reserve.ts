/**
 * Space written in advance, so that deletions find room on a full disk: a file that is removed when
 * they need it.
 */
import { closeQuietly, type File, writeFully } from '../fs/file-system.ts';
import { type Task, wait } from '../fs/task.ts';
import type { Engine } from './engine.ts';
import type { Manner } from './environment.ts';
import { RESERVE_NAME, RESERVE_SIZE } from './file-names.ts';
import { isDiskFull } from './host-error.ts';
import { removeQuietly } from './remove-quietly.ts';

/** Makes the reserve where it is missing. Returns what the host threw, if it could not. */
export function* makeReserve(engine: Engine, manner: Manner): Task<unknown> {
  if (engine.hasReserve) return undefined;
  try {
    // What an attempt without room has left behind.
    yield* wait(engine.fs.remove(RESERVE_NAME));
    const file = yield* wait(engine.fs.open(RESERVE_NAME, 'create'));
    yield* fill(file, manner);
    engine.hasReserve = true;
    return undefined;
  } catch (error) {
    // Blocking work may have made it meanwhile.
    if (engine.hasReserve) return undefined;
    yield* removeReserve(engine);
    return error;
  }
}

function* fill(file: File, manner: Manner): Task<void> {
  try {
    writeFully(file, new Uint8Array(RESERVE_SIZE), 0);
    yield* wait(manner.sync(file));
  } finally {
    closeQuietly(file);
  }
}

/** Gives the space back. An error is reported: whoever needs the space finds out by itself. */
export function* removeReserve(engine: Engine): Task<void> {
  engine.hasReserve = false;
  try {
    yield* wait(engine.fs.remove(RESERVE_NAME));
  } catch (error) {
    engine.report({ type: 'error', message: 'the reserve could not be removed', error });
  }
}

/** On a full disk the generation before goes: it is redundancy, not the only copy. */
export function* giveUpRedundancy(engine: Engine): Task<void> {
  const writing = { wal: engine.writer?.header.generation };
  for (const name of engine.files.superseded(writing, 'newest only')) {
    yield* removeQuietly(engine, name);
  }
  if (engine.hasReserve) yield* removeReserve(engine);
}

export function* renewReserve(engine: Engine, manner: Manner): Task<void> {
  if (!isDiskFull(yield* makeReserve(engine, manner))) return;
  yield* giveUpRedundancy(engine);
  yield* makeReserve(engine, manner);
}
