/** A file on disk, through Node's positional, synchronous calls. */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  readSync,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { errnoError, errnoOf } from './errno.ts';
import type { File } from './file-system.ts';
import { closeAside } from './node-large-file.ts';

const fdatasyncLater = promisify(fdatasync);
const INTERRUPTION_CODES = new Set(['EINTR', 'EAGAIN']);
const INTERRUPTION_COUNT_MAX = 8;

export class NodeFile implements File {
  readonly #descriptor: number;
  readonly #syncDescriptor: number;
  #syncCount = 0;
  #isClosed = false;

  /**
   * `syncDescriptor` is another descriptor of the same file, or the same. Linux reports a failed
   * write-back once to each descriptor that was open at the time: only with one of its own that is
   * as old as the first write does `syncNow` see what `sync` was told already.
   */
  constructor(descriptor: number, syncDescriptor = descriptor) {
    this.#descriptor = descriptor;
    this.#syncDescriptor = syncDescriptor;
  }

  read(target: Uint8Array, offset: number): number {
    const descriptor = this.#openDescriptor();
    let count = 0;
    while (count < target.length) {
      const step = withRetries(() =>
        readSync(descriptor, target, count, target.length - count, offset + count),
      );
      if (step === 0) break;
      count += step;
    }
    return count;
  }

  write(source: Uint8Array, offset: number): number {
    const descriptor = this.#openDescriptor();
    return withRetries(() => writeSync(descriptor, source, 0, source.length, offset));
  }

  truncate(size: number): void {
    const descriptor = this.#openDescriptor();
    withRetries(() => ftruncateSync(descriptor, size));
  }

  size(): number {
    return fstatSync(this.#openDescriptor()).size;
  }

  /** Not retried, whatever the error: a second sync would report success without the data. */
  async sync(): Promise<void> {
    const descriptor = this.#openDescriptor();
    this.#syncCount += 1;
    try {
      await fdatasyncLater(descriptor);
    } finally {
      this.#syncCount -= 1;
      if (this.#isClosed) this.#closeWhenIdle();
    }
  }

  syncNow(): void {
    this.#openDescriptor();
    fdatasyncSync(this.#syncDescriptor);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeWhenIdle();
  }

  /** The system may have given the number of a closed descriptor to another file. */
  #openDescriptor(): number {
    if (this.#isClosed) throw errnoError('EBADF', 'the file is closed');
    return this.#descriptor;
  }

  /** A descriptor closed under a running sync could by then be another file's. */
  #closeWhenIdle(): void {
    if (this.#syncCount > 0) return;
    try {
      if (this.#syncDescriptor !== this.#descriptor) closeSync(this.#syncDescriptor);
    } finally {
      closeAside(this.#descriptor);
    }
  }
}

function withRetries<T>(call: () => T): T {
  for (let interruptions = 0; ; interruptions += 1) {
    try {
      return call();
    } catch (error) {
      const isInterruption = INTERRUPTION_CODES.has(errnoOf(error) ?? '');
      if (!isInterruption || interruptions >= INTERRUPTION_COUNT_MAX) throw error;
    }
  }
}
