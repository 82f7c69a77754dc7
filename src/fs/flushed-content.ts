/**
 * The bytes of a file that is kept in memory, beside a host's file that only takes appends and cuts:
 * how much of the host's file is as the bytes, and what must be done to make it so.
 *
 * The host works while the bytes go on changing: a cut below what is on its way counts as well.
 */
import { assert } from '../assert.ts';
import { copyBytes } from '../bytes/bytes.ts';
import { errnoError } from './errno.ts';
import { GrowingBytes } from './growing-bytes.ts';

/** What the host must do next. `cut`: to that size. `append`: at the end of its file. */
export type FlushStep =
  | { readonly kind: 'cut'; readonly size: number }
  | { readonly kind: 'append'; readonly bytes: Uint8Array; readonly offset: number };

export class FlushedContent {
  readonly #bytes: GrowingBytes;
  /** So many bytes of the host's file are as ours. */
  #cleanSize: number;
  /** Of the host's file; undefined after a failure, until somebody looks. */
  #hostSize: number | undefined;
  /** The least size to which the bytes were cut since a step was taken. */
  #lowestCut = Infinity;

  /** Takes `bytes` over: what the host has. */
  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = new GrowingBytes(bytes);
    this.#cleanSize = bytes.length;
    this.#hostSize = bytes.length;
  }

  get size(): number {
    return this.#bytes.size;
  }

  get isClean(): boolean {
    return this.#cleanSize === this.size && this.#hostSize === this.size;
  }

  read(target: Uint8Array, offset: number): number {
    return this.#bytes.read(target, offset);
  }

  append(source: Uint8Array): void {
    this.#bytes.write(source, this.size);
  }

  truncate(size: number): void {
    this.#bytes.truncate(size);
    this.#cleanSize = Math.min(this.#cleanSize, size);
    this.#lowestCut = Math.min(this.#lowestCut, size);
  }

  /** The host's file was looked at. Throws EIO where it is not as it was left. */
  expectHostSize(size: number): void {
    const isPossible =
      this.#hostSize === undefined ? size >= this.#cleanSize : size === this.#hostSize;
    if (!isPossible) {
      const expected = this.#hostSize ?? `at least ${this.#cleanSize}`;
      throw errnoError('EIO', `the file has ${size} bytes, and should have ${expected}`);
    }
    this.#hostSize = size;
  }

  /** Undefined when the host has everything. Followed by `done` or `failed`. */
  nextStep(sizeMax: number): FlushStep | undefined {
    const hostSize = this.#hostSize;
    assert(hostSize !== undefined, 'the size of a file is known before it is written to');
    this.#lowestCut = Infinity;
    const offset = this.#cleanSize;
    if (hostSize > offset) return { kind: 'cut', size: offset };
    if (offset === this.size) return undefined;
    return { kind: 'append', bytes: copyBytes(this.#bytes.view(offset, offset + sizeMax)), offset };
  }

  done(step: FlushStep): void {
    this.#hostSize = step.kind === 'cut' ? step.size : step.offset + step.bytes.length;
    this.#cleanSize = Math.min(this.#hostSize, this.#lowestCut);
  }

  /** Any part of the step may have been done. */
  failed(): void {
    this.#hostSize = undefined;
  }
}
