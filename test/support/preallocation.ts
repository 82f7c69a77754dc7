export const ZEROS_AHEAD = 8 << 10;

/** Every second life lays zeros ahead of what it logs, as on a disk. */
export function preallocationOf(seed: number): { readonly preallocation?: number } {
  return seed % 2 === 0 ? { preallocation: ZEROS_AHEAD } : {};
}
