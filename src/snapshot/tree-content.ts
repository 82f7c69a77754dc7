/** What the data blocks of the two sorts of trees must hold, beyond being blocks. */
import { bytesEqual } from '../bytes/bytes.ts';
import { CorruptionError } from '../errors.ts';
import { type Block, type BlockPointer, entryHead } from './block.ts';
import { hashKey, type KeyHashes } from './filter.ts';
import { isMalformed, type SnapshotKind } from './format.ts';
import { decodeSequenceIds, sequenceKey } from './sequence-ids.ts';
import type { Tree } from './tree.ts';
import { dataBlocks } from './tree-walk.ts';

/** Is shown all data blocks of a tree in order. */
export interface TreeContent {
  /** Bytes of the tree that take a millisecond or two to check. */
  readonly sliceSize: number;
  /** What is wrong with the block, in words. */
  check(block: Block): string | undefined;
  /** After the last block: what is missing, in words. */
  finish(): string | undefined;
  /** Damaged blocks of so many entries are passed over. */
  skip(count: number): void;
  /** Adds what the filter of the page above must know. */
  hash(block: Block, hashes: KeyHashes): void;
}

/** The entries of a map. */
export class EntriesContent implements TreeContent {
  readonly sliceSize = 256 << 10;
  private readonly kind: SnapshotKind;

  constructor(kind: SnapshotKind) {
    this.kind = kind;
  }

  check(block: Block): string | undefined {
    if (this.kind === 'incremental') return undefined;
    for (let i = 0; i < block.count; i++) {
      if (block.isTombstone(i)) return 'tombstone in a full snapshot';
    }
    return undefined;
  }

  finish(): undefined {}

  skip(): void {}

  hash(block: Block, hashes: KeyHashes): void {
    for (let i = 0; i < block.count; i++) {
      const keyEnd = block.valueStart(i);
      const keyStart = keyEnd - (entryHead(block.bytes, block.start(i)) >>> 1);
      hashes.add(hashKey(block.bytes, keyStart, keyEnd));
    }
  }
}

/** The sequence ids of a map: one entry for each data block of its entries. */
export class SequencesContent implements TreeContent {
  /** A byte or two for each entry. */
  readonly sliceSize = 32 << 10;
  private readonly blocks: Iterator<BlockPointer, void>;
  private readonly sequenceMax: number;
  /** The pages over the entries are damaged, which is reported already. */
  private isLost = false;

  constructor(entries: Tree, sequenceMax: number) {
    this.blocks = dataBlocks(entries);
    this.sequenceMax = sequenceMax;
  }

  check(block: Block): string | undefined {
    for (let i = 0; i < block.count; i++) {
      const described = this.nextBlock();
      if (this.isLost) return undefined;
      if (described === undefined) return 'sequence ids for a block that is not there';
      const fault = this.faultOf(block, i, described);
      if (fault !== undefined) return `sequence ids of the block at ${described.offset}: ${fault}`;
    }
    return undefined;
  }

  finish(): string | undefined {
    const described = this.nextBlock();
    return described && `no sequence ids for the block at ${described.offset}`;
  }

  skip(count: number): void {
    for (let i = 0; i < count && !this.isLost; i++) this.nextBlock();
  }

  hash(): void {}

  private nextBlock(): BlockPointer | undefined {
    try {
      return this.blocks.next().value ?? undefined;
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      this.isLost = true;
      return undefined;
    }
  }

  private faultOf(block: Block, index: number, described: BlockPointer): string | undefined {
    if (!bytesEqual(block.key(index), sequenceKey(described.offset))) return 'missing';
    const range = { start: block.valueStart(index), end: block.end(index) };
    try {
      const ids = decodeSequenceIds(block.bytes, range, described.count);
      if (ids.some((id) => id > this.sequenceMax)) return 'above that of the snapshot';
      return undefined;
    } catch (error) {
      if (!isMalformed(error)) throw error;
      return error.message;
    }
  }
}
