/** A position in the entries of one tree: the path of blocks from the root down to an entry. */
import { assert } from '../assert.ts';
import { EMPTY_BYTES } from '../bytes/bytes.ts';
import type { Cursor } from '../bytes/cursor.ts';
import { type Block, entryHead, entryHeadSize } from './block.ts';
import { ReadAhead } from './read-ahead.ts';
import type { SequenceReader } from './sequence-reader.ts';
import type { Tree } from './tree.ts';

/** +1 towards larger keys, -1 towards smaller ones. */
type Direction = 1 | -1;

/**
 * Every move may throw CORRUPT, or what the file throws. The cursor then stands nowhere, and
 * `next` and `previous` throw the same again until a seek succeeds: a scan that goes on after an
 * error cannot pass for a complete one.
 */
export class TreeCursor implements Cursor {
  isValid = false;
  bytes: Uint8Array = EMPTY_BYTES;
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  isTombstone = false;
  /** Kept, so that who closes the file of a reader that was collected does not close ours. */
  readonly owner: object;
  private readonly tree: Tree;
  private readonly sequences: SequenceReader;
  private readonly ahead: ReadAhead;
  /** By level: the data block first, the root last, and the entry taken in each. */
  private readonly path: Block[] = [];
  private readonly indexes: number[] = [];
  private failure: { readonly error: unknown } | undefined;

  constructor(tree: Tree, sequences: SequenceReader, owner: object) {
    this.owner = owner;
    this.tree = tree;
    this.sequences = sequences;
    this.ahead = new ReadAhead(tree.source.file);
  }

  sequence(): number {
    assert(this.isValid, 'a cursor stands on an entry when it is asked for its sequence id');
    return this.sequences.of(this.path[0] as Block, this.indexes[0] as number);
  }

  toFirst(): void {
    this.move(() => this.toEdge(1));
  }

  toLast(): void {
    this.move(() => this.toEdge(-1));
  }

  seek(key: Uint8Array): void {
    this.move(() => {
      const found = this.descend(key);
      this.indexes[0] = found < 0 ? ~found : found;
      return this.indexes[0] < (this.path[0] as Block).count || this.toNeighbour(1);
    });
  }

  seekBelow(key: Uint8Array): void {
    this.move(() => {
      const found = this.descend(key);
      this.indexes[0] = (found < 0 ? ~found : found) - 1;
      return this.indexes[0] >= 0 || this.toNeighbour(-1);
    });
  }

  next(): void {
    if (!this.isValid) {
      this.rethrow();
      return;
    }
    const index = (this.indexes[0] as number) + 1;
    const block = this.path[0] as Block;
    if (index < block.count) {
      this.indexes[0] = index;
      // Entries stand one after the other, so this one begins where the last one ended.
      this.show(block, index, this.valueEnd);
    } else {
      this.move(() => this.toNeighbour(1));
    }
  }

  previous(): void {
    if (!this.isValid) {
      this.rethrow();
      return;
    }
    const index = (this.indexes[0] as number) - 1;
    const block = this.path[0] as Block;
    if (index >= 0) {
      this.indexes[0] = index;
      this.show(block, index, block.start(index));
    } else {
      this.move(() => this.toNeighbour(-1));
    }
  }

  private rethrow(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** `find` sets path and indexes, and says whether an entry is there. */
  private move(find: () => boolean): void {
    this.isValid = false;
    this.failure = undefined;
    try {
      if (!find()) return;
    } catch (error) {
      this.failure = { error };
      throw error;
    }
    const block = this.path[0] as Block;
    const index = this.indexes[0] as number;
    this.show(block, index, block.start(index));
    this.isValid = true;
  }

  private show(block: Block, index: number, start: number): void {
    const bytes = block.bytes;
    const head = entryHead(bytes, start);
    this.bytes = bytes;
    this.isTombstone = (head & 1) === 1;
    this.keyStart = start + entryHeadSize(bytes, start);
    this.keyEnd = this.keyStart + (head >>> 1);
    this.valueStart = this.keyEnd;
    this.valueEnd = block.end(index);
  }

  /** To the data block where `key` belongs; the result of searching it there. */
  private descend(key: Uint8Array): number {
    const { tree, path, indexes } = this;
    let block = tree.root();
    for (let level = tree.height; level > 0; level--) {
      path[level] = block;
      indexes[level] = block.childIndex(key);
      block = tree.source.child(block, indexes[level] as number, this.ahead);
    }
    path[0] = block;
    return block.search(key);
  }

  private toEdge(direction: Direction): boolean {
    const { height } = this.tree;
    const root = this.tree.root();
    this.path[height] = root;
    this.indexes[height] = direction > 0 ? 0 : root.count - 1;
    this.fall(height, direction);
    return true;
  }

  /** To the nearest entry of the next data block in `direction`, if there is one. */
  private toNeighbour(direction: Direction): boolean {
    for (let level = 1; level <= this.tree.height; level++) {
      const index = (this.indexes[level] as number) + direction;
      if (index < 0 || index >= (this.path[level] as Block).count) continue;
      this.indexes[level] = index;
      this.fall(level, direction);
      return true;
    }
    return false;
  }

  /** Down from `level`, entering every block at the end that `direction` comes from. */
  private fall(level: number, direction: Direction): void {
    for (let above = level; above > 0; above--) {
      const child = this.tree.source.child(
        this.path[above] as Block,
        this.indexes[above] as number,
        this.ahead,
      );
      this.path[above - 1] = child;
      this.indexes[above - 1] = direction > 0 ? 0 : child.count - 1;
    }
  }
}
