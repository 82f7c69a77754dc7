/**
 * What an open store is made of, for rooms that hand its bytes on as they are: encoding them again
 * would need codecs that may be elsewhere. Users have no way here.
 */
import { invalid } from '../options.ts';
import type { Engine } from './engine.ts';
import type { MapTarget } from './pending-write.ts';
import type { StoreMap } from './store-map.ts';

export interface Inside {
  readonly engine: Engine;
  /**
   * A handle whose keys and values are the encoded bytes. What is written is not looked at: check it
   * before, and do not change it after.
   */
  encodedMap(target: MapTarget): StoreMap<Uint8Array, Uint8Array>;
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
