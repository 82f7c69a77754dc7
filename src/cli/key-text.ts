/** A key as it is typed on a command line. */
import { fromHex } from '../bytes/bytes.ts';
import { resolveKeyCodec } from '../codec/key-codec.ts';
import { UsageError } from '../errors.ts';
import { isKeyEncoding } from './map-handle.ts';
import { fromJson } from './value-text.ts';

export const KEY_HELP = `  A KEY is JSON where the map's keys are ordered and the text is JSON: 7, true, '["a", 1]',
  '"7"', '{"$bigint": "7"}'. Any other text is a string. Behind -- a KEY may begin with a dash.
  --hex            KEYs are encoded keys in hex: the only way to name keys that are bytes`;

/** Throws KEY_INVALID, TextError. */
export function parseKey(
  text: string,
  form: { readonly keyEncoding: string; readonly isHex: boolean },
): unknown {
  const { keyEncoding, isHex } = form;
  if (isHex) return keyOfHex(text, keyEncoding);
  if (keyEncoding === 'utf8') return text;
  if (keyEncoding !== 'ordered') {
    throw invalidKey(
      `the keys of this map are bytes (${keyEncoding}): give them in hex, with --hex`,
    );
  }
  const json = parseJson(text);
  return json === undefined ? text : fromJson(json);
}

function keyOfHex(text: string, keyEncoding: string): unknown {
  const bytes = fromHex(text);
  if (bytes === undefined) throw invalidKey(`${JSON.stringify(text)} is not hex`);
  if (!isKeyEncoding(keyEncoding)) return bytes;
  try {
    return resolveKeyCodec(keyEncoding).decode(bytes);
  } catch (error) {
    throw new UsageError('KEY_INVALID', `${text} is no key encoded as ${keyEncoding}`, {
      cause: error,
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalidKey(reason: string): UsageError {
  return new UsageError('KEY_INVALID', reason);
}
