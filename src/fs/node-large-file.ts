/**
 * Large files are freed aside. With its last name and descriptor gone, the kernel frees the blocks of
 * a file before the call returns: on ext4 some 2 ms for each 10 MB, and 70 ms were seen. Where there
 * is plenty of room nobody waits for those blocks, and another thread may do it.
 */
import { close, closeSync, constants, fstatSync, openSync, statfsSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';

const LARGE_SIZE_MIN = 4 << 20;
const PLENTY_OF_ROOM = 1 << 30;
// Windows keeps the name of a file as long as it is open.
const CAN_HOLD = process.platform !== 'win32';
const HOLD_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Throws what `unlink` throws. */
export function unlinkAside(path: string): void {
  const descriptor = CAN_HOLD ? hold(path) : undefined;
  try {
    unlinkSync(path);
  } finally {
    if (descriptor !== undefined) closeAside(descriptor);
  }
}

/** The descriptor may be gone later than this returns. Throws what `close` throws of a small file. */
export function closeAside(descriptor: number): void {
  if (sizeOf(descriptor) < LARGE_SIZE_MIN) closeSync(descriptor);
  else close(descriptor, () => undefined);
}

/** A descriptor of which nothing can be learnt is closed all the same. */
function sizeOf(descriptor: number): number {
  try {
    return fstatSync(descriptor).size;
  } catch {
    return 0;
  }
}

/** Opens the file if its blocks are worth it and nobody waits for them. */
function hold(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < PLENTY_OF_ROOM ? undefined : openSync(path, HOLD_FLAGS);
  } catch {
    // Missing, or a Node older than statfs: then it is removed as any file is.
    return undefined;
  }
}
