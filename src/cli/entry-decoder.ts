/** From an entry of a dump to a write that the store will take, or the line that it will not. */
import { type KeyCodec, resolveKeyCodec } from '../codec/key-codec.ts';
import { resolveValueCodec, type ValueCodec } from '../codec/value-codec.ts';
import { KEY_SIZE_MAX, VALUE_SIZE_MAX } from '../store/limits.ts';
import { DumpError, type DumpMap } from './dump-format.ts';
import type { NumberedEntry } from './dump-reader.ts';
import { mapCodecs } from './map-handle.ts';
import { type ValueForm, valueForm } from './value-form.ts';
import { fromJson } from './value-text.ts';

export interface LoadedEntry {
  readonly map: string;
  readonly key: unknown;
  readonly value: unknown;
  /** Of the encoded key and value, in bytes. */
  readonly size: number;
}

interface MapDecoder {
  readonly key: KeyCodec<unknown>;
  readonly value: ValueCodec<unknown>;
  readonly form: ValueForm;
}

export class EntryDecoder {
  readonly #maps: ReadonlyMap<string, MapDecoder>;

  /** Throws DumpError. */
  constructor(maps: readonly DumpMap[]) {
    this.#maps = new Map(maps.map((map) => [map.name, decoderOf(map)]));
  }

  /** Throws DumpError. */
  decode(entry: NumberedEntry): LoadedEntry {
    const { map, line } = entry;
    const decoder = this.#maps.get(map);
    if (decoder === undefined) {
      throw new DumpError(line, `map ${JSON.stringify(map)} is not in the header`);
    }
    try {
      const key = fromJson(entry.key);
      const value = decoder.form.fromJson(entry.value);
      return { map, key, value, size: sizeOf(decoder, key, value) };
    } catch (error) {
      throw new DumpError(line, error instanceof Error ? error.message : String(error), error);
    }
  }
}

function decoderOf(map: DumpMap): MapDecoder {
  try {
    const codecs = mapCodecs(map);
    return {
      key: resolveKeyCodec(codecs.key),
      value: resolveValueCodec(codecs.value),
      form: valueForm(map.valueEncoding),
    };
  } catch (error) {
    throw new DumpError(1, error instanceof Error ? error.message : String(error), error);
  }
}

function sizeOf(decoder: MapDecoder, key: unknown, value: unknown): number {
  const keySize = decoder.key.encode(key).length;
  if (keySize > KEY_SIZE_MAX) throw new Error(`the key takes ${keySize} bytes of ${KEY_SIZE_MAX}`);
  const valueSize = decoder.value.encode(value).length;
  if (valueSize > VALUE_SIZE_MAX) {
    throw new Error(`the value takes ${valueSize} bytes of ${VALUE_SIZE_MAX}`);
  }
  return keySize + valueSize;
}
