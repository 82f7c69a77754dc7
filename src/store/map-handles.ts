/** The handles that an open store has given out, by name, and what can be said only through them. */
import { utf8Encode } from '../bytes/bytes.ts';
import { copyToSlab } from '../bytes/slab.ts';
import {
  builtInKeyCodec,
  type KeyCodec,
  type KeyEncoding,
  resolveKeyCodec,
} from '../codec/key-codec.ts';
import {
  builtInValueCodec,
  resolveValueCodec,
  type ValueCodec,
  type ValueEncoding,
} from '../codec/value-codec.ts';
import { LimitError } from '../errors.ts';
import { checkQuotaOptions, invalid, type QuotaOptions, type RangeOptions } from '../options.ts';
import type { Committer } from './committer.ts';
import type { Engine } from './engine.ts';
import { NAME_SIZE_MAX } from './limits.ts';
import { checkEncodings, type MapTarget, type PendingWrite } from './pending-write.ts';
import type { MapCodecs } from './reads.ts';
import { StoreMap } from './store-map.ts';

export interface MapOptions<K, V> {
  /** Default 'ordered': strings, numbers, booleans, null and arrays, in the order of their bytes. */
  readonly key?: KeyEncoding | KeyCodec<K>;
  /** Default 'cbor'. */
  readonly value?: ValueEncoding | ValueCodec<V>;
  /** Bytes of encoded keys and values; kept in the store from the next commit on. */
  readonly quota?: number;
}

export type Write =
  | {
      readonly type: 'put';
      readonly map: MapReference;
      readonly key: unknown;
      readonly value: unknown;
    }
  | { readonly type: 'remove'; readonly map: MapReference; readonly key: unknown }
  | { readonly type: 'clear'; readonly map: MapReference; readonly range?: RangeOptions<unknown> };

/** A map of this store, or the name of one. */
export type MapReference = string | { readonly name: string };

export class MapHandles {
  readonly #engine: Engine;
  readonly #committer: Committer;
  readonly #maps = new Map<string, StoreMap<unknown, unknown>>();
  /** Of maps that are not there yet: set when somebody asks for the map, with its encodings. */
  readonly #quotaWishes = new Map<string, number>();

  constructor(engine: Engine, committer: Committer) {
    this.#engine = engine;
    this.#committer = committer;
    engine.codecsOf = (target) => this.codecsOf(target);
  }

  /** As `Store.map` says. */
  handle<K, V>(name: string, options: MapOptions<K, V>): StoreMap<K, V> {
    this.#engine.requireOpen();
    checkName(name);
    const stored = this.#target(name);
    const key = resolveKeyCodec((options.key ?? stored?.keyEncoding ?? 'ordered') as KeyEncoding);
    const value = resolveValueCodec(
      (options.value ?? stored?.valueEncoding ?? 'cbor') as ValueEncoding,
    );
    if (stored !== undefined) {
      checkEncodings({ name, keyEncoding: key.name, valueEncoding: value.name }, stored);
    }
    checkName(key.name);
    checkName(value.name);
    const codecs = { name, key: key as KeyCodec<unknown>, value: value as ValueCodec<unknown> };
    const known = this.#maps.get(name);
    const isSame = options.key === undefined && options.value === undefined;
    const map =
      known !== undefined && isSame ? known : new StoreMap(this.#engine, this.#committer, codecs);
    this.#maps.set(name, map);
    this.#grantWish(map.target, options.quota);
    return map as unknown as StoreMap<K, V>;
  }

  /** Of a handle that fits the map; else the built-in ones, where it has such. */
  codecsOf(target: MapTarget): MapCodecs<unknown, unknown> | undefined {
    const { name, keyEncoding, valueEncoding } = target;
    const handle = this.#maps.get(name);
    if (handle !== undefined && isSameTarget(handle.target, target)) {
      return handle.codecsIn(this.#engine);
    }
    const key = builtInKeyCodec(keyEncoding);
    const value = builtInValueCodec(valueEncoding);
    return key === undefined || value === undefined ? undefined : { name, key, value };
  }

  /** As `Inside.encodedMap` says. Throws INVALID_ARGUMENT, LIMIT, MAP_ENCODING_MISMATCH. */
  encoded(target: MapTarget): StoreMap<Uint8Array, Uint8Array> {
    const { name, keyEncoding, valueEncoding } = target;
    for (const text of [name, keyEncoding, valueEncoding]) checkName(text);
    this.#checkTarget(target);
    const codecs = { name, key: asEncoded(keyEncoding), value: asEncoded(valueEncoding) };
    return new StoreMap(this.#engine, this.#committer, codecs);
  }

  /** As `Inside.admit` says. Throws INVALID_ARGUMENT, MAP_ENCODING_MISMATCH. */
  admit(target: MapTarget): MapCodecs<unknown, unknown> | undefined {
    this.#checkTarget(target);
    const codecs = this.codecsOf(target);
    if (codecs !== undefined) this.#grantWish(target);
    return codecs;
  }

  forget(name: string): void {
    this.#maps.delete(name);
  }

  /** Throws INVALID_ARGUMENT, KEY_INVALID, VALUE_INVALID, LIMIT. */
  encode(writes: Iterable<Write>): PendingWrite[] {
    const pending: PendingWrite[] = [];
    for (const write of writes) {
      for (const one of this.#encode(write)) pending.push(one);
    }
    return pending;
  }

  /** Only what differs from what the store has. */
  quotaWrites(quota: QuotaOptions): PendingWrite[] {
    const { catalog } = this.#engine.state;
    const writes: PendingWrite[] = [];
    if (quota.bytes !== undefined && quota.bytes !== catalog.quota) {
      writes.push({ type: 'quota', target: undefined, bytes: quota.bytes });
    }
    for (const [name, bytes] of Object.entries(quota.maps ?? {})) {
      const target = this.#target(name);
      if (target === undefined) this.#quotaWishes.set(name, bytes);
      else if (catalog.named(name)?.quota !== bytes) writes.push({ type: 'quota', target, bytes });
    }
    return writes;
  }

  #encode(write: Write): PendingWrite[] {
    const map = this.#mapOf(write);
    switch (write.type) {
      case 'put':
        return [map.writeOf('put', write.key, write.value)];
      case 'remove':
        return [map.writeOf('remove', write.key)];
      case 'clear':
        return map.clearWrites(write.range);
      default:
        throw invalid(`a write is put, remove or clear, not ${String((write as Write).type)}`);
    }
  }

  #mapOf(write: Write): StoreMap<unknown, unknown> {
    const reference = (write as Write | undefined)?.map;
    const name = typeof reference === 'string' ? reference : reference?.name;
    if (name === undefined) throw invalid('a write names its map');
    if (reference instanceof StoreMap) return reference;
    return this.#maps.get(name) ?? this.handle(name, {});
  }

  /** What is stored of a map, or was asked for by an earlier handle. */
  #target(name: string): MapTarget | undefined {
    return this.#engine.state.catalog.named(name) ?? this.#maps.get(name)?.target;
  }

  #checkTarget(target: MapTarget): void {
    const known = this.#target(target.name);
    if (known !== undefined) checkEncodings(target, known);
  }

  #grantWish(target: MapTarget, asked = this.#quotaWishes.get(target.name)): void {
    this.#quotaWishes.delete(target.name);
    if (asked !== undefined) this.#setQuota(target, asked);
  }

  #setQuota(target: MapTarget, bytes: number): void {
    const engine = this.#engine;
    checkQuotaOptions({ bytes });
    if (engine.state.catalog.named(target.name)?.quota === bytes) return;
    this.#committer.commit([{ type: 'quota', target, bytes }]).catch((error: unknown) => {
      engine.report({ type: 'error', message: `the quota of ${target.name} was not set`, error });
    });
  }
}

function asEncoded(name: string): KeyCodec<Uint8Array> & ValueCodec<Uint8Array> {
  return { name, encode: (bytes) => bytes, decode: copyToSlab };
}

function isSameTarget(left: MapTarget, right: MapTarget): boolean {
  return left.keyEncoding === right.keyEncoding && left.valueEncoding === right.valueEncoding;
}

/** Throws INVALID_ARGUMENT, LIMIT. */
export function checkName(name: unknown): void {
  if (typeof name !== 'string' || name === '') throw invalid('a name is a text that is not empty');
  const size = utf8Encode(name).length;
  if (size <= NAME_SIZE_MAX) return;
  throw new LimitError(`the name takes ${size} bytes, the limit is ${NAME_SIZE_MAX}`);
}
