/**
 * The mark of a load that has not come to its end: a map that the first commit of a load makes and
 * its last commit drops. While it is there, the store is not what the dump was made of.
 */
import type { Store } from '../store.ts';

export const UNFINISHED_LOAD_MAP = 'onewal:unfinished-load';

export function hasUnfinishedLoad(store: Store): boolean {
  return store.maps.includes(UNFINISHED_LOAD_MAP);
}
