/** What reads values in CBOR has in common, whether it makes them or only looks at them. */
import { dataViewOf } from '../bytes/bytes.ts';
import { ARGUMENT, DEPTH_MAX } from './cbor-format.ts';

/** Over bytes that are not trusted: nothing is believed of a length before its bytes are there. */
export class CborSource {
  protected readonly bytes: Uint8Array;
  protected offset = 0;
  protected depth = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.offset === this.bytes.length;
  }

  /** The number of items of a container. Nothing is reserved for them: the count may be a lie. */
  protected enter(first: number): number {
    const count = this.argument(first);
    if (++this.depth > DEPTH_MAX) throw malformed(`nested deeper than ${DEPTH_MAX}`);
    return count;
  }

  protected byteOf(major: number): number {
    const first = this.byte();
    if (first >> 5 !== major) throw malformed(`byte ${first} where type ${major} was expected`);
    return first;
  }

  protected argument(first: number): number {
    const short = first & 31;
    if (short < ARGUMENT.one) return short;
    if (short > ARGUMENT.four) throw malformed(`a length of kind ${short}`);
    let argument = 0;
    for (let size = 1 << (short - ARGUMENT.one); size > 0; size--) {
      argument = argument * 256 + this.byte();
    }
    return argument;
  }

  protected isWide(first: number): boolean {
    return (first & 31) === ARGUMENT.eight;
  }

  protected wide(): bigint {
    return dataViewOf(this.take(8)).getBigUint64(0);
  }

  protected take(size: number): Uint8Array {
    const start = this.offset;
    this.skip(size);
    return this.bytes.subarray(start, start + size);
  }

  protected skip(size: number): void {
    if (size > this.bytes.length - this.offset) throw malformed('it ends inside a value');
    this.offset += size;
  }

  protected byte(): number {
    const byte = this.bytes[this.offset++];
    if (byte === undefined) throw malformed('it ends inside a value');
    return byte;
  }
}

/** Throws Error. */
export function dateOf(seconds: number): Date {
  // Whole seconds apart: their product with 1000 is exact, that of the sum is not.
  const whole = Math.floor(seconds);
  const date = new Date(1000 * whole + Math.round(1000 * (seconds - whole)));
  if (Number.isNaN(date.getTime())) throw malformed('a Date that is none');
  return date;
}

export function malformed(reason: string): Error {
  return new Error(`not a value in CBOR: ${reason}`);
}
