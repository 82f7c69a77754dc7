/** Text as its UTF-8 bytes, for keys and for values: keys sort by code point. */
import { utf8Decode, utf8Encode } from '../bytes/bytes.ts';
import { UsageError } from '../errors.ts';
import type { Codec, CodecErrorCode } from './codec.ts';
import { describeValue, isWellFormed } from './text.ts';

export const utf8Key = { ...utf8Codec('KEY_INVALID'), prefixOf: encoder('KEY_INVALID') };
export const utf8Value = utf8Codec('VALUE_INVALID');

function utf8Codec(code: CodecErrorCode): Codec<string> {
  return { name: 'utf8', encode: encoder(code), decode: utf8Decode };
}

function encoder(code: CodecErrorCode): (text: string) => Uint8Array {
  return (text) => {
    if (typeof text !== 'string') {
      throw new UsageError(code, `expected a string, got ${describeValue(text)}`);
    }
    if (isWellFormed(text)) return utf8Encode(text);
    throw new UsageError(code, 'text with an unpaired surrogate would not read back as it is');
  };
}
