/**
 * Checks every block of one tree against everything that its writer does.
 *
 * The walk visits children before their page, which is the order of the file: so a tree whose
 * blocks follow each other without a gap has no block twice and hides no bytes.
 */
import { bytesEqual, compareBytes, EMPTY_BYTES } from '../bytes/bytes.ts';
import { CorruptionError } from '../errors.ts';
import { type Task, wait } from '../fs/task.ts';
import type { Block } from './block.ts';
import { shortestSeparator } from './block-builder.ts';
import { type BlockClaim, type BlockSource, claimOf } from './block-source.ts';
import { KeyHashes } from './filter.ts';
import type { ByteReader } from './read-ahead.ts';
import type { SnapshotSteps } from './steps.ts';
import type { TreeContent } from './tree-content.ts';

/** What the verifiers of all trees of a file share. */
export interface Verification {
  readonly source: BlockSource;
  readonly bytes: ByteReader;
  readonly steps: SnapshotSteps;
  /** Where the next block must stand. */
  end: number;
  entries: number;
  pausedAt: number;
  report(offset: number, reason: string): void;
}

export class TreeVerifier {
  private readonly file: Verification;
  private readonly content: TreeContent;
  private readonly hashes = new KeyHashes();
  /** The last key of the block before; undefined when that block is damaged. */
  private lastKey: Uint8Array | undefined = EMPTY_BYTES;
  private isFirst = true;
  /** Some keys below the open page of level 1 are not known: its filter cannot be judged. */
  private isPageComplete = true;

  constructor(file: Verification, content: TreeContent) {
    this.file = file;
    this.content = content;
  }

  /** Damage goes to `report`; throws what the file and `steps` throw. */
  *verify(claim: BlockClaim, separator: Uint8Array = EMPTY_BYTES): Task<void> {
    const block = this.read(claim);
    if (block === undefined) return;
    if (block.level === 0) {
      this.checkPlace(block);
      this.checkDataBlock(block, separator);
    } else {
      if (!bytesEqual(block.key(0), separator)) this.report(block, 'page has another first key');
      for (let i = 0; i < block.count; i++) yield* this.verify(claimOf(block, i), block.key(i));
      this.checkPlace(block);
      if (block.level === 1) this.checkFilter(block);
    }
    yield* this.pause();
  }

  private read(claim: BlockClaim): Block | undefined {
    try {
      return this.file.source.read(claim, this.file.bytes);
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      for (const { offset, reason } of error.report.damage) this.file.report(offset, reason);
      this.skip(claim);
      return undefined;
    }
  }

  /** Goes on behind a block that says nothing. */
  private skip(claim: BlockClaim): void {
    this.content.skip(claim.count);
    this.lastKey = undefined;
    this.isFirst = false;
    this.isPageComplete = false;
    this.file.end = Math.max(this.file.end, claim.offset + claim.length);
  }

  private checkPlace(block: Block): void {
    if (block.offset !== this.file.end) {
      this.report(block, `block does not stand where the one before it ends, at ${this.file.end}`);
    }
    this.file.end = block.offset + block.bytes.length;
  }

  private checkDataBlock(block: Block, separator: Uint8Array): void {
    const firstKey = block.key(0);
    const below = this.isFirst ? undefined : this.lastKey;
    if (below !== undefined && compareBytes(below, firstKey) >= 0) {
      this.report(block, 'keys are not above those of the block before');
    } else if (
      this.lastKey !== undefined &&
      !bytesEqual(separator, shortestSeparator(below, firstKey))
    ) {
      this.report(block, 'key of the block in its page is wrong');
    }
    const fault = this.content.check(block);
    if (fault !== undefined) this.report(block, fault);
    this.content.hash(block, this.hashes);
    this.hashes.settle();
    this.lastKey = block.key(block.count - 1);
    this.isFirst = false;
    this.file.entries += block.count;
  }

  private checkFilter(page: Block): void {
    const expected = this.hashes.take();
    const start = page.filterStart;
    const filter = page.bytes.subarray(start, start + page.filterSize);
    if (this.isPageComplete && !bytesEqual(filter, expected)) {
      this.report(page, 'filter is not that of the keys below');
    }
    this.isPageComplete = true;
  }

  private report(block: Block, reason: string): void {
    this.file.report(block.offset, reason);
  }

  private *pause(): Task<void> {
    const { steps, end, entries } = this.file;
    if (end - this.file.pausedAt < this.content.sliceSize) return;
    this.file.pausedAt = end;
    steps.onProgress({ bytes: end, entries });
    steps.check();
    yield* wait(steps.pause());
  }
}
