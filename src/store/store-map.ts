/** One map of an open store: the reads of reads.ts, and writes that are commits of one map. */
import { invalid, type PutOptions, type RangeOptions, type WriteOptions } from '../options.ts';
import type { Commit, Precondition } from './commit-request.ts';
import type { Committer } from './committer.ts';
import { conditionOf } from './condition.ts';
import type { Engine } from './engine.ts';
import type { MapTarget, PendingWrite } from './pending-write.ts';
import type { Range } from './range.ts';
import { type MapCodecs, type Reads, StateReads } from './reads.ts';
import { type PendingPut, WriteEncoder } from './write-encoder.ts';

/**
 * Writes resolve when the commit is visible and as durable as asked for. They fail as `Store.batch`
 * does; keys and values are encoded before the call returns, so the caller may change them then.
 */
export class StoreMap<K, V> implements Reads<K, V> {
  readonly name: string;
  readonly #codecs: MapCodecs<K, V>;
  readonly #committer: Committer;
  readonly #reads: StateReads<K, V>;
  readonly #encoder: WriteEncoder<K, V>;
  readonly #engine: Engine;

  /** For the store: use `Store.map`. */
  constructor(engine: Engine, committer: Committer, codecs: MapCodecs<K, V>) {
    this.name = codecs.name;
    this.#engine = engine;
    this.#codecs = codecs;
    this.#committer = committer;
    this.#reads = new StateReads(engine, codecs, engine);
    this.#encoder = new WriteEncoder(codecs);
  }

  get target(): MapTarget {
    return this.#encoder.target;
  }

  /** Throws INVALID_ARGUMENT unless this is a map of the store that `engine` is of. */
  codecsIn(engine: Engine): MapCodecs<K, V> {
    if (engine === this.#engine) return this.#codecs;
    throw invalid(`map ${JSON.stringify(this.name)} is of another store`);
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

  /** With `ifAbsent` or `ifSequence`: CONFLICT unless it is so when the turn of the commit comes. */
  async put(key: K, value: V, options?: PutOptions): Promise<Commit> {
    const write = this.#encoder.put(key, value);
    return this.#committer.commit([write], options, this.#condition(key, write, options));
  }

  putSync(key: K, value: V, options?: PutOptions): Commit {
    const write = this.#encoder.put(key, value);
    return this.#committer.commitSync([write], options, this.#condition(key, write, options));
  }

  /** A missing key is fine. */
  async remove(key: K, options?: WriteOptions): Promise<Commit> {
    return this.#committer.commit([this.#encoder.remove(key)], options);
  }

  removeSync(key: K, options?: WriteOptions): Commit {
    return this.#committer.commitSync([this.#encoder.remove(key)], options);
  }

  /** Removes the keys of the range, or all; of a whole map at once, however large it is. */
  async clear(range?: RangeOptions<K>, options?: WriteOptions): Promise<Commit> {
    return this.#committer.commit(this.clearWrites(range), options);
  }

  clearSync(range?: RangeOptions<K>, options?: WriteOptions): Commit {
    return this.#committer.commitSync(this.clearWrites(range), options);
  }

  /** Encodes a write. Throws KEY_INVALID, VALUE_INVALID, LIMIT. */
  writeOf(type: 'put' | 'remove', key: K, value?: V): PendingWrite {
    return type === 'remove' ? this.#encoder.remove(key) : this.#encoder.put(key, value as V);
  }

  clearWrites(range?: RangeOptions<K>): PendingWrite[] {
    return this.#encoder.clear(range, this);
  }

  #condition(key: K, write: PendingPut, options: PutOptions | undefined): Precondition | undefined {
    return conditionOf({ map: this.name, key, bytes: write.key }, options);
  }
}
