/** What one file may look like after a power cut. */
import { GrowingBytes } from '../fs/growing-bytes.ts';
import { SeededRandom } from './seeded-random.ts';
import { SECTOR_SIZE, type SimulatedInode } from './simulated-inode.ts';

/** Plain values, so that an image can be written down and made again. Sectors by number. */
export interface FileOutcome {
  readonly size: number;
  readonly survivors: readonly number[];
  /** One sector that holds what neither side of the port ever wrote so. */
  readonly damage?: SectorDamage;
  /** Sectors that were cut off since the last sync, and are back. */
  readonly uncut?: readonly number[];
}

interface SectorDamage {
  readonly sector: number;
  readonly how: 'torn' | 'zeroed' | 'garbage';
  /** Decides where it is torn, and what the garbage is. */
  readonly seed: number;
}

export function outcomeContent(inode: SimulatedInode, outcome: FileOutcome): GrowingBytes {
  if (isUntouched(inode)) return inode.durable.fork();
  const { size, survivors, damage, uncut = [] } = outcome;
  const bytes = new Uint8Array(size);
  inode.durable.read(bytes, 0);
  for (const sector of survivors) {
    setSector(bytes, sector, inode.sectorBytes(inode.live, sector));
  }
  const damaged = damage === undefined ? undefined : damagedSector(inode, damage);
  if (damage !== undefined && damaged !== undefined) setSector(bytes, damage.sector, damaged);
  for (const sector of uncut) {
    const content = inode.cutSectors.get(sector);
    if (content !== undefined) setSector(bytes, sector, content);
  }
  return new GrowingBytes(bytes);
}

export function allArrived(inode: SimulatedInode): FileOutcome {
  return { size: inode.live.size, survivors: [...inode.differingSectors().keys()] };
}

export function nothingArrived(inode: SimulatedInode): FileOutcome {
  return { size: inode.durable.size, survivors: [] };
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
  for (const sector of inode.differingSectors().keys()) {
    for (const damage of possibleDamage(inode, sector, random)) {
      yield { ...allArrived(inode), damage };
    }
  }
}

/** All sectors arrive, and of what was cut since the last sync one or all sectors are back. */
export function* uncutOutcomes(inode: SimulatedInode): Generator<FileOutcome> {
  const size = inode.sizeRange.max;
  const survivors = [...inode.differingSectors().keys()];
  const cut = [...inode.cutSectors.keys()];
  for (const sector of cut) yield { size, survivors, uncut: [sector] };
  if (cut.length > 1) yield { size, survivors, uncut: cut };
}

function possibleDamage(
  inode: SimulatedInode,
  sector: number,
  random: SeededRandom,
): SectorDamage[] {
  return (['torn', 'zeroed', 'garbage'] as const)
    .map((how) => ({ sector, how, seed: random.below(2 ** 32) }))
    .filter((damage) => damagedSector(inode, damage) !== undefined);
}

/** Undefined where the damage would make no difference. */
function damagedSector(
  inode: SimulatedInode,
  { sector, how, seed }: SectorDamage,
): Uint8Array | undefined {
  const random = new SeededRandom(seed);
  const now = inode.sectorBytes(inode.live, sector);
  if (how === 'torn') return tornSector(inode.sectorBytes(inode.durable, sector), now, random);
  const range = inode.differingSectors().get(sector);
  if (range === undefined) return undefined;
  const start = range.start - sector * SECTOR_SIZE;
  const size = range.end - range.start;
  const damaged = now.slice();
  damaged.set(how === 'zeroed' ? new Uint8Array(size) : random.bytes(size), start);
  return damaged.some((byte, index) => byte !== now[index]) ? damaged : undefined;
}

function tornSector(
  old: Uint8Array,
  now: Uint8Array,
  random: SeededRandom,
): Uint8Array | undefined {
  const differing = [...now.keys()].filter((index) => now[index] !== old[index]);
  if (differing.length < 2) return undefined;
  const torn = old.slice();
  torn.set(now.subarray(0, differing[1 + random.below(differing.length - 1)]));
  return torn;
}

/** Chance decides about size, sectors and damage. */
export function randomOutcome(inode: SimulatedInode, random: SeededRandom): FileOutcome {
  const differing = [...inode.differingSectors().keys()];
  const oddsOfLoss = 2 + random.below(8);
  const survivors = differing.filter(() => random.below(oddsOfLoss) > 0);
  const sizes = random.isHeads() ? [inode.live.size] : possibleSizes(inode);
  const size = sizes[random.below(sizes.length)] ?? inode.live.size;
  const special = random.below(4);
  const sector = differing[random.below(differing.length)];
  if (special === 0 && sector !== undefined) {
    const damages = possibleDamage(inode, sector, random);
    const damage = damages[random.below(damages.length)];
    if (damage !== undefined) return { size, survivors, damage };
  }
  if (special === 1) return { size, survivors, uncut: [...inode.cutSectors.keys()] };
  return { size, survivors };
}
