/**
 * Writes the blocks of one tree in a single pass, bottom up.
 *
 * One block per level is open; a block is written when the next entry would make it too large. The
 * page above makes room for its pointer first, so every page stands right behind its last child
 * and the blocks of a tree fill the file without gaps, in the order of a walk that visits children
 * before their page.
 */
import { assert } from '../assert.ts';
import { type BlockPointer, type EntryRange, LEVEL_MAX } from './block.ts';
import {
  BlockBuilder,
  pointerEntry,
  pointerEntrySize,
  shortestSeparator,
} from './block-builder.ts';
import type { FileAppender } from './file-appender.ts';
import { hashKey, KeyHashes } from './filter.ts';

/** When a block is closed. Part of the format only in that equal states need equal limits. */
export interface BlockLimits {
  /** Bytes of entries in a data block, and in a page. One entry may be larger. */
  readonly blockSize: number;
  readonly pageSize: number;
  /** A page with fewer children stays open whatever its size: keeps the tree flat. */
  readonly childCountMin: number;
}

export const DEFAULT_BLOCK_LIMITS: BlockLimits = {
  blockSize: 4096,
  pageSize: 8192,
  childCountMin: 16,
};

/** The topmost block of a tree, and how many levels of pages the tree has. */
export interface TreeRoot extends BlockPointer {
  readonly height: number;
}

/** An open block. */
interface Level {
  readonly builder: BlockBuilder;
  /** Of a page: entries of the tree below it. */
  count: number;
}

export class TreeWriter {
  private readonly output: FileAppender;
  private readonly limits: BlockLimits;
  private readonly hashes: KeyHashes | undefined;
  private readonly levels: Level[] = [];
  private readonly bottom: BlockBuilder;
  private readonly onDataBlock: ((offset: number) => void) | undefined;
  /** Of the data block that was closed last. */
  private lastKey: Uint8Array | undefined;

  constructor(
    output: FileAppender,
    tree: {
      limits: BlockLimits;
      filters: 'none' | 'pages';
      /** Told when all entries of a data block were added, and where it stands. */
      onDataBlock?: (offset: number) => void;
    },
  ) {
    this.output = output;
    this.onDataBlock = tree.onDataBlock;
    this.limits = tree.limits;
    this.hashes = tree.filters === 'pages' ? new KeyHashes() : undefined;
    this.bottom = this.level(0).builder;
  }

  /** Copies the entry. Keys ascend. */
  add(entry: EntryRange): void {
    const bottom = this.bottom;
    const size = bottom.entriesSize + BlockBuilder.entrySize(entry);
    if (bottom.count > 0 && size > this.limits.blockSize) this.close(0);
    bottom.add(entry);
    this.hashes?.add(hashKey(entry.bytes, entry.keyStart, entry.keyEnd));
  }

  /** Closes what is open. Undefined when nothing was added. */
  finish(): TreeRoot | undefined {
    if (this.bottom.count === 0) return undefined;
    for (let level = 0; ; level++) {
      if (level === this.levels.length - 1) return { ...this.write(level), height: level };
      this.close(level);
    }
  }

  /** Writes the open block of `level` and points at it from the page above. */
  private close(level: number): void {
    const separator = this.separator(level);
    if (level === 0) this.makeRoom(1, separator);
    const child = this.write(level);
    const above = this.level(level + 1);
    above.builder.add(pointerEntry(separator, child));
    above.count += child.count;
    if (level === 0) this.hashes?.settle();
  }

  /**
   * Before a block is written: closes the pages that are too full for it. A page that it is the
   * first child of will point from the level above with the same separator, so there must be room
   * there as well: otherwise that level's page would be written later, among this page's children.
   */
  private makeRoom(level: number, separator: Uint8Array): void {
    const builder = this.levels[level]?.builder;
    if (builder === undefined) return;
    const size = builder.entriesSize + pointerEntrySize(separator);
    const isFull = builder.count >= this.limits.childCountMin && size > this.limits.pageSize;
    if (isFull) this.close(level);
    if (builder.count === 0) this.makeRoom(level + 1, separator);
  }

  private separator(level: number): Uint8Array {
    const firstKey = this.level(level).builder.firstKey();
    return level > 0 ? firstKey : shortestSeparator(this.lastKey, firstKey);
  }

  private write(level: number): BlockPointer {
    const open = this.level(level);
    const offset = this.output.offset;
    const filter = level === 1 ? this.hashes?.take() : undefined;
    const { bytes, hash } = open.builder.seal({ offset, level }, filter);
    this.output.append(bytes);
    const count = level === 0 ? open.builder.count : open.count;
    const pointer = { offset, length: bytes.length, count, hash };
    if (level === 0) {
      this.lastKey = open.builder.lastKey();
      this.onDataBlock?.(offset);
    }
    open.count = 0;
    open.builder.clear();
    return pointer;
  }

  private level(level: number): Level {
    assert(level <= LEVEL_MAX, 'a tree has at most eight levels of pages');
    let open = this.levels[level];
    if (open === undefined) {
      open = { builder: new BlockBuilder(), count: 0 };
      this.levels[level] = open;
    }
    return open;
  }
}
