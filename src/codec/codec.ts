/** What key codecs and value codecs have in common. */

export interface Codec<T> {
  readonly name: string;
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

export type CodecErrorCode = 'KEY_INVALID' | 'VALUE_INVALID';
