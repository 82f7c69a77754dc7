/**
 * What an open store is made of, for rooms that hand its bytes on as they are: encoding them again
 * would need codecs that may be elsewhere. Users have no way here.
 */
import { invalid } from '../options.ts';
import type { Engine } from './engine.ts';
import type { MapTarget } from './pending-write.ts';
import type { MapCodecs } from './reads.ts';
import type { StoreMap } from './store-map.ts';

export interface Inside {
  readonly engine: Engine;
  /**
   * A handle whose keys and values are the encoded bytes. What is written is not looked at: check it
   * before, and do not change it after.
   */
  encodedMap(target: MapTarget): StoreMap<Uint8Array, Uint8Array>;
  /**
   * The codecs to check with what is to be written; undefined where there are none by these names.
   * Throws MAP_ENCODING_MISMATCH where the map, or a handle to it, has others. A map that is not
   * there yet gets the quota that was wished for it: ask only for who may write to it.
   */
  admit(target: MapTarget): MapCodecs<unknown, unknown> | undefined;
}

const insides = new WeakMap<object, Inside>();

export function setInside(store: object, inside: Inside): void {
  insides.set(store, inside);
}

/** Throws INVALID_ARGUMENT for what is no store, or one of another copy of this package. */
export function insideOf(store: object): Inside {
  const inside = insides.get(store);
  if (inside !== undefined) return inside;
  throw invalid(
    'this is no store of this copy of the package: import Store and this function the same way',
  );
}
