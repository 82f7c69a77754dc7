/** Keys and values of a kvstore: whatever is passed becomes text, as it does in level's utf8. */
import { isByteArray } from '../codec/binary.ts';

const UNPAIRED_SURROGATES = /\p{Surrogate}/gu;
const lossyDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Throws an Error with level's words for a key that is none. */
export function keyText(key: unknown): string {
  if (key === null || key === undefined) throw new Error('key cannot be `null` or `undefined`');
  if (key === '') throw new Error('key cannot be an empty String');
  if (isByteArray(key) && key.length === 0) throw new Error('key cannot be an empty Buffer');
  if (Array.isArray(key) && key.length === 0) throw new Error('key cannot be an empty Array');
  return textOf(key);
}

/** Throws an Error with level's words for a value that is none. */
export function valueText(value: unknown): string {
  if (value !== null && value !== undefined) return textOf(value);
  throw new Error('value cannot be `null` or `undefined`');
}

/** What UTF-8 has no bytes for becomes U+FFFD, as it would on its way to a disk. */
export function textOf(value: unknown): string {
  if (isByteArray(value)) return lossyDecoder.decode(value);
  return String(value).replace(UNPAIRED_SURROGATES, '\uFFFD');
}
