/** How a map turns its keys into bytes and back. The order of a map is the order of these bytes. */
import { UsageError } from '../errors.ts';
import { binaryKey } from './binary.ts';
import { GuardedCodec, requireOwnName } from './guarded.ts';
import { orderedKey } from './ordered-key.ts';
import { utf8Key } from './utf8.ts';

export interface KeyCodec<K> {
  /** Stored with the map; opening the map with another name is refused. */
  readonly name: string;
  /** Equal keys give equal bytes, different keys different bytes. */
  encode(key: K): Uint8Array;
  /** Undoes `encode`. Throws on bytes that `encode` never gives. */
  decode(bytes: Uint8Array): K;
  /** The bytes that all keys under `prefix`, and no others, start with. */
  prefixOf?(prefix: K): Uint8Array;
}

export type KeyEncoding = 'ordered' | 'utf8' | 'binary';

const BUILT_IN: ReadonlyMap<string, KeyCodec<unknown>> = new Map(
  [orderedKey, utf8Key, binaryKey].map((codec) => [codec.name, codec as KeyCodec<unknown>]),
);
const BUILT_IN_NAMES: ReadonlySet<string> = new Set(BUILT_IN.keys());

/** Undefined for a name that is not one of ours. */
export function builtInKeyCodec(name: string): KeyCodec<unknown> | undefined {
  return BUILT_IN.get(name);
}

/** The codec that `MapOptions.key` asks for; a user's codec comes back guarded. */
export function resolveKeyCodec(choice: KeyEncoding | KeyCodec<unknown>): KeyCodec<unknown> {
  if (typeof choice === 'object' && choice !== null) return guard(choice);
  const codec = BUILT_IN.get(choice);
  if (codec !== undefined) return codec;
  throw new UsageError(
    'INVALID_ARGUMENT',
    `unknown key encoding ${JSON.stringify(choice)}: use ${[...BUILT_IN_NAMES].join(', ')} or a codec`,
  );
}

function guard(codec: KeyCodec<unknown>): KeyCodec<unknown> {
  requireOwnName(codec, BUILT_IN_NAMES);
  const guarded = new GuardedCodec(codec, 'KEY_INVALID');
  const { prefixOf } = codec;
  if (prefixOf === undefined) return guarded;
  return {
    name: codec.name,
    encode: (key) => guarded.encode(key),
    decode: (bytes) => guarded.decode(bytes),
    prefixOf: (prefix) => guarded.ownedBytes('prefixOf', () => prefixOf.call(codec, prefix)),
  };
}
