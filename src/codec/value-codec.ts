/** How a map turns its values into bytes and back. */
import { UsageError } from '../errors.ts';
import { binaryValue } from './binary.ts';
import { cborValue } from './cbor-value.ts';
import { GuardedCodec, requireOwnName } from './guarded.ts';
import { jsonValue } from './json-value.ts';
import { utf8Value } from './utf8.ts';

export interface ValueCodec<V> {
  /** Stored with the map; opening the map with another name is refused. */
  readonly name: string;
  encode(value: V): Uint8Array;
  /** Undoes `encode`. Throws on bytes that `encode` never gives. */
  decode(bytes: Uint8Array): V;
}

export type ValueEncoding = 'cbor' | 'json' | 'utf8' | 'binary';

const BUILT_IN: ReadonlyMap<string, ValueCodec<unknown>> = new Map(
  [cborValue, jsonValue, utf8Value, binaryValue].map((codec) => [
    codec.name,
    codec as ValueCodec<unknown>,
  ]),
);
const BUILT_IN_NAMES: ReadonlySet<string> = new Set(BUILT_IN.keys());

/** Undefined for a name that is not one of ours. */
export function builtInValueCodec(name: string): ValueCodec<unknown> | undefined {
  return BUILT_IN.get(name);
}

/** The codec that `MapOptions.value` asks for; a user's codec comes back guarded. */
export function resolveValueCodec(
  choice: ValueEncoding | ValueCodec<unknown>,
): ValueCodec<unknown> {
  if (typeof choice === 'object' && choice !== null) {
    requireOwnName(choice, BUILT_IN_NAMES);
    return new GuardedCodec(choice, 'VALUE_INVALID');
  }
  const codec = BUILT_IN.get(choice);
  if (codec !== undefined) return codec;
  throw new UsageError(
    'INVALID_ARGUMENT',
    `unknown value encoding ${JSON.stringify(choice)}: use ${[...BUILT_IN_NAMES].join(', ')} or a codec`,
  );
}
