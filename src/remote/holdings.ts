/** What one client has open at the owner. All of it goes with the port. */
import { LimitError, StorageError, UsageError } from '../errors.ts';
import type { Inside } from '../store/inside.ts';
import type { MapTarget } from '../store/pending-write.ts';
import type { StoreMap } from '../store/store-map.ts';
import type { View } from '../store/view.ts';
import type { Savepoint, Transaction } from '../transaction/transaction.ts';
import type { Limits } from './policy.ts';

export interface ServedTransaction {
  readonly kind: 'transaction';
  readonly transaction: Transaction;
  readonly savepoints: Savepoint[];
  readonly hasToken: boolean;
  /** It has sent a write that is allowed. */
  hasWritten: boolean;
  /** Of the writes that it has sent, and of the keys that it has read and locked. */
  bytes: number;
  steps: number;
  /** A step failed that is not answered: whatever comes next is told, and it cannot commit. */
  failure: { readonly cause: unknown } | undefined;
}

export interface ServedIteration {
  readonly kind: 'iteration';
  readonly entries: Iterator<{ readonly key: Uint8Array; readonly value: Uint8Array | undefined }>;
  /** Entries to leave out before the first. */
  skip: number;
  isBusy: boolean;
}

export type Holding =
  | { readonly kind: 'view'; readonly view: View }
  | { readonly kind: 'subscription'; stop(): void }
  | ServedTransaction
  | ServedIteration;

export class Holdings {
  readonly #inside: Inside;
  readonly #limits: Limits;
  readonly #targets = new Map<number, MapTarget>();
  readonly #maps = new Map<number, StoreMap<Uint8Array, Uint8Array>>();
  readonly #held = new Map<number, Holding>();

  constructor(inside: Inside, limits: Limits) {
    this.#inside = inside;
    this.#limits = limits;
  }

  countOf(kind: Holding['kind']): number {
    let count = 0;
    for (const holding of this.#held.values()) if (holding.kind === kind) count++;
    return count;
  }

  /** Throws LIMIT. */
  nameMap(id: number, target: MapTarget): void {
    if (this.#targets.size >= this.#limits.maps) {
      throw new LimitError(`at most ${this.#limits.maps} maps can be named on one port`);
    }
    this.#targets.set(id, target);
  }

  /** Throws INVALID_ARGUMENT. */
  targetOf(id: number): MapTarget {
    const target = this.#targets.get(id);
    if (target !== undefined) return target;
    throw new UsageError('INVALID_ARGUMENT', 'no map was named so', { committed: 'no' });
  }

  /** Throws INVALID_ARGUMENT, LIMIT, MAP_ENCODING_MISMATCH. */
  mapOf(id: number): StoreMap<Uint8Array, Uint8Array> {
    const known = this.#maps.get(id);
    if (known !== undefined) return known;
    const map = this.#inside.encodedMap(this.targetOf(id));
    this.#maps.set(id, map);
    return map;
  }

  /** Throws OVERLOADED: before anything that would have to be held is made. */
  requireRoom(kind: Holding['kind']): void {
    const most = this.#limits[`${kind}s`];
    if (this.countOf(kind) < most) return;
    throw new StorageError('OVERLOADED', `${most} ${kind}s are open on this port: end one first`, {
      committed: 'no',
      retryable: true,
    });
  }

  hold(id: number, holding: Holding): void {
    this.#held.set(id, holding);
  }

  find(id: number): Holding | undefined {
    return this.#held.get(id);
  }

  /** Throws TRANSACTION_ENDED, and what failed in it unnoticed. */
  transactionOf(id: number): ServedTransaction {
    const holding = this.#held.get(id);
    if (holding?.kind !== 'transaction') {
      throw new UsageError('TRANSACTION_ENDED', 'the transaction has ended: begin a new one', {
        committed: 'no',
      });
    }
    if (holding.failure !== undefined) throw holding.failure.cause;
    return holding;
  }

  /** What is not there has ended by itself. */
  end(id: number): void {
    const holding = this.#held.get(id);
    this.#held.delete(id);
    if (holding !== undefined) endHolding(holding);
  }

  endAll(): void {
    for (const id of [...this.#held.keys()]) this.end(id);
  }
}

function endHolding(holding: Holding): void {
  switch (holding.kind) {
    case 'view':
      holding.view.release();
      return;
    case 'transaction':
      if (holding.transaction.state === 'open') holding.transaction.abort();
      return;
    case 'iteration':
      holding.entries.return?.();
      return;
    case 'subscription':
      holding.stop();
  }
}
