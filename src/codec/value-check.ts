/** Whether bytes that come from elsewhere are a value, at no more cost than their size. */
import { checkCborValue } from './cbor-check.ts';
import { cborValue } from './cbor-value.ts';
import { checkJsonValue } from './json-check.ts';
import { jsonValue } from './json-value.ts';
import type { ValueCodec } from './value-codec.ts';

const CHECKS: ReadonlyMap<unknown, (bytes: Uint8Array) => void> = new Map([
  [cborValue, checkCborValue],
  [jsonValue, checkJsonValue],
]);

/** Throws on what the codec does not decode. A codec of a user's decodes it: nobody else can tell. */
export function checkValue(codec: ValueCodec<unknown>, bytes: Uint8Array): void {
  const check = CHECKS.get(codec);
  if (check === undefined) codec.decode(bytes);
  else check(bytes);
}
