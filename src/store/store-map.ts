/** One map of an open store: the reads of reads.ts, and writes that are commits of one map. */
import { LimitError } from '../errors.ts';
import type { RangeOptions, WriteOptions } from '../options.ts';
import type { Commit } from './commit-request.ts';
import type { Committer } from './committer.ts';
import type { Engine } from './engine.ts';
import { KEY_SIZE_MAX, VALUE_SIZE_MAX } from './limits.ts';
import type { MapTarget, PendingWrite } from './pending-write.ts';
import { checkRange, type Range } from './range.ts';
import { type MapCodecs, type Reads, StateReads } from './reads.ts';

/**
 * Writes resolve when the commit is visible and as durable as asked for. They fail as `Store.batch`
 * does; keys and values are encoded before the call returns, so the caller may change them then.
 */
export class StoreMap<K, V> implements Reads<K, V> {
  readonly name: string;
  readonly #codecs: MapCodecs<K, V>;
  readonly #committer: Committer;
  readonly #reads: StateReads<K, V>;
  readonly #target: MapTarget;
  readonly #engine: Engine;

  /** For the store: use `Store.map`. */
  constructor(engine: Engine, committer: Committer, codecs: MapCodecs<K, V>) {
    const { name, key, value } = codecs;
    this.name = name;
    this.#engine = engine;
    this.#codecs = codecs;
    this.#committer = committer;
    this.#reads = new StateReads(engine, codecs, () => engine.state);
    this.#target = { name, keyEncoding: key.name, valueEncoding: value.name };
  }

  get target(): MapTarget {
    return this.#target;
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
    this.#engine.requireOpen();
    if (options !== undefined) return this.#reads.getCount(options);
    const id = this.#reads.mapId();
    return id === undefined ? 0 : this.#engine.usage.of(id).count;
  }

  async put(key: K, value: V, options?: WriteOptions): Promise<Commit> {
    return this.#committer.commit([this.writeOf('put', key, value)], options);
  }

  putSync(key: K, value: V, options?: WriteOptions): Commit {
    return this.#committer.commitSync([this.writeOf('put', key, value)], options);
  }

  /** A missing key is fine. */
  async remove(key: K, options?: WriteOptions): Promise<Commit> {
    return this.#committer.commit([this.writeOf('remove', key)], options);
  }

  removeSync(key: K, options?: WriteOptions): Commit {
    return this.#committer.commitSync([this.writeOf('remove', key)], options);
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
    const keyBytes = this.#codecs.key.encode(key);
    if (keyBytes.length > KEY_SIZE_MAX) {
      throw new LimitError(`the key takes ${keyBytes.length} bytes, the limit is ${KEY_SIZE_MAX}`);
    }
    if (type === 'remove') return { type, target: this.#target, key: keyBytes };
    const valueBytes = this.#codecs.value.encode(value as V);
    if (valueBytes.length > VALUE_SIZE_MAX) {
      const size = valueBytes.length;
      throw new LimitError(`the value takes ${size} bytes, the limit is ${VALUE_SIZE_MAX}`);
    }
    return { type, target: this.#target, key: keyBytes, value: valueBytes };
  }

  /** `limit`, `offset` and `reverse` choose keys one by one; bounds alone are logged as they are. */
  clearWrites(range?: RangeOptions<K>): PendingWrite[] {
    const { bounds, limit, offset } = checkRange(range, this.#codecs.key);
    if (limit === Number.POSITIVE_INFINITY && offset === 0) {
      return [{ type: 'clear', target: this.#target, ...bounds }];
    }
    return Array.from(this.getKeys(range), (key) => this.writeOf('remove', key));
  }
}
