/** Reads blocks of one file: every block is verified when it is read, and then kept in the cache. */
import { bytesEqual, dataViewOf } from '../bytes/bytes.ts';
import type { CorruptionError } from '../errors.ts';
import { closeQuietly, type File, readFully } from '../fs/file-system.ts';
import {
  BLOCK_SIZE_MAX,
  BLOCK_SIZE_MIN,
  Block,
  type BlockHolder,
  type BlockPointer,
  CHECK_SIZE,
  hashBlock,
  OFFSET_SIZE,
} from './block.ts';
import type { BlockShelf } from './block-cache.ts';
import { corruption } from './damage.ts';
import { HEADER_SIZE, isMalformed } from './format.ts';
import type { ByteReader } from './read-ahead.ts';

/** Roots are kept besides the cache up to here, so that maps by the thousand cost no more. */
const PINNED_SIZE_MAX = 1 << 20;

/** A pointer, and what the block must be that it points at. */
export interface BlockClaim extends BlockPointer {
  readonly level: number;
  /** The block ends here at the latest: where its page begins, or the footer. */
  readonly limit: number;
}

export class BlockSource {
  readonly file: File;
  readonly name: string;
  private readonly shelf: BlockShelf | undefined;
  private pinnedSize = 0;
  private isClosed = false;

  /** Without a shelf nothing is kept. */
  constructor(file: File, name: string, shelf?: BlockShelf) {
    this.file = file;
    this.name = name;
    this.shelf = shelf;
  }

  /** Child `index` of a page, from `bytes` if not from the cache. Throws CORRUPT, and what the file throws. */
  child(page: Block, index: number, bytes: ByteReader = this.file): Block {
    const holder = page.holders[index];
    const block = holder?.block;
    if (holder === undefined || block === undefined) return this.fetchChild(page, index, bytes);
    this.shelf?.countHit(holder);
    return block;
  }

  /** As `child`, for a block that a footer points at. */
  load(claim: BlockClaim): Block {
    return this.fetch(claim, this.file).block;
  }

  /** The block fresh from the file, or from who reads the file for the caller. */
  read(claim: BlockClaim, from: ByteReader = this.file): Block {
    const { offset, length, limit } = claim;
    const isInside = offset >= HEADER_SIZE && offset + length <= limit;
    if (!isInside || length < BLOCK_SIZE_MIN || length > BLOCK_SIZE_MAX) {
      throw this.damage(limit, `it points at ${length} bytes at ${offset}, where no block can be`);
    }
    const sealed = new Uint8Array(OFFSET_SIZE + length);
    dataViewOf(sealed).setBigUint64(0, BigInt(offset), true);
    const bytes = sealed.subarray(OFFSET_SIZE);
    const count = from.read(bytes, offset);
    if (count < length) bytes.set(readFully(this.file, offset + count, length - count), count);
    this.verify(sealed, claim);
    return this.parse(bytes, claim);
  }

  /** True if the block may be kept besides the cache for as long as its file is open. */
  pin(block: Block): boolean {
    if (this.pinnedSize + block.bytes.length > PINNED_SIZE_MAX) return false;
    this.pinnedSize += block.bytes.length;
    return true;
  }

  damage(offset: number, reason: string): CorruptionError {
    return corruption({ file: this.name, offset, reason });
  }

  /** Closes the file and forgets its blocks. Safe to call twice. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.shelf?.close();
    closeQuietly(this.file);
  }

  private fetchChild(page: Block, index: number, bytes: ByteReader): Block {
    const { block, holder } = this.fetch(claimOf(page, index), bytes);
    page.holders[index] = holder;
    return block;
  }

  private fetch(
    claim: BlockClaim,
    bytes: ByteReader,
  ): { block: Block; holder: BlockHolder | undefined } {
    const { shelf } = this;
    if (shelf === undefined) return { block: this.read(claim, bytes), holder: undefined };
    const holder = shelf.find(claim.offset);
    if (holder?.block?.level === claim.level) {
      shelf.countHit(holder);
      return { block: holder.block, holder };
    }
    const block = this.read(claim, bytes);
    shelf.countMiss();
    // Only crafted pointers give one place two levels: the second block is served, and not kept.
    return { block, holder: holder === undefined ? shelf.put(block) : undefined };
  }

  private verify(sealed: Uint8Array, claim: BlockClaim): void {
    const end = sealed.length - CHECK_SIZE;
    const hash = hashBlock(sealed.subarray(0, end));
    if (!bytesEqual(hash.subarray(0, CHECK_SIZE), sealed.subarray(end))) {
      throw this.damage(claim.offset, 'block checksum is wrong');
    }
    if (!bytesEqual(hash, claim.hash)) {
      throw this.damage(claim.offset, 'block is not the one that its page points at');
    }
  }

  private parse(bytes: Uint8Array, claim: BlockClaim): Block {
    try {
      const block = new Block(bytes, claim.offset);
      const fault = faultOf(block, claim);
      if (fault !== undefined) throw this.damage(claim.offset, fault);
      return block;
    } catch (error) {
      if (!isMalformed(error)) throw error;
      throw this.damage(claim.offset, error.message);
    }
  }
}

export function claimOf(page: Block, index: number): BlockClaim {
  return { ...page.child(index), level: page.level - 1, limit: page.offset };
}

/**
 * The counts bound every walk: each level of pages adds up to the one above it, so no arrangement
 * of pointers makes a tree look larger than its footer says.
 */
function faultOf(block: Block, claim: BlockClaim): string | undefined {
  if (block.level !== claim.level) return `block of level ${block.level}, not ${claim.level}`;
  let count = block.level === 0 ? block.count : 0;
  for (let i = 0; block.level > 0 && i < block.count; i++) count += block.childCount(i);
  return count === claim.count ? undefined : `${count} entries, not ${claim.count}`;
}
