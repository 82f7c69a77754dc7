// @ts-check
/** Directories of a run, on the disk that is measured. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @type {string[]} */
const made = [];
process.on('exit', removeAll);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => process.exit(130));
}

/** Gone at the latest when the process ends. `ONEWAL_BENCH_DIRECTORY` says on which disk. */
export function scratchDirectory() {
  const parent = process.env.ONEWAL_BENCH_DIRECTORY ?? tmpdir();
  const directory = mkdtempSync(join(parent, 'onewal-bench-'));
  made.push(directory);
  return directory;
}

/** @param {string} directory */
export function discard(directory) {
  rmSync(directory, { recursive: true, force: true });
}

function removeAll() {
  for (const directory of made) discard(directory);
}

/** Bytes that the files take on the disk. @param {string} directory @returns {number} */
export function sizeOf(directory) {
  return readdirSync(directory, { withFileTypes: true }).reduce((size, entry) => {
    const path = join(directory, entry.name);
    return size + (entry.isDirectory() ? sizeOf(path) : statSync(path).size);
  }, 0);
}
