/** Reading one map from afar: the newest state, a view, a transaction. Keys are encoded here, values decoded here. */
import type { RangeOptions } from '../options.ts';
import { checkRange, type Selection } from '../store/range.ts';
import { decodeStored, type MapCodecs } from '../store/reads.ts';
import type { Link } from './link.ts';
import type { WireSelection } from './protocol.ts';
import { type IterationPlan, RemoteRange } from './remote-range.ts';

/** As `Reads` of a store, with promises. */
export interface RemoteReads<K, V> {
  get(key: K): Promise<V | undefined>;
  getMany(keys: Iterable<K>): Promise<(V | undefined)[]>;
  getEntry(key: K): Promise<{ key: K; value: V; sequence: number } | undefined>;
  has(key: K): Promise<boolean>;
  /** Each iteration is one state; of the newest it is that of the moment when it begins. */
  getRange(options?: RangeOptions<K>): AsyncIterable<{ key: K; value: V }>;
  getKeys(options?: RangeOptions<K>): AsyncIterable<K>;
  getCount(options?: RangeOptions<K>): Promise<number>;
}

/** Where is read. */
export interface Place {
  /** Throws where reading has come to an end; sends first what must be done before. */
  at(): number;
  readonly plan: IterationPlan;
}

export const NEWEST: Place = { at: () => 0, plan: 'ahead' };

export class RemoteMapReads<K, V> implements RemoteReads<K, V> {
  readonly name: string;
  readonly #link: Link;
  readonly #codecs: MapCodecs<K, V>;
  readonly #place: Place;

  constructor(link: Link, codecs: MapCodecs<K, V>, place: Place) {
    this.name = codecs.name;
    this.#link = link;
    this.#codecs = codecs;
    this.#place = place;
  }

  async get(key: K): Promise<V | undefined> {
    return this.#decode(await this.#link.call('get', this.#address(key)));
  }

  async getMany(keys: Iterable<K>): Promise<(V | undefined)[]> {
    const encoded = Array.from(keys, (key) => this.#codecs.key.encode(key));
    const fields = { ...this.#here(), keys: encoded };
    const values = await this.#link.call('many', fields, encoded.length + 1);
    return values.map((value) => this.#decode(value));
  }

  async getEntry(key: K): Promise<{ key: K; value: V; sequence: number } | undefined> {
    const entry = await this.#link.call('entry', this.#address(key));
    if (entry === undefined) return undefined;
    return { key, value: this.#decode(entry.value) as V, sequence: entry.sequence };
  }

  async has(key: K): Promise<boolean> {
    return this.#link.call('has', this.#address(key));
  }

  getRange(options?: RangeOptions<K>): AsyncIterable<{ key: K; value: V }> {
    const { key: keyCodec, name } = this.#codecs;
    return this.#iterate('entries', options, ({ key, value }) => ({
      key: decodeStored(keyCodec, key, name),
      value: this.#decode(value) as V,
    }));
  }

  getKeys(options?: RangeOptions<K>): AsyncIterable<K> {
    const { key: keyCodec, name } = this.#codecs;
    return this.#iterate('keys', options, ({ key }) => decodeStored(keyCodec, key, name));
  }

  async getCount(options?: RangeOptions<K>): Promise<number> {
    const range = options === undefined ? undefined : this.#select(options);
    return this.#link.call('count', { ...this.#here(), range });
  }

  #iterate<T>(
    what: 'entries' | 'keys',
    options: RangeOptions<K> | undefined,
    read: (entry: { readonly key: Uint8Array; readonly value: Uint8Array | undefined }) => T,
  ): RemoteRange<T> {
    const range = this.#select(options);
    return new RemoteRange({
      link: this.#link,
      plan: this.#place.plan,
      ask: (credit) =>
        this.#link.ask('range', { ...this.#here(), range, keysOnly: what === 'keys', credit }),
      read,
    });
  }

  #select(options: RangeOptions<K> | undefined): WireSelection {
    return toWireSelection(checkRange(options, this.#codecs.key));
  }

  #address(key: K): { at: number; map: number; key: Uint8Array } {
    const encoded = this.#codecs.key.encode(key);
    return { ...this.#here(), key: encoded };
  }

  #here(): { at: number; map: number } {
    const at = this.#place.at();
    return { at, map: this.#link.mapId(this.#codecs as unknown as MapCodecs<unknown, unknown>) };
  }

  #decode(value: Uint8Array | undefined): V | undefined {
    return value && decodeStored(this.#codecs.value, value, this.#codecs.name);
  }
}

export function toWireSelection({ bounds, isReverse, limit, offset }: Selection): WireSelection {
  return {
    ...{ start: bounds.start, end: bounds.end, isReverse, offset },
    limit: limit === Number.POSITIVE_INFINITY ? undefined : limit,
  };
}
