/** What a commit of somebody else must not have touched. */
import type { KeyBounds } from '../store/layers.ts';

export interface Footprint {
  hasKey(map: string, key: Uint8Array): boolean;
  /** Whether anything of it lies within the bounds. */
  touches(map: string, bounds: KeyBounds): boolean;
}
