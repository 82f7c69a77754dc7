/**
 * Verified blocks kept in memory, for all snapshots of a store together, within a number of bytes.
 *
 * Second chance: a block that was read again since the hand passed it stays for another round, one
 * that was not goes. So a scan, which reads every block once, pushes out no block in use.
 */
import type { Block, BlockHolder } from './block.ts';

/** Emptied on eviction, so that who remembers it keeps no block in memory. */
interface Slot extends BlockHolder {
  readonly offset: number;
  readonly size: number;
  readonly shelf: Map<number, Slot>;
}

export class BlockCache {
  /** Never holds more than this; 0 keeps nothing. */
  readonly capacity: number;
  hits = 0;
  misses = 0;
  private size = 0;
  private slots: Slot[] = [];
  private hand = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.size;
  }

  /** A part of the cache for the blocks of one file. */
  openShelf(): BlockShelf {
    return new BlockShelf(this, new Map());
  }

  /** For BlockShelf. */
  put(shelf: Map<number, Slot>, block: Block): BlockHolder | undefined {
    const size = block.memorySize;
    if (size > this.capacity) return undefined;
    while (this.size + size > this.capacity) this.evict();
    const slot = { block, offset: block.offset, size, shelf, isRecent: false };
    shelf.set(block.offset, slot);
    this.slots.push(slot);
    this.size += size;
    return slot;
  }

  /** For BlockShelf. */
  drop(shelf: Map<number, Slot>): void {
    for (const slot of shelf.values()) {
      this.size -= slot.size;
      slot.block = undefined;
    }
    this.slots = this.slots.filter((slot) => slot.shelf !== shelf);
    this.hand = 0;
    shelf.clear();
  }

  private evict(): void {
    for (;;) {
      if (this.hand >= this.slots.length) this.hand = 0;
      const slot = this.slots[this.hand] as Slot;
      if (!slot.isRecent) {
        this.remove(slot);
        return;
      }
      slot.isRecent = false;
      this.hand++;
    }
  }

  private remove(slot: Slot): void {
    slot.block = undefined;
    slot.shelf.delete(slot.offset);
    this.size -= slot.size;
    const last = this.slots.pop() as Slot;
    // The newest block takes the place just behind the hand, which is the farthest from it.
    if (last !== slot) this.slots[this.hand++] = last;
  }
}

/** The blocks of one file in a cache. */
export class BlockShelf {
  private readonly cache: BlockCache;
  private readonly slots: Map<number, Slot>;

  constructor(cache: BlockCache, slots: Map<number, Slot>) {
    this.cache = cache;
    this.slots = slots;
  }

  /** The block at `offset`: a holder that is not empty now. */
  find(offset: number): BlockHolder | undefined {
    return this.slots.get(offset);
  }

  /** Keeps a block that is not here, if it can; says where. */
  put(block: Block): BlockHolder | undefined {
    return this.cache.put(this.slots, block);
  }

  /** The block was served from here. */
  countHit(holder: BlockHolder): void {
    holder.isRecent = true;
    this.cache.hits++;
  }

  /** The block was read from the file. */
  countMiss(): void {
    this.cache.misses++;
  }

  /** Forgets all blocks of the file. */
  close(): void {
    this.cache.drop(this.slots);
  }
}
