/** Removes a file that nobody needs; if that fails it is in nobody's way. */
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
