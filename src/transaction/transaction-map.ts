/** One map as a transaction sees it: with its own writes. */
import type { RangeOptions } from '../options.ts';
import type { Engine } from '../store/engine.ts';
import type { Range } from '../store/range.ts';
import { type MapCodecs, type ReadSource, type Reads, StateReads } from '../store/reads.ts';
import {
  type PendingClear,
  type PendingPut,
  type PendingRemove,
  WriteEncoder,
} from '../store/write-encoder.ts';
import type { LockedKey } from './lock-session.ts';

export interface TransactionWrites {
  /** Throws TRANSACTION_ENDED, LIMIT, MAP_ENCODING_MISMATCH, and what reading throws. */
  write(write: PendingPut | PendingRemove | PendingClear): void;
  lock(key: LockedKey): Promise<void>;
}

/**
 * Reads are those of a view, merged in order with the transaction's own writes; `getEntry` gives 0
 * for what has no sequence id yet. Writes throw KEY_INVALID, VALUE_INVALID, LIMIT,
 * MAP_ENCODING_MISMATCH; the transaction is then as it was before them.
 */
export class TransactionMap<K, V> implements Reads<K, V> {
  readonly name: string;
  readonly #reads: StateReads<K, V>;
  readonly #encoder: WriteEncoder<K, V>;
  readonly #transaction: TransactionWrites;

  /** For the transaction: use `Transaction.map`. */
  constructor(
    engine: Engine,
    codecs: MapCodecs<K, V>,
    transaction: ReadSource & TransactionWrites,
  ) {
    this.name = codecs.name;
    this.#reads = new StateReads(engine, codecs, transaction);
    this.#encoder = new WriteEncoder(codecs);
    this.#transaction = transaction;
  }

  get(key: K): V | undefined {
    return this.#reads.get(key);
  }

  getMany(keys: Iterable<K>): (V | undefined)[] {
    return this.#reads.getMany(keys);
  }

  getEntry(key: K): { key: K; value: V; sequence: number } | undefined {
    return this.#reads.getEntry(key);
  }

  has(key: K): boolean {
    return this.#reads.has(key);
  }

  getRange(options?: RangeOptions<K>): Range<{ key: K; value: V }> {
    return this.#reads.getRange(options);
  }

  getKeys(options?: RangeOptions<K>): Range<K> {
    return this.#reads.getKeys(options);
  }

  getCount(options?: RangeOptions<K>): number {
    return this.#reads.getCount(options);
  }

  put(key: K, value: V): void {
    this.#transaction.write(this.#encoder.put(key, value));
  }

  /** A missing key is fine. */
  remove(key: K): void {
    this.#transaction.write(this.#encoder.remove(key));
  }

  /**
   * For a pessimistic transaction: resolves when it holds the lock of the key, so that nobody of its
   * kind changes it before it ends. Where it has neither read nor written anything yet, its view is
   * then the newest state. Rejects with DEADLOCK and LOCK_TIMEOUT, in `transactionSync` throws.
   */
  lock(key: K): Promise<void> {
    const { key: bytes } = this.#encoder.remove(key);
    return this.#transaction.lock({ map: this.name, bytes, key: () => key });
  }

  /** Removes the keys of the range, or all. */
  clear(range?: RangeOptions<K>): void {
    for (const write of this.#encoder.clear(range, this)) this.#transaction.write(write);
  }
}
