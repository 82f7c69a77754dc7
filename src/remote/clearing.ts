/**
 * Clears that choose keys one by one. They stand for as many removes as they find keys, so these are
 * counted while they are found: a few bytes of a message may stand for the whole map.
 */
import type { Reads } from '../store/reads.ts';
import { OPERATION_OVERHEAD_MAX } from '../wal/record.ts';
import { toRangeOptions } from './desk.ts';
import type { WireSelection } from './protocol.ts';

/** Otherwise the bounds alone are logged, whatever is within them. */
export function choosesKeys({ limit, offset }: WireSelection): boolean {
  return limit !== undefined || offset > 0;
}

/**
 * What is to be removed. `count` is told the size of each key that the clear comes to, as that of a
 * remove, before it is given out; also of those that are left out, since finding them takes as long.
 */
export function* chosenKeys(
  reads: Pick<Reads<Uint8Array, Uint8Array>, 'getKeys'>,
  range: WireSelection,
  count: (size: number) => void,
): Generator<Uint8Array, void, void> {
  let { offset } = range;
  for (const key of reads.getKeys(toRangeOptions(withoutOffset(range)))) {
    count(OPERATION_OVERHEAD_MAX + key.length);
    if (offset > 0) offset--;
    else yield key;
  }
}

/** The same range, with what the offset leaves out. */
export function withoutOffset(range: WireSelection): WireSelection {
  const { limit, offset } = range;
  if (limit === undefined) return { ...range, offset: 0 };
  return { ...range, offset: 0, limit: Math.min(limit + offset, Number.MAX_SAFE_INTEGER) };
}
