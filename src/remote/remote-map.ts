/** One map of a store that is elsewhere. */
import {
  checkDurability,
  checkToken,
  invalid,
  type PutOptions,
  type RangeOptions,
  requireWhole,
  type WriteOptions,
} from '../options.ts';
import type { Commit } from '../store/commit-request.ts';
import { checkClearedRange } from '../store/range.ts';
import type { MapCodecs } from '../store/reads.ts';
import { WriteEncoder } from '../store/write-encoder.ts';
import type { Link } from './link.ts';
import type { RequestOf, WireWrite } from './protocol.ts';
import { NEWEST, RemoteMapReads, toWireSelection } from './remote-reads.ts';

/** As `StoreMap`, with promises: keys and values are encoded before a call returns. */
export class RemoteMap<K, V> extends RemoteMapReads<K, V> {
  readonly #link: Link;
  readonly #codecs: MapCodecs<K, V>;
  readonly #encoder: WriteEncoder<K, V>;

  /** For the store: use `RemoteStore.map`. */
  constructor(link: Link, codecs: MapCodecs<K, V>) {
    super(link, codecs, NEWEST);
    this.#link = link;
    this.#codecs = codecs;
    this.#encoder = new WriteEncoder(codecs);
  }

  /** With `ifAbsent` or `ifSequence`: CONFLICT unless it is so when the turn of the commit comes. */
  async put(key: K, value: V, options?: PutOptions): Promise<Commit> {
    const condition = conditionOf(options);
    return commit(this.#link, [this.writeOf('put', key, value)], { ...options, condition });
  }

  /** A missing key is fine. */
  async remove(key: K, options?: WriteOptions): Promise<Commit> {
    return commit(this.#link, [this.writeOf('remove', key)], options);
  }

  /** Removes the keys of the range, or all. */
  async clear(range?: RangeOptions<K>, options?: WriteOptions): Promise<Commit> {
    return commit(this.#link, [this.clearOf(range)], options);
  }

  /** Encodes a write. Throws KEY_INVALID, VALUE_INVALID, LIMIT. */
  writeOf(type: 'put' | 'remove', key: K, value?: V): WireWrite {
    const map = this.#id;
    if (type === 'remove') return { type, map, key: this.#encoder.remove(key).key };
    const put = this.#encoder.put(key, value as V);
    return { type, map, key: put.key, value: put.value };
  }

  /** Throws INVALID_ARGUMENT, KEY_INVALID, LIMIT. */
  clearOf(range?: RangeOptions<K>): WireWrite {
    const selection = checkClearedRange(range, this.#codecs.key);
    return { type: 'clear', map: this.#id, range: toWireSelection(selection) };
  }

  /** What its keys and values are encoded with. Throws INVALID_ARGUMENT for a map of another store. */
  codecsIn(link: Link): MapCodecs<K, V> {
    if (link === this.#link) return this.#codecs;
    throw invalid(`map ${JSON.stringify(this.name)} is of another store`);
  }

  get #id(): number {
    return this.#link.mapId(this.#codecs as unknown as MapCodecs<unknown, unknown>);
  }
}

type WireCondition = RequestOf<'commit'>['condition'];

/** Throws INVALID_ARGUMENT, LIMIT. */
export function commit(
  link: Link,
  writes: readonly WireWrite[],
  options: (WriteOptions & { readonly condition?: WireCondition }) | undefined,
): Promise<Commit> {
  const fields = { writes, ...wireOptions(options), condition: options?.condition };
  return link.call('commit', fields, writes.length + 1);
}

/** Throws INVALID_ARGUMENT. */
export function wireOptions(options: WriteOptions | undefined): {
  readonly durability: WriteOptions['durability'];
  readonly token: Uint8Array | undefined;
} {
  const { durability, token } = options ?? {};
  return {
    durability: durability === undefined ? undefined : checkDurability(durability),
    token: token === undefined ? undefined : checkToken(token),
  };
}

/** Throws INVALID_ARGUMENT. */
function conditionOf(options: PutOptions | undefined): WireCondition {
  const { ifAbsent, ifSequence } = options ?? {};
  if (ifAbsent !== undefined && ifSequence !== undefined) {
    throw invalid('a put is either ifAbsent or ifSequence');
  }
  if (ifSequence !== undefined) {
    return { type: 'sequence', sequence: requireWhole('ifSequence', ifSequence, 1) };
  }
  if (ifAbsent === undefined) return undefined;
  if (ifAbsent === true) return { type: 'absent' };
  throw invalid(`ifAbsent is ${String(ifAbsent)}, where true is expected`);
}
