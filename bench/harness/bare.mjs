// @ts-check
/** What the machine itself can do: the limits that no engine passes. */
import {
  closeSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { perSecond } from './clock.mjs';

/** @import { Scale } from './types.ts' */

const FILE_SIZE = 16 << 20;

/**
 * Writes and syncs of so many bytes per second, into a file whose space and size are there already.
 *
 * @param {string} directory @param {Scale} scale @param {number} size
 */
export async function syncedWrites(directory, scale, size) {
  const path = join(directory, 'bare');
  writeFileSync(path, new Uint8Array(Math.max(FILE_SIZE, size)));
  const descriptor = openSync(path, 'r+');
  const source = new Uint8Array(size).fill(1);
  let offset = 0;
  try {
    fdatasyncSync(descriptor);
    return await perSecond(scale, {
      count: 1,
      run: () => {
        writeSync(descriptor, source, 0, size, offset);
        fdatasyncSync(descriptor);
        offset += size;
        if (offset + size > FILE_SIZE) offset = 0;
      },
    });
  } finally {
    closeSync(descriptor);
  }
}

/** Copies of so many bytes within memory, per second. @param {Scale} scale @param {number} size */
export function copies(scale, size) {
  const source = new Uint8Array(size).fill(1);
  const target = new Uint8Array(size);
  const count = Math.max(1, Math.floor((1 << 20) / size));
  const run = () => {
    for (let i = 0; i < count; i++) target.set(source);
  };
  return perSecond(scale, { count, run });
}

/** Milliseconds to read a file of so many bytes. @param {string} directory @param {number} size */
export function readingOf(directory, size) {
  const path = join(directory, 'bare');
  writeFileSync(path, new Uint8Array(size).fill(1));
  const start = performance.now();
  readFileSync(path);
  return performance.now() - start;
}
