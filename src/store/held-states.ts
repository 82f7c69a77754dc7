/**
 * The states that views and open transactions hold, and what that costs. One that is dropped
 * without being released is released when it is collected, where the host can tell.
 */
import type { Memtable } from '../memtable/memtable.ts';
import type { State } from './draft.ts';

interface HeldState {
  readonly state: State;
  readonly holder: 'view' | 'transaction';
  /** Called when the holder was collected without having let go. */
  onLeak?(): void;
}

interface Registry {
  register(target: object, token: object, unregisterToken: object): void;
  unregister(unregisterToken: object): void;
}

export class HeldStates {
  readonly #held = new Map<object, HeldState>();
  readonly #registry: Registry | undefined;
  readonly #onLeak: (held: HeldState) => void;

  constructor(onLeak: (held: HeldState) => void) {
    this.#onLeak = onLeak;
    this.#registry =
      typeof FinalizationRegistry === 'function'
        ? new FinalizationRegistry((token: object) => this.#leak(token))
        : undefined;
  }

  get openViews(): number {
    return this.#countOf('view');
  }

  get openTransactions(): number {
    return this.#countOf('transaction');
  }

  get oldestSequence(): number | undefined {
    let oldest: number | undefined;
    for (const { state } of this.#held.values()) {
      oldest = Math.min(oldest ?? state.sequence, state.sequence);
    }
    return oldest;
  }

  /** Requires: `held` does not refer to `holder`. Returns what `release` takes. */
  hold(holder: object, held: HeldState): object {
    const token = {};
    this.#held.set(token, held);
    this.#registry?.register(holder, token, token);
    return token;
  }

  release(token: object): void {
    if (this.#held.delete(token)) this.#registry?.unregister(token);
  }

  /**
   * At most so many bytes of memory would be free without the holders. Of a memtable that is in use
   * now, what was written behind the oldest holder, and not more than the newest of them holds; of
   * one that a checkpoint has saved, all. Memtables forked from one share it, and count once.
   */
  sizeBeside(current: State): number {
    const live = [current.memtable, current.frozen].filter((memtable) => memtable !== undefined);
    let size = 0;
    for (const [lineage, { min, max }] of this.#sizes()) {
      const inUse = live.find((memtable) => memtable.lineage === lineage);
      size += inUse === undefined ? max : Math.min(max, inUse.size - min);
    }
    return size;
  }

  #sizes(): Map<object, { min: number; max: number }> {
    const sizes = new Map<object, { min: number; max: number }>();
    const note = ({ lineage, size }: Memtable): void => {
      const { min, max } = sizes.get(lineage) ?? { min: size, max: size };
      sizes.set(lineage, { min: Math.min(min, size), max: Math.max(max, size) });
    };
    for (const { state } of this.#held.values()) {
      note(state.memtable);
      if (state.frozen !== undefined) note(state.frozen);
    }
    return sizes;
  }

  #countOf(holder: HeldState['holder']): number {
    return [...this.#held.values()].filter((held) => held.holder === holder).length;
  }

  #leak(token: object): void {
    const held = this.#held.get(token);
    if (held === undefined) return;
    this.#held.delete(token);
    held.onLeak?.();
    this.#onLeak(held);
  }
}
