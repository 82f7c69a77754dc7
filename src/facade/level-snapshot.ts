/** A state that stays as it is: what explicit snapshots and iterators of a Level database read. */
import { AbstractSnapshot } from 'abstract-level';
import type { Reads } from '../store/reads.ts';
import type { StoreMap } from '../store/store-map.ts';
import type { Store } from '../store.ts';

export type LevelMap = StoreMap<Uint8Array, Uint8Array>;
export type LevelReads = Reads<Uint8Array, Uint8Array>;

export interface FrozenState {
  readonly reads: LevelReads;
  release(): void;
}

export function freeze(store: Store, map: LevelMap): FrozenState {
  const view = store.view();
  return { reads: view.map(map), release: () => view.release() };
}

export class LevelSnapshot extends AbstractSnapshot {
  readonly store: Store;
  readonly #state: FrozenState;

  /** `options` are those that abstract-level made: they name the owner. */
  constructor(options: object, store: Store, state: FrozenState) {
    super(...([options] as unknown as []));
    this.store = store;
    this.#state = state;
  }

  get reads(): LevelReads {
    return this.#state.reads;
  }

  protected async _close(): Promise<void> {
    this.#state.release();
  }
}
