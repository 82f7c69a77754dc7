/**
 * Values as JSON text in UTF-8. What JSON.stringify turns into something else inside a value (a
 * Date into a string, undefined into nothing) is the caller's choice of this encoding; a value that
 * as a whole has no JSON is refused.
 */
import { utf8Decode, utf8Encode } from '../bytes/bytes.ts';
import { UsageError } from '../errors.ts';
import { describeValue } from './text.ts';

export const jsonValue = { name: 'json', encode: encodeJson, decode: decodeJson };

function encodeJson(value: unknown): Uint8Array {
  const text = stringify(value);
  const isNotANumber = typeof value === 'number' && !Number.isFinite(value);
  if (text === undefined || isNotANumber) throw refusal(`${describeValue(value)} has no JSON`);
  return utf8Encode(text);
}

function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(utf8Decode(bytes));
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw refusal(String(cause), cause);
  }
}

function refusal(reason: string, cause?: unknown): UsageError {
  return new UsageError('VALUE_INVALID', `not storable as JSON: ${reason}`, { cause });
}
