/** The two forms in which abstract-level hands over keys and values: text, and bytes. */
import { utf8Encode } from '../bytes/bytes.ts';
import { readText } from '../codec/text.ts';

const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

export type Format = 'utf8' | 'view';
export type Encoded = string | Uint8Array;

/** As everywhere in Level, unpaired surrogates become U+FFFD. */
export function toBytes(encoded: Encoded): Uint8Array {
  return typeof encoded === 'string' ? utf8Encode(encoded) : encoded;
}

/** Bytes that are not UTF-8 may well be read as text: they were written with another encoding. */
export function toFormat(bytes: Uint8Array, format: Format): Encoded {
  return format === 'utf8' ? textIn(bytes) : bytes;
}

function textIn(bytes: Uint8Array): string {
  try {
    return readText(bytes, 0, bytes.length);
  } catch {
    return lenientDecoder.decode(bytes);
  }
}
