/**
 * The bytes of a file that is kept in records of a database: all of them in memory, and which of
 * them the records do not hold yet. Small records at the end are put together now and then, so that
 * many small commits do not make a file of many records.
 */
import { copyBytes } from '../bytes/bytes.ts';
import { GrowingBytes } from './growing-bytes.ts';

const CHUNK_SIZE = 128 << 10;
const SMALL_CHUNK_COUNT_MAX = 64;

export interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What makes the records equal to the content: first all from an offset on go, then these come. */
export interface ChunkChanges {
  readonly removedFrom: number | undefined;
  readonly chunks: readonly Chunk[];
}

export class ChunkedContent {
  readonly #bytes: GrowingBytes;
  /** The records, as they are once every change that was taken is stored. */
  readonly #stored: { readonly offset: number; readonly size: number }[] = [];
  /** Every record up to here is as the content. */
  #cleanSize = 0;

  /** From records in the order of their offsets; what follows a gap is not there. */
  constructor(records: readonly Chunk[] = []) {
    this.#bytes = new GrowingBytes();
    for (const { offset, bytes } of records) {
      if (offset !== this.#bytes.size) break;
      this.#bytes.write(bytes, offset);
      this.#stored.push({ offset, size: bytes.length });
    }
    this.#cleanSize = this.#bytes.size;
  }

  get size(): number {
    return this.#bytes.size;
  }

  get isClean(): boolean {
    return this.#cleanSize === this.#bytes.size && this.#storedSize === this.#cleanSize;
  }

  read(target: Uint8Array, offset: number): number {
    return this.#bytes.read(target, offset);
  }

  append(source: Uint8Array): void {
    this.#bytes.write(source, this.#bytes.size);
  }

  truncate(size: number): void {
    this.#bytes.truncate(size);
    this.#cleanSize = Math.min(this.#cleanSize, size);
  }

  /** Whoever takes them must store them, or never trust the records again. */
  takeChanges(): ChunkChanges {
    const storedSize = this.#storedSize;
    const start = this.#dropFrom(this.#cleanSize);
    const chunks: Chunk[] = [];
    for (let offset = start; offset < this.size; offset += CHUNK_SIZE) {
      const bytes = copyBytes(this.#bytes.view(offset, offset + CHUNK_SIZE));
      chunks.push({ offset, bytes });
      this.#stored.push({ offset, size: bytes.length });
    }
    this.#cleanSize = this.size;
    return { removedFrom: start < storedSize ? start : undefined, chunks };
  }

  get #storedSize(): number {
    const last = this.#stored.at(-1);
    return last === undefined ? 0 : last.offset + last.size;
  }

  /** Forgets the records that change, and returns where the first of them begins. */
  #dropFrom(offset: number): number {
    while (this.#storedSize > offset) this.#stored.pop();
    let smallCount = 0;
    while ((this.#stored.at(-1 - smallCount)?.size ?? CHUNK_SIZE) < CHUNK_SIZE) smallCount += 1;
    if (smallCount >= SMALL_CHUNK_COUNT_MAX) this.#stored.length -= smallCount;
    return this.#storedSize;
  }
}
