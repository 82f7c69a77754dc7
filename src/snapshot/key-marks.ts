/**
 * Makes searching a block cheap: the four bytes of every key behind the prefix that all keys of
 * the block share, as one array of numbers. Pure.
 *
 * Nearly always the numbers alone lead to the key, so a search touches three or four lines of
 * memory rather than one for every step. An empty first key, as the leftmost page of each level
 * has, is left out: it would share nothing with the others.
 */

import { keyMark } from '../bytes/key-mark.ts';

/** The keys of a block in order, by number. */
export interface KeyedBlock {
  readonly bytes: Uint8Array;
  readonly count: number;
  keyStart(index: number): number;
  keyEnd(index: number): number;
  /** The sign of `key` compared with key `index`. */
  compare(key: Uint8Array, index: number): number;
}

export class KeyMarks {
  private readonly block: KeyedBlock;
  /** 1 when key 0 is empty, else 0. */
  private readonly from: number;
  private readonly sharedStart: number;
  private readonly sharedSize: number;
  private readonly marks: Uint32Array;

  constructor(block: KeyedBlock) {
    this.block = block;
    this.from = block.keyEnd(0) === block.keyStart(0) ? 1 : 0;
    this.marks = new Uint32Array(block.count);
    if (this.from === block.count) {
      this.sharedStart = 0;
      this.sharedSize = 0;
      return;
    }
    this.sharedStart = block.keyStart(this.from);
    this.sharedSize = this.measureShared();
    for (let i = this.from; i < block.count; i++) {
      this.marks[i] = keyMark(block.bytes, block.keyStart(i) + this.sharedSize, block.keyEnd(i));
    }
  }

  /** The index of `key`, or the complement (~) of the index where it would stand. */
  search(key: Uint8Array): number {
    if (key.length === 0) return this.from === 1 ? 0 : ~0;
    const { bytes, count } = this.block;
    for (let i = 0, at = this.sharedStart; i < this.sharedSize; i++, at++) {
      if (i === key.length) return ~this.from;
      const difference = (key[i] as number) - (bytes[at] as number);
      if (difference !== 0) return difference < 0 ? ~this.from : ~count;
    }
    return this.searchMarks(key, keyMark(key, this.sharedSize, key.length));
  }

  private searchMarks(key: Uint8Array, mark: number): number {
    const { marks } = this;
    let low = this.from;
    let high = marks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((marks[middle] as number) < mark) low = middle + 1;
      else high = middle;
    }
    if (low === marks.length || marks[low] !== mark) return ~low;
    return this.searchKeys(key, low);
  }

  /** Among the keys from `start` on, of which the first has the mark of `key`. */
  private searchKeys(key: Uint8Array, start: number): number {
    const { block, marks } = this;
    let low = start;
    let high = start + 1;
    while (high < marks.length && marks[high] === marks[start]) high++;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = block.compare(key, middle);
      if (order === 0) return middle;
      if (order > 0) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }

  private measureShared(): number {
    const { bytes, count } = this.block;
    const lastStart = this.block.keyStart(count - 1);
    const sizeMax = Math.min(
      this.block.keyEnd(this.from) - this.sharedStart,
      this.block.keyEnd(count - 1) - lastStart,
    );
    let size = 0;
    while (size < sizeMax && bytes[this.sharedStart + size] === bytes[lastStart + size]) size++;
    return size;
  }
}
