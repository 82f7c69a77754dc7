/**
 * The content of one file of the simulated disk: what a reader sees (`live`), what a power cut
 * leaves for sure (`durable`), and the sectors between them that a write-back would still write.
 */

import { errnoError } from '../fs/errno.ts';
import { GrowingBytes } from '../fs/growing-bytes.ts';
import type { Fault } from './fault.ts';

/** What disks write as a whole, or at least nothing beside it. */
export const SECTOR_SIZE = 512;

/** A written part of a sector, as offsets in the file. */
export interface WrittenRange {
  readonly start: number;
  readonly end: number;
}

interface Write extends WrittenRange {
  /** The number of the change that it was. */
  readonly change: number;
}

/** What a sync saw when it was called: it promises this, and nothing that came later. */
export interface SyncFence {
  readonly change: number;
  readonly size: number;
  readonly sectors: ReadonlyMap<number, Uint8Array>;
}

export class SimulatedInode {
  #live: GrowingBytes;
  #durable: GrowingBytes;
  /** The writes to each sector that are not durable, in order. */
  #pending = new Map<number, readonly Write[]>();
  /** Sectors as they were before a cut that is not durable yet: the disk may have written them. */
  #cutSectors = new Map<number, Uint8Array>();
  #sizeMin: number;
  #sizeMax: number;
  #changeCount = 0;
  /** Changes up to this one are durable: a sync that was called before has nothing left to do. */
  #durableChange = -1;
  /** Kept until the next change, because every image asks. */
  #differing: ReadonlyMap<number, WrittenRange> | undefined;
  /** Write-back errors that each way to sync, having a descriptor of its own, has yet to report. */
  #unreported: { sync?: string; syncNow?: string } = {};
  /** Handles on it: what is open exists without a name. */
  openCount = 0;

  constructor(live = new GrowingBytes(), durable = live.fork()) {
    this.#live = live;
    this.#durable = durable;
    this.#sizeMin = Math.min(live.size, durable.size);
    this.#sizeMax = Math.max(live.size, durable.size);
  }

  get live(): GrowingBytes {
    return this.#live;
  }

  get durable(): GrowingBytes {
    return this.#durable;
  }

  get cutSectors(): ReadonlyMap<number, Uint8Array> {
    return this.#cutSectors;
  }

  /** The smallest and the largest size since the last sync. */
  get sizeRange(): { readonly min: number; readonly max: number } {
    return { min: this.#sizeMin, max: this.#sizeMax };
  }

  clone(): SimulatedInode {
    const copy = new SimulatedInode(this.#live.fork(), this.#durable.fork());
    copy.#pending = new Map(this.#pending);
    copy.#cutSectors = new Map(this.#cutSectors);
    copy.#sizeMin = this.#sizeMin;
    copy.#sizeMax = this.#sizeMax;
    copy.#changeCount = this.#changeCount;
    return copy;
  }

  write(source: Uint8Array, offset: number): void {
    if (source.length === 0) return;
    this.#differing = undefined;
    this.#live.write(source, offset);
    this.#changeCount += 1;
    this.#markWritten(offset, offset + source.length);
    this.#noteSize();
  }

  truncate(size: number): void {
    this.#differing = undefined;
    this.#changeCount += 1;
    for (const [sector, writes] of this.#pending) {
      if (rangeOf(writes).end <= size) continue;
      this.#cutSectors.set(sector, this.sectorBytes(this.#live, sector));
      this.#setPending(sector, cutWrites(writes, { size, change: this.#changeCount }));
    }
    this.#live.truncate(size);
    this.#noteSize();
  }

  /** Both contents, as damage or a test's preparation sets them. */
  replace(bytes: Uint8Array): void {
    this.#live = new GrowingBytes(bytes);
    this.#durable = this.#live.fork();
    this.#settle();
  }

  /** The written ranges of the sectors whose surviving, or not, makes a difference. */
  differingSectors(): ReadonlyMap<number, WrittenRange> {
    this.#differing ??= new Map(
      [...this.#pending]
        .filter(([sector]) => this.differsBelow(sector, Infinity))
        .map(([sector, writes]) => [sector, rangeOf(writes)]),
    );
    return this.#differing;
  }

  /** Whether old and new differ in this sector of a file that ends at `size`. */
  differsBelow(sector: number, size: number): boolean {
    const end = Math.min(size, (sector + 1) * SECTOR_SIZE);
    const old = this.sectorBytes(this.#durable, sector);
    const now = this.sectorBytes(this.#live, sector);
    for (let index = 0; index < end - sector * SECTOR_SIZE; index++) {
      if (old[index] !== now[index]) return true;
    }
    return false;
  }

  /** A whole sector, zeros where the content has ended. */
  sectorBytes(content: GrowingBytes, sector: number): Uint8Array {
    const target = new Uint8Array(SECTOR_SIZE);
    content.read(target, sector * SECTOR_SIZE);
    return target;
  }

  fence(): SyncFence {
    const sectors = new Map<number, Uint8Array>();
    for (const sector of this.#pending.keys()) {
      sectors.set(sector, this.sectorBytes(this.#live, sector));
    }
    return { change: this.#changeCount, size: this.#live.size, sectors };
  }

  /**
   * Writes back up to `fence`, or leaves what the fault leaves. Throws errors of write-back, this
   * one's or an earlier one's, as a kernel does: once to each `channel`.
   */
  sync(channel: 'sync' | 'syncNow', fence: SyncFence, fault?: Fault): void {
    const { personality, code = 'EIO' } = fault?.kind === 'sync' ? fault : {};
    if (personality === 'lying') return;
    if (personality === 'alone') throw errnoError(code, 'the sync failed');
    if (fence.change < this.#durableChange) this.#differing = undefined;
    else if (personality === undefined) this.#writeBack(fence);
    else if (personality === 'btrfs') this.#revert();
    else this.#forgetPending(fence);
    if (personality !== undefined) this.#unreported = { sync: code, syncNow: code };
    if (personality === 'delayed') return;
    const error = this.#unreported[channel];
    delete this.#unreported[channel];
    if (error !== undefined) throw errnoError(error, 'write-back failed');
  }

  #writeBack(fence: SyncFence): void {
    const sectorEnds = [...fence.sectors.keys()].map((sector) => (sector + 1) * SECTOR_SIZE);
    this.#durable.extend(Math.max(this.#durable.size, fence.size, ...sectorEnds));
    for (const [sector, bytes] of fence.sectors) {
      this.#durable.write(bytes, sector * SECTOR_SIZE);
    }
    this.#durable.truncate(fence.size);
    this.#durableChange = fence.change;
    this.#forgetPending(fence);
  }

  #revert(): void {
    this.#live = this.#durable.fork();
    this.#settle();
  }

  #forgetPending(fence: SyncFence): void {
    this.#differing = undefined;
    if (fence.change === this.#changeCount) {
      this.#settle();
      return;
    }
    for (const [sector, writes] of this.#pending) {
      this.#setPending(
        sector,
        writes.filter(({ change }) => change > fence.change),
      );
    }
    this.#sizeMin = Math.min(this.#durable.size, this.#live.size);
    this.#sizeMax = Math.max(this.#durable.size, this.#live.size);
  }

  #settle(): void {
    this.#differing = undefined;
    this.#pending.clear();
    this.#cutSectors.clear();
    this.#sizeMin = Math.min(this.#durable.size, this.#live.size);
    this.#sizeMax = Math.max(this.#durable.size, this.#live.size);
  }

  #markWritten(start: number, end: number): void {
    const lastSector = Math.floor((end - 1) / SECTOR_SIZE);
    for (let sector = Math.floor(start / SECTOR_SIZE); sector <= lastSector; sector++) {
      const sectorStart = sector * SECTOR_SIZE;
      const write = {
        start: Math.max(start, sectorStart),
        end: Math.min(end, sectorStart + SECTOR_SIZE),
        change: this.#changeCount,
      };
      this.#setPending(sector, [...(this.#pending.get(sector) ?? []), write]);
    }
  }

  #setPending(sector: number, writes: readonly Write[]): void {
    if (writes.length === 0) this.#pending.delete(sector);
    else this.#pending.set(sector, writes);
  }

  #noteSize(): void {
    this.#sizeMin = Math.min(this.#sizeMin, this.#live.size);
    this.#sizeMax = Math.max(this.#sizeMax, this.#live.size);
  }
}

function rangeOf(writes: readonly WrittenRange[]): WrittenRange {
  return {
    start: Math.min(...writes.map(({ start }) => start)),
    end: Math.max(...writes.map(({ end }) => end)),
  };
}

/** What a cut leaves of the writes to a sector: those that it touches count as part of it. */
function cutWrites(
  writes: readonly Write[],
  cut: { readonly size: number; readonly change: number },
): Write[] {
  return writes
    .filter(({ start }) => start < cut.size)
    .map((write) =>
      write.end <= cut.size ? write : { ...write, end: cut.size, change: cut.change },
    );
}
