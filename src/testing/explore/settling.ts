/**
 * Tells what waits from what will never end, without a clock: by turns of the event loop in which
 * the disk was not called.
 */
import { DEFAULT_ENVIRONMENT } from '../../store/environment.ts';

/** A tenth of a second or more where turns are free: time enough for a thread that hashes. */
export const PATIENCE = 100_000;

export type Settled =
  | { readonly is: 'resolved' }
  | { readonly is: 'rejected'; readonly error: unknown }
  | { readonly is: 'waiting' };

/** `progress` grows with each call; `patience` is the number of turns without one. */
export async function settled(
  work: () => Promise<void>,
  progress: () => number,
  patience: () => number,
): Promise<Settled> {
  let result: Settled = { is: 'waiting' };
  const isWaiting = () => result.is === 'waiting';
  void started(work).then(
    () => {
      result = { is: 'resolved' };
    },
    (error: unknown) => {
      result = { is: 'rejected', error };
    },
  );
  let seen = progress();
  for (let idleTurns = 0; isWaiting() && idleTurns < patience(); idleTurns++) {
    await DEFAULT_ENVIRONMENT.pause();
    if (progress() !== seen) idleTurns = 0;
    seen = progress();
  }
  return result;
}

/** Turns what a function throws at once into a rejection. */
async function started(work: () => Promise<void>): Promise<void> {
  await work();
}
