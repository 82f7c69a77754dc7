/**
 * One way to write what a host may do at once or later.
 *
 * A task is a generator that yields promises only. `runAsync` awaits each of them; `runSync`
 * refuses the first one. So opening, committing and checkpointing are written once, and the Sync
 * methods exist on every host that can block.
 */
import { UsageError } from '../errors.ts';

/** A value now, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

export type Task<T> = Generator<Promise<unknown>, T, unknown>;

/** Within a task: the value of `awaitable`, waited for only if it is a promise. */
export function* wait<T>(awaitable: Awaitable<T>): Task<T> {
  if (!(awaitable instanceof Promise)) return awaitable;
  return (yield awaitable) as T;
}

export async function runAsync<T>(task: Task<T>): Promise<T> {
  let step = task.next();
  while (!step.done) {
    let value: unknown;
    try {
      value = await step.value;
    } catch (error) {
      step = task.throw(error);
      continue;
    }
    step = task.next(value);
  }
  return step.value;
}

/** Throws SYNC_UNAVAILABLE, inside the task, where the host answers with a promise. */
export function runSync<T>(task: Task<T>): T {
  let step = task.next();
  while (!step.done) {
    // Its outcome has no reader any more; without this a rejection would end the process.
    step.value.catch(() => undefined);
    step = task.throw(cannotBlock());
  }
  return step.value;
}

export function cannotBlock(): UsageError {
  return new UsageError('SYNC_UNAVAILABLE', 'this host cannot block: use the asynchronous method', {
    committed: 'no',
  });
}
