/**
 * Values as CBOR: undefined inside a value, null, booleans, numbers, bigints, strings, Uint8Array
 * and the other typed arrays, Date, Map, Set, arrays and plain objects, nested. Equal values with
 * their keys in the same order give equal bytes. A Buffer reads back as the Uint8Array it is, an
 * object without a prototype as one with it. Everything else is refused.
 */
import { decodeCborValue } from './cbor-decoder.ts';
import { CborEncoder } from './cbor-encoder.ts';

let idleEncoder: CborEncoder | undefined;

export const cborValue = { name: 'cbor', encode: encodeCborValue, decode: decodeCborValue };

function encodeCborValue(value: unknown): Uint8Array {
  // A getter of the value may store another one meanwhile: that gets an encoder of its own.
  const encoder = idleEncoder ?? new CborEncoder();
  idleEncoder = undefined;
  try {
    return encoder.encode(value);
  } finally {
    idleEncoder = encoder;
  }
}
