/** Maps by what is stored of them. Those of a program's own codec are read and written as bytes. */
import type { KeyCodec, KeyEncoding } from '../codec/key-codec.ts';
import type { ValueCodec, ValueEncoding } from '../codec/value-codec.ts';
import { UsageError } from '../errors.ts';
import type { StoreMap } from '../store/store-map.ts';
import type { Store } from '../store.ts';

export interface MapEncodings {
  readonly name: string;
  readonly keyEncoding: string;
  readonly valueEncoding: string;
}

const KEY_ENCODINGS: { readonly [name in KeyEncoding]: true } = {
  ordered: true,
  utf8: true,
  binary: true,
};
const VALUE_ENCODINGS: { readonly [name in ValueEncoding]: true } = {
  cbor: true,
  json: true,
  utf8: true,
  binary: true,
};

/** Throws NOT_FOUND. */
export function storedMap(store: Store, name: string): MapEncodings {
  const { maps } = store.stats();
  const stored = Object.hasOwn(maps, name) ? maps[name] : undefined;
  if (stored !== undefined) return { name, ...stored };
  const known = store.maps.map((map) => JSON.stringify(map)).join(', ');
  throw new UsageError(
    'NOT_FOUND',
    `there is no map ${JSON.stringify(name)}; there is ${known === '' ? 'none' : known}`,
  );
}

export function openMap(store: Store, map: MapEncodings): StoreMap<unknown, unknown> {
  return store.map(map.name, mapCodecs(map));
}

export function mapCodecs(map: MapEncodings): {
  readonly key: KeyEncoding | KeyCodec<unknown>;
  readonly value: ValueEncoding | ValueCodec<unknown>;
} {
  const { keyEncoding, valueEncoding } = map;
  return {
    key: isKeyEncoding(keyEncoding) ? keyEncoding : { ...bytesCodec(keyEncoding), prefixOf: asIs },
    value: isValueEncoding(valueEncoding) ? valueEncoding : bytesCodec(valueEncoding),
  };
}

export function isKeyEncoding(name: string): name is KeyEncoding {
  return Object.hasOwn(KEY_ENCODINGS, name);
}

function isValueEncoding(name: string): name is ValueEncoding {
  return Object.hasOwn(VALUE_ENCODINGS, name);
}

function bytesCodec(name: string): ValueCodec<unknown> {
  return { name, encode: asIs, decode: (bytes) => bytes };
}

/** What is no bytes is refused by the store's guard around the codecs of others. */
function asIs(bytes: unknown): Uint8Array {
  return bytes as Uint8Array;
}
