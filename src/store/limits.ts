/**
 * Declared limits, all checked before a commit is logged. They keep what a reader must allocate
 * bounded, so they are part of the format: docs/format.md, "Limits".
 */
export const KEY_SIZE_MAX = 4096;
/** Of a bound that is logged: the lowest one above a key is one byte longer. */
export const BOUND_SIZE_MAX = KEY_SIZE_MAX + 1;
export const VALUE_SIZE_MAX = 32 << 20;
/** Keys, values and bounds of one commit, and 32 bytes for each of its writes. */
export const COMMIT_SIZE_MAX = 256 << 20;
export const MAP_COUNT_MAX = 4096;
export { NAME_SIZE_MAX } from '../wal/record.ts';
