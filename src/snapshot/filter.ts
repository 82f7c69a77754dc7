/**
 * The filter of a page of level 1: says of most keys that are not below the page that they are
 * not, without a block being read. Pure.
 *
 *     filter := unit*, unit := 8 words of u32 little-endian
 *
 * A split-block Bloom filter (as Parquet's) of 10 bits a key, in whole units. A key's hash h is
 * MurmurHash3_x86_32 with seed 0. Its unit is h mod the number of units; with
 * g = (h · 0x9e3779b1 mod 2^32) xor (that >> 15), it sets bit (g · SALT[i] mod 2^32) >> 27 in each word i.
 */
import { FILTER_UNIT_SIZE, FILTER_UNITS_MAX } from './block.ts';

const BITS_PER_KEY = 10;
const UNIT_BITS = FILTER_UNIT_SIZE * 8;
const MIX = 0x9e3779b1;
const SALTS = Uint32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
);

/** MurmurHash3_x86_32, seed 0, of `bytes` in [start, end): an unsigned 32-bit number. */
export function hashKey(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start;
  const wordsEnd = start + (size & ~3);
  let hash = 0;
  for (let at = start; at < wordsEnd; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash ^= scramble(word);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = end - 1; at >= wordsEnd; at--) tail = (tail << 8) | (bytes[at] as number);
  hash ^= scramble(tail) ^ size;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function spread(hash: number): number {
  const mixed = Math.imul(hash, MIX);
  return mixed ^ (mixed >>> 15);
}

/** A filter as it stands in a block. */
export interface FilterRange {
  readonly bytes: Uint8Array;
  readonly filterStart: number;
  readonly filterUnits: number;
}

/** False only if no key of that hash is below the page. A page without a filter may hold any. */
export function mayContain(filter: FilterRange, hash: number): boolean {
  if (filter.filterUnits === 0) return true;
  const unit = filter.filterStart + (hash % filter.filterUnits) * FILTER_UNIT_SIZE;
  const mixed = spread(hash);
  for (let i = 0; i < SALTS.length; i++) {
    const bit = Math.imul(mixed, SALTS[i] as number) >>> 27;
    if (((filter.bytes[unit + 4 * i + (bit >>> 3)] as number) & (1 << (bit & 7))) === 0)
      return false;
  }
  return true;
}

/** The filter over `hashes`. No keys: no filter. */
export function buildFilter(hashes: Uint32Array): Uint8Array {
  const units = Math.min(Math.ceil((hashes.length * BITS_PER_KEY) / UNIT_BITS), FILTER_UNITS_MAX);
  const filter = new Uint8Array(units * FILTER_UNIT_SIZE);
  for (let k = 0; k < hashes.length; k++) {
    const hash = hashes[k] as number;
    const unit = (hash % units) * FILTER_UNIT_SIZE;
    const mixed = spread(hash);
    for (let i = 0; i < SALTS.length; i++) {
      const bit = Math.imul(mixed, SALTS[i] as number) >>> 27;
      const at = unit + 4 * i + (bit >>> 3);
      filter[at] = (filter[at] as number) | (1 << (bit & 7));
    }
  }
  return filter;
}

/** The key hashes below an open page: those of its blocks, then those of the open block. */
export class KeyHashes {
  private hashes = new Uint32Array(1024);
  private count = 0;
  private settled = 0;

  add(hash: number): void {
    if (this.count === this.hashes.length) {
      const larger = new Uint32Array(this.count * 2);
      larger.set(this.hashes);
      this.hashes = larger;
    }
    this.hashes[this.count++] = hash;
  }

  /** The open block is closed and below the page. */
  settle(): void {
    this.settled = this.count;
  }

  /** The page is closed: its filter. What is not settled stays, for the next page. */
  take(): Uint8Array {
    const filter = buildFilter(this.hashes.subarray(0, this.settled));
    this.hashes.copyWithin(0, this.settled, this.count);
    this.count -= this.settled;
    this.settled = 0;
    return filter;
  }
}
