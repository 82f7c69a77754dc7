/** Reads a file in large steps: a WAL of small frames costs few calls to the host. */
import { closeQuietly, type File, readFully } from '../fs/file-system.ts';

const WINDOW_SIZE = 256 << 10;

export class BufferedFile {
  readonly size: number;
  readonly #file: File;
  #window: Uint8Array = new Uint8Array(0);
  #windowOffset = 0;

  /** Sees the file up to its size now; what is appended later is not there. */
  constructor(file: File) {
    this.#file = file;
    this.size = file.size();
  }

  /** The bytes [offset, offset + size), fewer at the end of the file. Shares memory: do not change. */
  read(offset: number, size: number): Uint8Array {
    const count = Math.max(0, Math.min(size, this.size - offset));
    const start = offset - this.#windowOffset;
    if (start < 0 || start + count > this.#window.length) this.#load(offset, count);
    const from = offset - this.#windowOffset;
    return this.#window.subarray(from, from + count);
  }

  close(): void {
    closeQuietly(this.#file);
  }

  #load(offset: number, count: number): void {
    const size = Math.min(Math.max(count, WINDOW_SIZE), this.size - offset);
    this.#window = readFully(this.#file, offset, Math.max(size, 0));
    this.#windowOffset = offset;
  }
}
