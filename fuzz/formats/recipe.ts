/** Reads an input as a series of choices: every byte string makes some value, or some program. */
import { dataViewOf } from '../../src/bytes/bytes.ts';

const DEPTH_MAX = 4;
const NUMBERS = [0, -0, 1, -1, 0.1, 2 ** 32, -(2 ** 32) - 1, 2 ** 53, 1e308, 5e-324, NaN, Infinity];
const TEXTS = ['', 'a', '\u0000', '\u0004\u0005', '\u001b', 'ü', '\ud800', '😀', '__proto__'];

export class Recipe {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  /** Zero from the end of the input on. */
  byte(): number {
    return this.#bytes[this.#offset++] ?? 0;
  }

  below(end: number): number {
    return this.byte() % end;
  }

  choose<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  bytes(sizeMax: number): Uint8Array {
    const size = this.below(sizeMax + 1);
    return Uint8Array.from({ length: size }, () => this.byte());
  }

  number(): number {
    if (this.below(3) > 0) return this.choose(NUMBERS);
    const bytes = Uint8Array.from({ length: 8 }, () => this.byte());
    return dataViewOf(bytes).getFloat64(0);
  }

  bigint(): bigint {
    let value = 0n;
    for (const byte of this.bytes(12)) value = value * 256n + BigInt(byte);
    return this.below(2) === 0 ? value : -value;
  }

  text(): string {
    if (this.below(2) === 0) return this.choose(TEXTS);
    return String.fromCharCode(...this.bytes(6));
  }

  /** What may be an element of an ordered key, or an array of such. */
  key(): unknown {
    if (this.below(4) > 0) return this.#element();
    return Array.from({ length: 2 + this.below(3) }, () => this.#element());
  }

  value(depth = 0): unknown {
    const nested = (): unknown[] =>
      Array.from({ length: this.below(4) }, () => this.value(depth + 1));
    switch (this.below(depth < DEPTH_MAX ? 10 : 5)) {
      case 0:
        return this.number();
      case 1:
        return this.bigint();
      case 2:
        return this.text();
      case 3:
        return this.choose([null, true, false, undefined]);
      case 4:
        return this.bytes(5);
      case 5:
        return nested();
      case 6:
        return Object.fromEntries(nested().map((value) => [this.text(), value]));
      case 7:
        return new Map(nested().map((value) => [this.value(depth + 1), value]));
      case 8:
        return new Set(nested());
      default:
        return this.choose([new Date(this.number()), new Int16Array(2), new Float64Array(1)]);
    }
  }

  #element(): unknown {
    switch (this.below(4)) {
      case 0:
        return this.number();
      case 1:
        return this.bigint();
      case 2:
        return this.text();
      default:
        return this.choose([null, true, false]);
    }
  }
}
