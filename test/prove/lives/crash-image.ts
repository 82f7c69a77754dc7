/** The images that a kill or a power cut leaves of a disk, each with a digest before it is made. */
import type { GrowingBytes } from '../../../src/fs/growing-bytes.ts';
import { directoryAfter, imageContent } from '../../../src/testing/crash-images.ts';
import { chooseRemainders } from '../../../src/testing/explore/remainder-choice.ts';
import type { SimulatedDisk } from '../../../src/testing/index.ts';

export interface CrashImage {
  readonly how: 'kill' | 'power';
  /** Equal for images that a reader cannot tell apart. */
  readonly digest: string;
  make(): SimulatedDisk;
}

export interface ImageOptions {
  /** All images where a power cut leaves at most so many, else a seeded sample of this size. */
  readonly countMax: number;
  readonly seed: number;
}

/** `disk` must not change any more. First comes the kill; of a power cut always nothing and everything. */
export function* crashImages(
  disk: SimulatedDisk,
  { countMax, seed }: ImageOptions,
): Generator<CrashImage> {
  yield killImage(disk);
  const state = disk.crashState;
  let count = 0;
  const seen = new Set<string>();
  for (const remainder of chooseRemainders(state, countMax, seed).remainders) {
    const digest = digestOf(imageContent(state, remainder));
    if (seen.has(digest)) continue;
    seen.add(digest);
    yield { how: 'power', digest, make: () => disk.afterPowerLoss(remainder) };
    count += 1;
    if (count === countMax) return;
  }
}

export function killImage(disk: SimulatedDisk): CrashImage {
  // A copy shares its bytes from now on: they are never written to again.
  const copy = disk.afterKill();
  const state = copy.crashState;
  const files = [...directoryAfter(state, state.operations)];
  const content = new Map(files.map(([name, inode]) => [name, inode.live] as const));
  return { how: 'kill', digest: digestOf(content), make: () => copy.clone() };
}

function digestOf(files: ReadonlyMap<string, GrowingBytes>): string {
  const parts = [...files].map(([name, content]) => `${name}:${content.size}:${hashOf(content)}`);
  return parts.sort().join('|');
}

/** Images share their buffers, and most of them are the reserve. */
const hashes = new WeakMap<ArrayBufferLike, Map<string, string>>();

function hashOf(content: GrowingBytes): string {
  const view = content.view();
  const known = hashes.get(view.buffer) ?? new Map<string, string>();
  hashes.set(view.buffer, known);
  const part = `${view.byteOffset} ${view.length}`;
  const found = known.get(part) ?? hash(view);
  known.set(part, found);
  return found;
}

/** Two independent multiplicative hashes of 32 bits: together about 2^-64 for a false match. */
function hash(bytes: Uint8Array): string {
  let first = 0x811c9dc5;
  let second = 0x9e3779b9;
  for (const byte of bytes) {
    first = Math.imul(first ^ byte, 0x01000193);
    first ^= first >>> 15;
    second = Math.imul(second + byte, 0x85ebca6b);
    second ^= second >>> 13;
  }
  return `${(first >>> 0).toString(16)}.${(second >>> 0).toString(16)}`;
}
