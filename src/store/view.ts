/** A consistent frozen state over all maps. */
import { UsageError } from '../errors.ts';
import type { State } from './draft.ts';
import type { Engine } from './engine.ts';
import { type Reads, StateReads } from './reads.ts';
import type { StoreMap } from './store-map.ts';
import type { UsageTable } from './usage.ts';

/**
 * Reads, ranges and counts in a view never change, whatever is committed, cleared, dropped or
 * compacted. What has changed since stays in memory for it, and superseded snapshots stay on disk:
 * release it. One that is forgotten is released when it is collected, and reported.
 */
export class View {
  /** Of the last commit that it shows. */
  readonly sequence: number;
  readonly #engine: Engine;
  readonly #state: State;
  readonly #usage: UsageTable;
  readonly #token: object;
  #isReleased = false;

  /** For the store: use `Store.view`. */
  constructor(engine: Engine) {
    this.#engine = engine;
    this.#state = engine.state;
    this.#usage = engine.usage.copy();
    this.sequence = this.#state.sequence;
    this.#token = engine.held.hold(this, { state: this.#state, holder: 'view' });
  }

  /** Throws INVALID_ARGUMENT for a map of another store. */
  map<K, V>(map: StoreMap<K, V>): Reads<K, V> {
    this.#requireOpen();
    return new StateReads(this.#engine, map.codecsIn(this.#engine), {
      state: this.#state,
      usage: this.#usage,
      requireOpen: () => this.#requireOpen(),
    });
  }

  /** Ends the view and the ranges made from it. Safe to call twice. */
  release(): void {
    this.#isReleased = true;
    this.#engine.held.release(this.#token);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #requireOpen(): void {
    this.#engine.requireOpen();
    if (!this.#isReleased) return;
    throw new UsageError('VIEW_RELEASED', 'the view was released: take a new one');
  }
}
