/** Appends to a file in writes of about 64 KiB. */
import { type File, writeFully } from '../fs/file-system.ts';

const BATCH_SIZE = 64 << 10;

export class FileAppender {
  private readonly file: File;
  private readonly batch = new Uint8Array(BATCH_SIZE);
  private batchSize = 0;
  private flushed = 0;

  /** `file` is empty. */
  constructor(file: File) {
    this.file = file;
  }

  /** Where the next byte will stand. */
  get offset(): number {
    return this.flushed + this.batchSize;
  }

  /** Copies `bytes`. Throws what the file's `write` throws. */
  append(bytes: Uint8Array): void {
    if (this.batchSize + bytes.length > BATCH_SIZE) this.flush();
    if (bytes.length >= BATCH_SIZE) {
      this.write(bytes);
    } else {
      this.batch.set(bytes, this.batchSize);
      this.batchSize += bytes.length;
    }
  }

  /** Hands everything to the file. */
  flush(): void {
    if (this.batchSize === 0) return;
    const size = this.batchSize;
    this.batchSize = 0;
    this.write(this.batch.subarray(0, size));
  }

  private write(bytes: Uint8Array): void {
    writeFully(this.file, bytes, this.flushed);
    this.flushed += bytes.length;
  }
}
