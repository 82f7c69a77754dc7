/** One tree of a file: the descent from its root to a key. */
import type { Block } from './block.ts';
import type { BlockSource } from './block-source.ts';
import { hashKey, mayContain } from './filter.ts';
import type { TreeRoot } from './tree-writer.ts';

export class Tree {
  readonly source: BlockSource;
  readonly top: TreeRoot;
  private readonly limit: number;
  private pinned: Block | undefined;

  /** The tree ends before `limit`. */
  constructor(source: BlockSource, top: TreeRoot, limit: number) {
    this.source = source;
    this.top = top;
    this.limit = limit;
  }

  get height(): number {
    return this.top.height;
  }

  /** Throws CORRUPT, and what the file throws. */
  root(): Block {
    if (this.pinned !== undefined) return this.pinned;
    const block = this.source.load({ ...this.top, level: this.top.height, limit: this.limit });
    if (this.source.pin(block)) this.pinned = block;
    return block;
  }

  /**
   * The data block that holds `key` if any does; undefined where a filter knows better. Who asks
   * several trees brings the hash of the key along.
   */
  dataBlock(key: Uint8Array, hash = hashKey(key, 0, key.length)): Block | undefined {
    let block = this.root();
    for (let level = this.top.height; level > 0; level--) {
      if (level === 1 && !mayContain(block, hash)) return undefined;
      block = this.source.child(block, block.childIndex(key));
    }
    return block;
  }
}
