/** A store as plain data: what the engine must hold after the same calls. */
import { resolveKeyCodec } from '../../src/codec/key-codec.ts';
import { resolveValueCodec } from '../../src/codec/value-codec.ts';
import type { MapOptions } from '../../src/store/map-handles.ts';

export const KEY_COUNT = 16;

interface PlainMap {
  readonly name: string;
  readonly options: MapOptions<unknown, unknown>;
  /** Keys ascend with their index. */
  key(index: number): unknown;
  value(number: number): unknown;
}

const padded = (index: number): string => String(index).padStart(2, '0');

export const MAPS: readonly PlainMap[] = [
  {
    name: 'ordered',
    options: {},
    key: (index) => (index < 6 ? index - 2.5 : index < 12 ? `k${padded(index)}` : ['z', index]),
    value: (number) => (number % 3 === 0 ? BigInt(number) : { number, text: 'x'.repeat(number) }),
  },
  {
    name: '__proto__',
    options: { key: 'utf8', value: 'json' },
    key: (index) => `key ${padded(index)}`,
    value: (number) => [number, 'ü'],
  },
  {
    name: 'bytes',
    options: { key: 'binary', value: 'binary' },
    key: (index) => Uint8Array.of(index, 0),
    value: (number) => new Uint8Array(4 * number).fill(number),
  },
];

export type PlainWrite =
  | { readonly type: 'put'; readonly map: number; readonly key: number; readonly value: number }
  | { readonly type: 'remove'; readonly map: number; readonly key: number }
  | { readonly type: 'clear'; readonly map: number; readonly start: number; readonly end: number };

export class PlainStore {
  readonly #maps: Map<number, number>[];

  constructor(maps: readonly ReadonlyMap<number, number>[] = MAPS.map(() => new Map())) {
    this.#maps = maps.map((map) => new Map(map));
  }

  fork(): PlainStore {
    return new PlainStore(this.#maps);
  }

  get(map: number, key: number): number | undefined {
    return this.#maps[map]?.get(key);
  }

  count(map: number, start: number, end: number): number {
    const keys = [...(this.#maps[map]?.keys() ?? [])];
    return keys.filter((key) => key >= start && key < end).length;
  }

  apply(write: PlainWrite): void {
    const map = this.#maps[write.map] as Map<number, number>;
    if (write.type === 'put') map.set(write.key, write.value);
    else if (write.type === 'remove') map.delete(write.key);
    else for (let key = write.start; key < write.end; key++) map.delete(key);
  }

  /** Of encoded keys and values. */
  get bytes(): number {
    let bytes = 0;
    for (const [map, entries] of this.#maps.entries()) {
      for (const [key, value] of entries) bytes += entrySize(map, key, value);
    }
    return bytes;
  }

  /** Equal for equal contents; the entries of each map in order. */
  get text(): string {
    return JSON.stringify(this.#maps.map((map) => [...map].sort(([a], [b]) => a - b)));
  }
}

const sizes = new Map<string, number>();

function entrySize(map: number, key: number, value: number): number {
  const name = `${map} ${key} ${value}`;
  const known = sizes.get(name);
  if (known !== undefined) return known;
  const plain = MAPS[map] as PlainMap;
  const keys = resolveKeyCodec((plain.options.key ?? 'ordered') as 'ordered');
  const values = resolveValueCodec((plain.options.value ?? 'cbor') as 'cbor');
  const size = keys.encode(plain.key(key)).length + values.encode(plain.value(value)).length;
  sizes.set(name, size);
  return size;
}
