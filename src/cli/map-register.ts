/** Which map an id in a WAL stands for, gathered from the files that define maps. */
import { toHex } from '../bytes/bytes.ts';
import { resolveKeyCodec } from '../codec/key-codec.ts';
import { resolveValueCodec } from '../codec/value-codec.ts';
import { type MapEncodings, mapCodecs } from './map-handle.ts';
import { valueForm } from './value-form.ts';
import { toJson } from './value-text.ts';

const SIZE_SHOWN_MAX = 512;

export class MapRegister {
  readonly #maps = new Map<number, MapEncodings>();

  define(id: number, { name, keyEncoding, valueEncoding }: MapEncodings): void {
    this.#maps.set(id, { name, keyEncoding, valueEncoding });
  }

  of(id: number): MapEncodings | undefined {
    return this.#maps.get(id);
  }

  /** As JSON; in hex where the map is not known or the bytes are not what it holds. */
  keyText(id: number, bytes: Uint8Array): string {
    return this.#text(id, bytes, (map) => {
      return toJson(resolveKeyCodec(mapCodecs(map).key).decode(bytes));
    });
  }

  /** The same for values, cut where they are long. */
  valueText(id: number, bytes: Uint8Array): string {
    if (bytes.length > SIZE_SHOWN_MAX) return `0x${toHex(bytes.subarray(0, SIZE_SHOWN_MAX))}…`;
    return this.#text(id, bytes, (map) => {
      const value = resolveValueCodec(mapCodecs(map).value).decode(bytes);
      return valueForm(map.valueEncoding).toJson(value);
    });
  }

  #text(id: number, bytes: Uint8Array, jsonOf: (map: MapEncodings) => unknown): string {
    const map = this.#maps.get(id);
    try {
      if (map !== undefined) return JSON.stringify(jsonOf(map));
    } catch {
      // Not what the map's encoding writes: the bytes say what they are.
    }
    return `0x${toHex(bytes)}`;
  }
}
