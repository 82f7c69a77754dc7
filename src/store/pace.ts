/** How work that goes on beside commits shares the thread with them. */
import type { Awaitable } from '../fs/task.ts';
import type { Engine } from './engine.ts';

/** A memtable of this size starts a checkpoint, however small the WAL: it is what takes memory. */
const MEMTABLE_SIZE_TARGET = 16 << 20;
/** Slices of work, of a millisecond or two, that may come one behind the other. */
const SLICES_AT_ONCE_MAX = 8;

export function memtableTarget({ options }: Engine): number {
  return Math.min(options.checkpointBytes, MEMTABLE_SIZE_TARGET);
}

/**
 * Pauses behind so many slices as `urgency`, from 0 to 1, asks for: with one at a time the work
 * would never catch up with who writes at full speed.
 */
export function inTurns(
  urgency: () => number,
  pause: () => Awaitable<void>,
): () => Awaitable<void> {
  let sliceCount = 0;
  return () => {
    if (++sliceCount < SLICES_AT_ONCE_MAX * Math.min(urgency(), 1)) return undefined;
    sliceCount = 0;
    return pause();
  };
}
