/**
 * Leaves word that a WAL was started: an empty file, whose name says it. The WAL before it cannot,
 * where an earlier session wrote it, or where it is not trusted. Without this, a newest WAL that
 * vanishes as a whole would not be missed.
 */
import { closeQuietly } from '../fs/file-system.ts';
import { type Task, wait } from '../fs/task.ts';
import type { WalWriter } from '../wal/wal-writer.ts';
import type { Engine } from './engine.ts';
import { headName } from './file-names.ts';
import { removeQuietly } from './remove-quietly.ts';

/**
 * Requires: the WAL and its name are on the medium, for a word of what never was would be taken for
 * damage. If it fails, only the witness is missing.
 */
export function* leaveHead(engine: Engine, { header }: WalWriter): Task<void> {
  const name = headName(header.generation);
  try {
    closeQuietly(yield* wait(engine.fs.open(name, 'create')));
  } catch (error) {
    engine.report({ type: 'error', message: `${name} could not be made`, error });
    return;
  }
  engine.files.addName(name);
  if (engine.writer?.header.generation !== header.generation) return;
  engine.files.setHead(name);
  for (const stale of engine.files.staleHeads) yield* removeQuietly(engine, stale);
}
