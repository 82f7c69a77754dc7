/**
 * Reads of one walk over a file: where they follow each other, the next bytes are read with them.
 * A call to the host costs more than the block that it is for.
 */

/** What blocks are read from. */
export interface ByteReader {
  /** As `File.read`: may be short, also before the end of the file. */
  read(target: Uint8Array, offset: number): number;
}

const WINDOW_SIZE_MIN = 16 << 10;
const WINDOW_SIZE_MAX = 128 << 10;
/** What may lie between two reads that follow each other: a page stands behind its children. */
const GAP_SIZE_MAX = 16 << 10;

/** Requires: what stands in the file up to where it is read does not change. */
export class ReadAhead implements ByteReader {
  private readonly file: ByteReader;
  private buffer: Uint8Array | undefined;
  private start = 0;
  private end = 0;
  private size = WINDOW_SIZE_MIN;
  /** Of the last read. */
  private last = Number.NEGATIVE_INFINITY;

  constructor(file: ByteReader) {
    this.file = file;
  }

  read(target: Uint8Array, offset: number): number {
    const end = offset + target.length;
    const isHeld = offset >= this.start && end <= this.end;
    if (!isHeld) {
      const gap = offset - this.last;
      const isNext = gap >= 0 && gap <= GAP_SIZE_MAX && target.length <= WINDOW_SIZE_MIN;
      this.last = end;
      if (!isNext || !this.fill(offset)) return this.file.read(target, offset);
    }
    this.last = end;
    const count = Math.min(end, this.end) - offset;
    const at = offset - this.start;
    target.set((this.buffer as Uint8Array).subarray(at, at + count));
    return count;
  }

  /**
   * A walk that goes on for long gets more and more at once. False where that cannot be read: some
   * of it is not what was asked for.
   */
  private fill(offset: number): boolean {
    if (this.buffer?.length !== this.size) this.buffer = new Uint8Array(this.size);
    this.start = this.end = offset;
    try {
      this.end += this.file.read(this.buffer, offset);
    } catch {
      return false;
    }
    this.size = Math.min(2 * this.size, WINDOW_SIZE_MAX);
    return true;
  }
}
