/** Which map an id in a WAL stands for, gathered from the files that define maps. */
import { toHex } from '../bytes/bytes.ts';
import { resolveKeyCodec } from '../codec/key-codec.ts';
import { resolveValueCodec } from '../codec/value-codec.ts';
import { type MapEncodings, mapCodecs } from './map-handle.ts';
import { toJson } from './value-text.ts';

const TEXT_LENGTH_MAX = 1000;

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
    return this.#text(id, bytes, (map) => resolveKeyCodec(mapCodecs(map).key).decode(bytes));
  }

  /** The same for values, cut where they are long. */
  valueText(id: number, bytes: Uint8Array): string {
    const shown = bytes.length > TEXT_LENGTH_MAX ? undefined : bytes;
    if (shown === undefined) return `0x${toHex(bytes.subarray(0, TEXT_LENGTH_MAX / 2))}…`;
    return this.#text(id, bytes, (map) => resolveValueCodec(mapCodecs(map).value).decode(bytes));
  }

  #text(id: number, bytes: Uint8Array, decode: (map: MapEncodings) => unknown): string {
    const map = this.#maps.get(id);
    try {
      if (map !== undefined) return JSON.stringify(toJson(decode(map)));
    } catch {
      // Not what the map's encoding writes: the bytes say what they are.
    }
    return `0x${toHex(bytes)}`;
  }
}
