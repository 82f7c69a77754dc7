/** What a store holds, as text: equal for equal states, and entry by entry. */
import { createHash } from 'node:crypto';
import { toHex } from '../../../src/bytes/bytes.ts';
import { mapCodecs } from '../../../src/cli/map-handle.ts';
import { resolveKeyCodec } from '../../../src/codec/key-codec.ts';
import { resolveValueCodec } from '../../../src/codec/value-codec.ts';
import { CorruptionError, type MapStats, type Store, type StoreStats } from '../../../src/index.ts';

/** All that the lives of the golden stores use. */
const TOKENS = ['first', 'second', 'third', 'fourth'] as const;

/** The largest value that is written out. */
const SIZE_SHOWN_MAX = 1 << 20;

/** In place of an entry. */
export const MISSING = 'nothing under a known key';

export interface StoredEntry {
  readonly map: string;
  readonly key: unknown;
  /** Map, key, value and the commit that wrote it. */
  readonly text: string;
}

export interface StoredState {
  /** All of it: sequence id, maps, figures, tokens, entries. */
  readonly text: string;
  readonly entries: readonly StoredEntry[];
}

/** Reads the keys in their order, and each entry by its key. Throws what reads throw. */
export function readState(store: Store): StoredState {
  const stats = store.stats();
  const entries = sortedMaps(stats).flatMap(([name, map]) => {
    const texts = new MapTexts(store, name, map);
    return texts.keys().map((key) => ({ map: name, key, text: texts.entry(key) ?? 'is gone' }));
  });
  const texts = entries.map(({ text }) => text);
  return { text: [headText(store, stats), ...texts].join('\n'), entries };
}

/** What no block of a snapshot is read for. */
export function headText(store: Store, stats = store.stats()): string {
  const tokens = TOKENS.map((token) => store.outcomeOf(token));
  const { sequence } = store.info;
  return JSON.stringify([sequence, store.maps, sortedMaps(stats), stats.byteQuota, tokens]);
}

/**
 * The entries of maps that are damaged in places, as far as they can be read by their keys: those
 * of `known` that are there, and MISSING for the others. Throws whatever is not CORRUPT.
 */
export function readableEntries(store: Store, known: readonly StoredEntry[]): string[] {
  const { maps } = store.stats();
  return known.flatMap(({ map, key }) => {
    const stats = maps[map];
    if (stats === undefined) return [];
    try {
      return [new MapTexts(store, map, stats).entry(key) ?? MISSING];
    } catch (error) {
      if (error instanceof CorruptionError) return [];
      throw error;
    }
  });
}

function sortedMaps({ maps }: StoreStats): [string, MapStats][] {
  return Object.entries(maps).sort(([left], [right]) => (left < right ? -1 : 1));
}

class MapTexts {
  readonly #name: string;
  readonly #codecs: ReturnType<typeof mapCodecs>;
  readonly #map: ReturnType<Store['map']>;

  constructor(store: Store, name: string, stats: MapStats) {
    this.#name = name;
    this.#codecs = mapCodecs({ name, ...stats });
    this.#map = store.map(name, this.#codecs);
  }

  keys(): unknown[] {
    return [...this.#map.getKeys()];
  }

  entry(key: unknown): string | undefined {
    const entry = this.#map.getEntry(key);
    if (entry === undefined) return undefined;
    const keyText = textOf(key, (other) => resolveKeyCodec(this.#codecs.key).encode(other));
    const value = textOf(entry.value, (other) =>
      resolveValueCodec(this.#codecs.value).encode(other),
    );
    return `${this.#name}/${keyText}=${value}@${entry.sequence}`;
  }
}

/** Text as it is, for thousands of stores are read; what is very large by its digest. */
function textOf(stored: unknown, encode: (stored: unknown) => Uint8Array): string {
  if (typeof stored === 'string') return `"${stored}"`;
  const bytes = encode(stored);
  if (bytes.length <= SIZE_SHOWN_MAX) return toHex(bytes);
  return `${bytes.length} bytes of ${createHash('sha256').update(bytes).digest('hex')}`;
}
