/** Reading one map: what a store's map, a view and a transaction have in common. */
import type { Cursor } from '../bytes/cursor.ts';
import type { KeyCodec } from '../codec/key-codec.ts';
import type { ValueCodec } from '../codec/value-codec.ts';
import { CorruptionError, OnewalError, refusalOf } from '../errors.ts';
import type { RangeOptions } from '../options.ts';
import type { MapDefinition } from './catalog.ts';
import type { State } from './draft.ts';
import type { Engine } from './engine.ts';
import { toStorageError } from './host-error.ts';
import { findEntry, findSequence } from './layers.ts';
import { checkEncodings } from './pending-write.ts';
import {
  checkRange,
  countEntries,
  EntryRange,
  type Range,
  type RangeSource,
  type RangeWitness,
  type Selection,
} from './range.ts';
import type { UsageTable } from './usage.ts';

/**
 * Reads are synchronous: from memory, or from a verified block. They throw CLOSED after the store
 * was closed, VIEW_RELEASED and TRANSACTION_ENDED after their own end, KEY_INVALID for a key that the map's encoding refuses, CORRUPT where a snapshot is
 * damaged; a missing key is `undefined`. What they return is the caller's to change.
 */
export interface Reads<K, V> {
  get(key: K): V | undefined;
  getMany(keys: Iterable<K>): (V | undefined)[];
  /** With the sequence id of the commit that wrote it. */
  getEntry(key: K): { key: K; value: V; sequence: number } | undefined;
  has(key: K): boolean;
  getRange(options?: RangeOptions<K>): Range<{ key: K; value: V }>;
  getKeys(options?: RangeOptions<K>): Range<K>;
  /** Exact; of a whole map without reading it. */
  getCount(options?: RangeOptions<K>): number;
}

export interface MapCodecs<K, V> {
  readonly name: string;
  readonly key: KeyCodec<K>;
  readonly value: ValueCodec<V>;
}

/** Where reads come from: the store as it is now, a view, a transaction. */
export interface ReadSource {
  readonly state: State;
  /** Of `state`. */
  readonly usage: UsageTable;
  /** A state that stays as it is, where `state` itself may be written to. */
  fork?(): State;
  /** Is told what is read. */
  readonly witness?: ReadWitness | undefined;
  /** Throws when reading has come to an end. */
  requireOpen(): void;
}

export interface ReadWitness {
  key(target: string, key: Uint8Array): void;
  range(target: string, selection: Selection): RangeWitness;
}

export class StateReads<K, V> implements Reads<K, V> {
  readonly #engine: Engine;
  readonly #codecs: MapCodecs<K, V>;
  readonly #from: ReadSource;
  /** The definition whose encodings are known to be those of the codecs. */
  #checked: MapDefinition | undefined;

  constructor(engine: Engine, codecs: MapCodecs<K, V>, from: ReadSource) {
    this.#engine = engine;
    this.#codecs = codecs;
    this.#from = from;
  }

  get(key: K): V | undefined {
    const slot = this.#find(key);
    if (slot === undefined) return undefined;
    const bytes = slot.bytes.subarray(slot.valueStart, slot.valueEnd);
    return decodeStored(this.#codecs.value, bytes, this.#codecs.name);
  }

  getMany(keys: Iterable<K>): (V | undefined)[] {
    return Array.from(keys, (key) => this.get(key));
  }

  getEntry(key: K): { key: K; value: V; sequence: number } | undefined {
    const value = this.get(key);
    const map = this.#mapId();
    if (value === undefined || map === undefined) return undefined;
    const bytes = this.#codecs.key.encode(key);
    const sequence = reading(() => findSequence(this.#from.state, map, bytes)) ?? 0;
    return { key, value, sequence };
  }

  has(key: K): boolean {
    return this.#find(key) !== undefined;
  }

  getRange(options?: RangeOptions<K>): Range<{ key: K; value: V }> {
    const { name, key, value } = this.#codecs;
    return new EntryRange(this.#source(options), (cursor) => ({
      key: decodeStored(key, keyBytes(cursor), name),
      value: decodeStored(value, cursor.bytes.subarray(cursor.valueStart, cursor.valueEnd), name),
    }));
  }

  getKeys(options?: RangeOptions<K>): Range<K> {
    const { name, key } = this.#codecs;
    const read = (cursor: Cursor) => decodeStored(key, keyBytes(cursor), name);
    return new EntryRange(this.#source(options), read);
  }

  getCount(options?: RangeOptions<K>): number {
    const source = this.#source(options);
    if (options !== undefined) return countEntries(source);
    source.onIterate?.().exhausted();
    return source.map === undefined ? 0 : this.#from.usage.of(source.map).count;
  }

  #find(key: K): ReturnType<typeof findEntry> {
    this.#from.requireOpen();
    const bytes = this.#codecs.key.encode(key);
    this.#from.witness?.key(this.#codecs.name, bytes);
    const map = this.#mapId();
    return map === undefined ? undefined : reading(() => findEntry(this.#from.state, map, bytes));
  }

  /** Of the map, where it is there. Throws MAP_ENCODING_MISMATCH if it was made anew with others. */
  #mapId(): number | undefined {
    const definition = this.#from.state.catalog.named(this.#codecs.name);
    if (definition !== undefined && definition !== this.#checked) {
      const { name, key, value } = this.#codecs;
      checkEncodings({ name, keyEncoding: key.name, valueEncoding: value.name }, definition);
      this.#checked = definition;
    }
    return definition?.id;
  }

  #source(options: RangeOptions<K> | undefined): RangeSource {
    const from = this.#from;
    from.requireOpen();
    const { name, key } = this.#codecs;
    const selection = checkRange(options, key);
    const { witness } = from;
    return {
      environment: this.#engine.environment,
      requireOpen: () => from.requireOpen(),
      layers: from.fork?.() ?? from.state,
      map: this.#mapId(),
      selection,
      ...(witness === undefined ? {} : { onIterate: () => witness.range(name, selection) }),
    };
  }
}

/** Whatever the host throws becomes an IO error. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw toStorageError(error, { doing: 'a snapshot could not be read' });
  }
}

/** Bytes that verify and still do not decode were not written with this codec. */
export function decodeStored<T>(
  codec: { readonly name: string; decode(bytes: Uint8Array): T },
  bytes: Uint8Array,
  map: string,
): T {
  try {
    return codec.decode(bytes);
  } catch (error) {
    if (error instanceof OnewalError) throw error;
    const reason = `bytes in map ${JSON.stringify(map)} are not ${codec.name}`;
    throw new CorruptionError('CORRUPT', reason, {
      cause: error,
      report: refusalOf({ file: '', offset: 0, reason }),
    });
  }
}

function keyBytes(cursor: Cursor): Uint8Array {
  return cursor.bytes.subarray(cursor.keyStart, cursor.keyEnd);
}
