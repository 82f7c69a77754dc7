/**
 * How fields stand in a message. A message is one byte string: nothing of it has getters, prototypes
 * or memory that the other side can still change, and a reader takes exactly what it expects.
 *
 *     unsigned := groups of 7 bits, lowest first, 0x80 on all but the last, no needless last one
 *     bytes    := unsigned (size) byte*          text := bytes, in UTF-8
 *     flag     := 00 | 01                        optional := 00 | 01 field
 *     list     := unsigned (count) field*        record := field*
 *     choice   := unsigned (index)               variant := unsigned (index) record
 */
import { copyBytes, utf8Decode, utf8Encode } from '../bytes/bytes.ts';

/** Thrown on bytes that are no such message. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

const SIZE_AT_START = 1024;
const KEPT_SIZE_MAX = 1 << 20;

export class Sink {
  #bytes = new Uint8Array(SIZE_AT_START);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#size++] = value;
  }

  unsigned(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#size++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#size++] = rest;
  }

  bytes(value: Uint8Array): void {
    this.unsigned(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#size);
    this.#size += value.length;
  }

  /** Forgets what was written behind `size`. */
  cutBack(size: number): void {
    this.#size = size;
  }

  /** What was written, in a buffer of its own; begins again. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#size);
    this.#size = 0;
    if (this.#bytes.length > KEPT_SIZE_MAX) this.#bytes = new Uint8Array(SIZE_AT_START);
    return taken;
  }

  #reserve(size: number): void {
    const needed = this.#size + size;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = larger;
  }
}

export class Source {
  readonly #bytes: Uint8Array;
  #offset = 0;
  #itemsLeft: number;

  /** `itemsMax`: a byte may stand for an item that takes hundreds in memory. */
  constructor(bytes: Uint8Array, itemsMax = Number.POSITIVE_INFINITY) {
    this.#bytes = bytes;
    this.#itemsLeft = itemsMax;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  byte(): number {
    if (this.left < 1) throw new WireError('the message ends within a field');
    return this.#bytes[this.#offset++] as number;
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new WireError('a number is above 2^53 - 1');
      if (byte >= 0x80) continue;
      if (byte === 0 && scale > 1) throw new WireError('a number has a needless byte');
      return value;
    }
  }

  /** Called for each thing of which a message may have many. */
  item(): void {
    if (this.#itemsLeft-- <= 0) throw new WireError('the message has too many items');
  }

  /** Shares the memory of the message. */
  bytes(sizeMax: number): Uint8Array {
    const size = this.unsigned();
    if (size > sizeMax || size > this.left) throw new WireError('a byte string is too long');
    this.#offset += size;
    return this.#bytes.subarray(this.#offset - size, this.#offset);
  }
}

export interface Field<T> {
  write(sink: Sink, value: T): void;
  read(source: Source): T;
}

export type ValueOf<F> = F extends Field<infer T> ? T : never;

export const unsigned: Field<number> = {
  write: (sink, value) => sink.unsigned(value),
  read: (source) => source.unsigned(),
};

export const flag: Field<boolean> = {
  write: (sink, value) => sink.byte(value ? 1 : 0),
  read: (source) => isSet(source),
};

export const nothing: Field<undefined> = { write: () => undefined, read: () => undefined };

/** Shares the memory of the message that it is read from. */
export function bytes(sizeMax: number): Field<Uint8Array> {
  return {
    write: (sink, value) => sink.bytes(value),
    read: (source) => source.bytes(sizeMax),
  };
}

/** Copied: what is kept for long must not keep the whole message. */
export function ownBytes(sizeMax: number): Field<Uint8Array> {
  return {
    write: (sink, value) => sink.bytes(value),
    read: (source) => copyBytes(source.bytes(sizeMax)),
  };
}

export function text(sizeMax: number): Field<string> {
  return {
    write: (sink, value) => sink.bytes(utf8Encode(value)),
    read: (source) => {
      try {
        return utf8Decode(source.bytes(sizeMax));
      } catch (error) {
        if (error instanceof WireError) throw error;
        throw new WireError('a text is not UTF-8');
      }
    },
  };
}

export function choice<const T extends string>(...names: readonly T[]): Field<T> {
  return {
    write: (sink, value) => sink.unsigned(names.indexOf(value)),
    read: (source) => {
      const name = names[source.unsigned()];
      if (name === undefined) throw new WireError('there is no such choice');
      return name;
    },
  };
}

export function optional<T>(field: Field<T>): Field<T | undefined> {
  return {
    write: (sink, value) => {
      sink.byte(value === undefined ? 0 : 1);
      if (value !== undefined) field.write(sink, value);
    },
    read: (source) => (isSet(source) ? field.read(source) : undefined),
  };
}

/** Each item takes a byte at least, so what is there bounds what is made of it. */
export function list<T>(field: Field<T>): Field<readonly T[]> {
  return {
    write: (sink, values) => {
      sink.unsigned(values.length);
      for (const value of values) field.write(sink, value);
    },
    read: (source) => {
      const count = source.unsigned();
      if (count > source.left) throw new WireError('a list is too long');
      const values: T[] = [];
      for (let i = 0; i < count; i++) {
        source.item();
        values.push(field.read(source));
      }
      return values;
    },
  };
}

export type RecordOf<F> = { readonly [K in keyof F]: ValueOf<F[K]> };

export function record<F extends { readonly [name: string]: Field<unknown> }>(
  fields: F,
): Field<RecordOf<F>> {
  const entries = Object.entries(fields);
  return {
    write: (sink, value) => {
      for (const [name, field] of entries) field.write(sink, value[name]);
    },
    read: (source) => {
      const value: Record<string, unknown> = {};
      for (const [name, field] of entries) value[name] = field.read(source);
      return value as RecordOf<F>;
    },
  };
}

type VariantOf<V> = { [K in keyof V]: { readonly type: K } & ValueOf<V[K]> }[keyof V];

/** One of several records, each with its name as `type`. */
export function variant<V extends { readonly [name: string]: Field<unknown> }>(
  variants: V,
): Field<VariantOf<V>> {
  const entries = Object.entries(variants).map(([type, field]) => ({ type, field }));
  const indexes = new Map(entries.map(({ type }, index) => [type, index]));
  return {
    write: (sink, value) => {
      const index = indexes.get(value.type as string) as number;
      sink.unsigned(index);
      entries[index]?.field.write(sink, value);
    },
    read: (source) => {
      const entry = entries[source.unsigned()];
      if (entry === undefined) throw new WireError('there is no such variant');
      return { type: entry.type, ...(entry.field.read(source) as object) } as VariantOf<V>;
    },
  };
}

function isSet(source: Source): boolean {
  const byte = source.byte();
  if (byte > 1) throw new WireError('a flag is 0 or 1');
  return byte === 1;
}
