/** Removes files that nobody needs; if that fails they are in nobody's way. */
import { type Task, wait } from '../fs/task.ts';
import type { Engine } from './engine.ts';

export function* removeQuietly(engine: Engine, name: string): Task<void> {
  // A blocking close has removed what the work that it overtook had not finished.
  if (engine.status === 'closed') return;
  try {
    yield* wait(engine.fs.remove(name));
    engine.unfinished.delete(name);
    engine.files.forget(name);
  } catch (error) {
    // It is in nobody's way: the next checkpoint or open tries again.
    engine.files.addName(name);
    engine.report({ type: 'error', message: `${name} could not be removed`, error });
  }
}

/** Behind it what was removed stays removed, so that what it named may go too. */
export function* keepRemoved(engine: Engine): Task<void> {
  if (engine.status === 'closed') return;
  try {
    yield* wait(engine.fs.syncDirectory());
  } catch (error) {
    engine.report({ type: 'error', message: 'the directory could not be synced', error });
  }
}
