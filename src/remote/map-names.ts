/** What names maps on the ports of a link: a map keeps its name on every one of them. */
import type { KeyCodec } from '../codec/key-codec.ts';
import type { MapTarget } from '../store/pending-write.ts';
import type { MapCodecs } from '../store/reads.ts';
import type { RequestOf } from './protocol.ts';

export class MapNames {
  readonly #ids = new Map<string, number>();
  readonly #idsByCodecs = new WeakMap<object, number>();
  readonly #keyCodecs = new Map<string, KeyCodec<unknown>>();
  readonly #given: RequestOf<'name'>[] = [];
  readonly #give: (target: MapTarget) => number;

  /** `give`: tells the owner, and returns the id. */
  constructor(give: (target: MapTarget) => number) {
    this.#give = give;
  }

  /** All that were given, in the order of their ids. */
  get given(): readonly RequestOf<'name'>[] {
    return this.#given;
  }

  idOf(codecs: MapCodecs<unknown, unknown>): number {
    const cached = this.#idsByCodecs.get(codecs);
    if (cached !== undefined) return cached;
    const { name, key, value } = codecs;
    const place = JSON.stringify([name, key.name, value.name]);
    const id = this.#ids.get(place) ?? this.#new(place, codecs);
    this.#idsByCodecs.set(codecs, id);
    return id;
  }

  /** The key that a message is about, or its bytes. */
  decodeKey(map: string, key: Uint8Array): unknown {
    try {
      return this.#keyCodecs.get(map)?.decode(key) ?? key;
    } catch {
      return key;
    }
  }

  #new(place: string, { name, key, value }: MapCodecs<unknown, unknown>): number {
    const target = { name, keyEncoding: key.name, valueEncoding: value.name };
    const id = this.#give(target);
    this.#ids.set(place, id);
    this.#keyCodecs.set(name, key);
    this.#given.push({ type: 'name', id, ...target });
    return id;
  }
}
