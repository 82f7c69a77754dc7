/**
 * The sequence ids of entries that are being written, by data block, until their own tree is
 * written behind them. Up to a number of bytes: of what comes later they are asked for again.
 */
import type { EntryRange } from './block.ts';
import { SEQUENCE_KEY_SIZE, SequenceIds } from './sequence-ids.ts';

const BUFFER_SIZE_START = 16 << 10;

export class SequenceLog {
  private readonly sizeMax: number;
  private readonly ids = new SequenceIds();
  private buffer = new Uint8Array(BUFFER_SIZE_START);
  /** Of each block's entry in the buffer. */
  private readonly ends: number[] = [];

  constructor(sizeMax: number) {
    this.sizeMax = sizeMax;
  }

  /** Blocks whose ids are here. */
  get blockCount(): number {
    return this.ends.length;
  }

  get isFull(): boolean {
    return this.size > this.sizeMax;
  }

  /** In bytes. */
  get size(): number {
    return this.ends[this.ends.length - 1] ?? 0;
  }

  /** Requires: not full. */
  add(id: number): void {
    this.ids.add(id);
  }

  /** What was added since the last block stands in the block at `offset`. */
  close(offset: number): void {
    const { bytes, valueEnd } = this.ids.take(offset);
    const start = this.size;
    const end = start + valueEnd;
    if (end > this.buffer.length) {
      const larger = new Uint8Array(Math.max(2 * this.buffer.length, end));
      larger.set(this.buffer);
      this.buffer = larger;
    }
    this.buffer.set(bytes.subarray(0, valueEnd), start);
    this.ends.push(end);
  }

  /** For the tree of sequence ids, in order. */
  *entries(): Generator<EntryRange, void, void> {
    const bytes = this.buffer;
    let keyStart = 0;
    for (const valueEnd of this.ends) {
      const keyEnd = keyStart + SEQUENCE_KEY_SIZE;
      yield { bytes, keyStart, keyEnd, valueStart: keyEnd, valueEnd, isTombstone: false };
      keyStart = valueEnd;
    }
  }
}
