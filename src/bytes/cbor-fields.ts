/** Typed access to a decoded CBOR map. Throws CborError when a field is missing or of another type. */
import { CborError, type CborValue, decodeCbor } from './cbor.ts';

export class CborFields {
  readonly #map: { readonly [key: string]: CborValue };

  constructor(value: CborValue) {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isMap || value instanceof Uint8Array) throw new CborError('a map was expected');
    this.#map = value as { readonly [key: string]: CborValue };
  }

  static decode(bytes: Uint8Array): CborFields {
    return new CborFields(decodeCbor(bytes));
  }

  has(name: string): boolean {
    return this.#map[name] !== undefined && this.#map[name] !== null;
  }

  value(name: string): CborValue {
    return this.#map[name] ?? null;
  }

  unsigned(name: string): number {
    const value = this.#map[name];
    if (typeof value !== 'number' || value < 0) throw wrongField(name, 'an unsigned integer');
    return value;
  }

  text(name: string): string {
    const value = this.#map[name];
    if (typeof value !== 'string') throw wrongField(name, 'text');
    return value;
  }

  bytes(name: string, size?: number): Uint8Array {
    const value = this.#map[name];
    if (!(value instanceof Uint8Array)) throw wrongField(name, 'bytes');
    if (size !== undefined && value.length !== size) throw wrongField(name, `${size} bytes`);
    return value;
  }

  array(name: string): readonly CborValue[] {
    const value = this.#map[name];
    if (!Array.isArray(value)) throw wrongField(name, 'an array');
    return value;
  }

  fields(name: string): CborFields {
    return new CborFields(this.#map[name] ?? null);
  }

  all(name: string): CborFields[] {
    return this.array(name).map((item) => new CborFields(item));
  }
}

function wrongField(name: string, expected: string): CborError {
  return new CborError(`field ${name} is not ${expected}`);
}
