/** Finds the sequence ids of data blocks; remembers where it has found the last ones. */
import type { Block } from './block.ts';
import { isMalformed } from './format.ts';
import { decodeSequenceIds, sequenceKey } from './sequence-ids.ts';
import type { Tree } from './tree.ts';

export class SequenceReader {
  private readonly tree: Tree;
  private block: Block | undefined;
  /** Of the tree of sequence ids. */
  private leaf: Block | undefined;
  private ids: Float64Array = new Float64Array(0);

  /** `tree` holds the sequence ids for the blocks that will be asked for. */
  constructor(tree: Tree) {
    this.tree = tree;
  }

  /** The id of entry `index` of a data block. Throws CORRUPT, and what the file throws. */
  of(block: Block, index: number): number {
    if (this.block !== block) {
      this.ids = this.idsOf(block);
      this.block = block;
    }
    return this.ids[index] as number;
  }

  private idsOf(block: Block): Float64Array {
    const { source } = this.tree;
    const key = sequenceKey(block.offset);
    // Blocks are mostly asked for in order, and a leaf has the ids of many.
    let index = this.leaf?.search(key) ?? -1;
    if (index < 0) {
      this.leaf = this.tree.dataBlock(key);
      index = this.leaf?.search(key) ?? -1;
    }
    const { leaf } = this;
    if (leaf === undefined || index < 0) {
      throw source.damage(this.tree.top.offset, `no sequence ids for the block at ${block.offset}`);
    }
    const end = leaf.end(index);
    const start = leaf.valueStart(index);
    try {
      return decodeSequenceIds(leaf.bytes, { start, end }, block.count);
    } catch (error) {
      if (!isMalformed(error)) throw error;
      throw source.damage(leaf.offset, error.message);
    }
  }
}
