/** What one file may look like after a power cut. */
import { GrowingBytes } from '../fs/growing-bytes.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SECTOR_SIZE, type SimulatedInode, type WrittenRange } from './simulated-inode.ts';

/** Sectors by number. Those in `patches` hold what neither side of the port ever wrote so. */
export interface FileOutcome {
  readonly size: number;
  readonly survivors: Iterable<number>;
  readonly patches?: ReadonlyMap<number, Uint8Array>;
}

export function outcomeContent(inode: SimulatedInode, outcome: FileOutcome): GrowingBytes {
  if (isUntouched(inode)) return inode.durable.fork();
  const bytes = new Uint8Array(outcome.size);
  inode.durable.read(bytes, 0);
  for (const sector of outcome.survivors) {
    setSector(bytes, sector, inode.sectorBytes(inode.live, sector));
  }
  for (const [sector, patch] of outcome.patches ?? []) setSector(bytes, sector, patch);
  return new GrowingBytes(bytes);
}

/** Most files of a store are: their images share one buffer. */
function isUntouched(inode: SimulatedInode): boolean {
  const { min, max } = inode.sizeRange;
  return min === max && inode.differingSectors().size === 0;
}

function setSector(bytes: Uint8Array, sector: number, content: Uint8Array): void {
  const start = sector * SECTOR_SIZE;
  if (start < bytes.length) bytes.set(content.subarray(0, bytes.length - start), start);
}

/** Sizes that the file may have, the durable one first: exact ones, and all sector boundaries. */
function possibleSizes(inode: SimulatedInode): number[] {
  const { min, max } = inode.sizeRange;
  const sizes = new Set([inode.durable.size, inode.live.size, min, max]);
  const firstBoundary = (Math.floor(min / SECTOR_SIZE) + 1) * SECTOR_SIZE;
  for (let size = firstBoundary; size < max; size += SECTOR_SIZE) sizes.add(size);
  return [...sizes];
}

/** Every size with every subset of the sectors that differ below it. */
export function* everyOutcome(inode: SimulatedInode): Generator<FileOutcome> {
  const sectors = [...inode.differingSectors().keys()];
  for (const size of possibleSizes(inode)) {
    const below = sectors.filter((sector) => inode.differsBelow(sector, size));
    for (const survivors of subsets(below)) yield { size, survivors };
  }
}

export function outcomeCount(inode: SimulatedInode): number {
  const sectors = [...inode.differingSectors().keys()];
  return possibleSizes(inode).reduce((count, size) => {
    return count + 2 ** sectors.filter((sector) => inode.differsBelow(sector, size)).length;
  }, 0);
}

/** Every subset of the differing sectors, in a file of its new size or just long enough. */
export function* subsetOutcomes(
  inode: SimulatedInode,
  length: 'new' | 'shortest',
): Generator<FileOutcome> {
  for (const survivors of subsets([...inode.differingSectors().keys()])) {
    const size = length === 'new' ? inode.live.size : shortestSize(inode, survivors);
    yield { size, survivors };
  }
}

function shortestSize(inode: SimulatedInode, survivors: readonly number[]): number {
  const end = Math.max(0, ...survivors.map((sector) => (sector + 1) * SECTOR_SIZE));
  return Math.max(inode.durable.size, Math.min(inode.sizeRange.max, end));
}

export function* subsets<T>(items: readonly T[]): Generator<T[]> {
  for (let mask = 0; mask < 2 ** items.length; mask++) {
    yield items.filter((_, index) => mask & (1 << index));
  }
}

/** All sectors arrive but one, which is torn, zeroed, or filled with garbage where written. */
export function* damagedOutcomes(
  inode: SimulatedInode,
  random: SeededRandom,
): Generator<FileOutcome> {
  const differing = inode.differingSectors();
  for (const [sector, range] of differing) {
    for (const patch of damagedSectors(inode, sector, range, random)) {
      yield {
        size: inode.live.size,
        survivors: differing.keys(),
        patches: new Map([[sector, patch]]),
      };
    }
  }
}

/** All sectors arrive, and of what was cut since the last sync one or all sectors are back. */
export function* uncutOutcomes(inode: SimulatedInode): Generator<FileOutcome> {
  const size = inode.sizeRange.max;
  const survivors = [...inode.differingSectors().keys()];
  for (const [sector, content] of inode.cutSectors) {
    yield { size, survivors, patches: new Map([[sector, content]]) };
  }
  if (inode.cutSectors.size > 1) yield { size, survivors, patches: inode.cutSectors };
}

function* damagedSectors(
  inode: SimulatedInode,
  sector: number,
  range: WrittenRange,
  random: SeededRandom,
): Generator<Uint8Array> {
  const now = inode.sectorBytes(inode.live, sector);
  const old = inode.sectorBytes(inode.durable, sector);
  const differing = [...now.keys()].filter((index) => now[index] !== old[index]);
  if (differing.length > 1) {
    const torn = old.slice();
    torn.set(now.subarray(0, differing[1 + random.below(differing.length - 1)]));
    yield torn;
  }
  const start = range.start - sector * SECTOR_SIZE;
  const size = range.end - range.start;
  const zeroed = now.slice().fill(0, start, start + size);
  if (zeroed.some((byte, index) => byte !== now[index])) yield zeroed;
  const garbage = now.slice();
  garbage.set(random.bytes(size), start);
  yield garbage;
}

/** Chance decides about size, sectors and damage. */
export function randomOutcome(inode: SimulatedInode, random: SeededRandom): FileOutcome {
  const differing = inode.differingSectors();
  const oddsOfLoss = 2 + random.below(8);
  const survivors = [...differing.keys()].filter(() => random.below(oddsOfLoss) > 0);
  const sizes = random.isHeads() ? [inode.live.size] : possibleSizes(inode);
  const size = sizes[random.below(sizes.length)] ?? inode.live.size;
  const special = random.below(4);
  const [sector, range] = [...differing][random.below(differing.size)] ?? [];
  if (special === 0 && sector !== undefined && range !== undefined) {
    const patches = [...damagedSectors(inode, sector, range, random)];
    const patch = patches[random.below(patches.length)];
    if (patch !== undefined) return { size, survivors, patches: new Map([[sector, patch]]) };
  }
  if (special === 1) return { size, survivors, patches: inode.cutSectors };
  return { size, survivors };
}
