/** Text in UTF-8, and what keeps a text from reading back as it was. */
import { utf8Decode } from '../bytes/bytes.ts';

const UNPAIRED_SURROGATE = /\p{Surrogate}/u;
/** Up to this size a loop beats the host's decoder. */
const SHORT_SIZE_MAX = 32;

/** False for a text with an unpaired surrogate, for which UTF-8 has no bytes. */
export function isWellFormed(text: string): boolean {
  return !UNPAIRED_SURROGATE.test(text);
}

/** Throws TypeError on bytes that are not UTF-8. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  const text = end - start <= SHORT_SIZE_MAX ? readShortAscii(bytes, start, end) : undefined;
  return text ?? utf8Decode(bytes.subarray(start, end));
}

function readShortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  for (let offset = start; offset < end; offset++) {
    const byte = bytes[offset] as number;
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Names what a caller passed, for a message: `an array`, `undefined`, `a value of class Date`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== 'Object' ? `a value of class ${name}` : 'an object';
}
