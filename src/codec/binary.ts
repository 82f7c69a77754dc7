/** Bytes as they are, for keys and for values: copied on the way in and on the way out. */
import { copyOut } from '../bytes/pool.ts';
import { copyToSlab } from '../bytes/slab.ts';
import { UsageError } from '../errors.ts';
import type { Codec, CodecErrorCode } from './codec.ts';
import { describeValue } from './text.ts';

export const binaryKey = { ...binaryCodec('KEY_INVALID'), prefixOf: encoder('KEY_INVALID') };
export const binaryValue = binaryCodec('VALUE_INVALID');

/** Also true for subclasses, and for arrays of another realm, where `instanceof` is not. */
export function isByteArray(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]'
  );
}

function binaryCodec(code: CodecErrorCode): Codec<Uint8Array> {
  return { name: 'binary', encode: encoder(code), decode: copyOut };
}

function encoder(code: CodecErrorCode): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    if (isByteArray(bytes)) return copyToSlab(bytes);
    throw new UsageError(code, `expected a Uint8Array, got ${describeValue(bytes)}`);
  };
}
