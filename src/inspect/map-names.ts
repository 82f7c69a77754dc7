/** Which map an id in a WAL stands for, gathered from the files that define maps. */
import { builtInKeyCodec } from '../codec/key-codec.ts';
import { builtInValueCodec } from '../codec/value-codec.ts';
import { decodeIf } from '../store/change.ts';

export interface NamedMap {
  readonly name: string;
  readonly keyEncoding: string;
  readonly valueEncoding: string;
}

export class MapNames {
  readonly #maps = new Map<number, NamedMap>();

  define(id: number, { name, keyEncoding, valueEncoding }: NamedMap): void {
    this.#maps.set(id, { name, keyEncoding, valueEncoding });
  }

  /** The map under `id` goes on under `next`. */
  goOn(id: number, next: number): void {
    const map = this.#maps.get(id);
    if (map !== undefined) this.#maps.set(next, map);
  }

  nameOf(id: number): string | undefined {
    return this.#maps.get(id)?.name;
  }

  /** A copy of the bytes where the map is not known, or has an encoding of the program's own. */
  keyOf(id: number, bytes: Uint8Array): unknown {
    return decodeIf(bytes.slice(), builtInKeyCodec(this.#maps.get(id)?.keyEncoding ?? ''));
  }

  /** The same for values. */
  valueOf(id: number, bytes: Uint8Array): unknown {
    return decodeIf(bytes.slice(), builtInValueCodec(this.#maps.get(id)?.valueEncoding ?? ''));
  }
}
