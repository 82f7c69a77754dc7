/** A cheap fingerprint of files by name and content, to count distinct disk images. */
import type { GrowingBytes } from '../fs/growing-bytes.ts';
import { type CrashState, inodesOf } from './crash-images.ts';

export function contentDigest(files: ReadonlyMap<string, { readonly live: GrowingBytes }>): string {
  const parts = [...files].map(([name, { live }]) => `${name}:${live.size}:${hash(live.view())}`);
  return parts.sort().join('|');
}

/** Equal for disks that are equal now and after any power cut. */
export function stateDigest(state: CrashState): string {
  const inodes = [...inodesOf(state)];
  const names = [...state.durableNames].map(([name, inode]) => `${name} ${inodes.indexOf(inode)}`);
  const operations = state.operations.map(({ name, inode }) =>
    inode === undefined ? `without ${name}` : `${name} ${inodes.indexOf(inode)}`,
  );
  const files = inodes.map((inode) => {
    const { min, max } = inode.sizeRange;
    const pending = [...inode.differingSectors().keys(), 'cut', ...inode.cutSectors.keys()];
    const contents = `${hash(inode.live.view())} ${hash(inode.durable.view())}`;
    return `${contents} ${inode.live.size} ${min} ${max} ${pending.join()}`;
  });
  return [names.sort(), operations, files].map((parts) => parts.join('|')).join('||');
}

/**
 * Two independent multiplicative hashes of 32 bits, over words of four bytes because thousands of
 * images are compared in one test: together about 2^-64 for a false match.
 */
function hash(bytes: Uint8Array): string {
  let first = 0x811c9dc5;
  let second = 0x9e3779b9;
  const mix = (word: number) => {
    first = Math.imul(first ^ word, 0x01000193);
    first ^= first >>> 15;
    second = Math.imul(second + word, 0x85ebca6b);
    second ^= second >>> 13;
  };
  const wordCount = Math.floor(bytes.length / 4);
  const words = new Int32Array(bytes.slice(0, wordCount * 4).buffer);
  for (let index = 0; index < wordCount; index++) mix(words[index] ?? 0);
  for (let index = wordCount * 4; index < bytes.length; index++) mix(bytes[index] ?? 0);
  return `${(first >>> 0).toString(16)}.${(second >>> 0).toString(16)}`;
}
