/** Finds the sequence ids of data blocks; remembers those of the last block asked for. */
import type { Block } from './block.ts';
import { isMalformed } from './format.ts';
import { decodeSequenceIds, sequenceKey } from './sequence-ids.ts';
import type { Tree } from './tree.ts';

export class SequenceReader {
  private readonly tree: Tree;
  private block: Block | undefined;
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
    const holder = this.tree.dataBlock(key);
    const index = holder === undefined ? -1 : holder.search(key);
    if (holder === undefined || index < 0) {
      throw source.damage(this.tree.top.offset, `no sequence ids for the block at ${block.offset}`);
    }
    const end = holder.end(index);
    const start = holder.valueStart(index);
    try {
      return decodeSequenceIds(holder.bytes, { start, end }, block.count);
    } catch (error) {
      if (!isMalformed(error)) throw error;
      throw source.damage(holder.offset, error.message);
    }
  }
}
