// @ts-check
/** A directory of files that counts what the engine writes into it. */

/** @import { File, FileSystem } from 'onewal' */

/** @param {FileSystem} files @returns {{ files: FileSystem, counted: { bytes: number, syncs: number } }} */
export function counting(files) {
  const counted = { bytes: 0, syncs: 0 };
  /** @type {FileSystem} */
  const counter = {
    get facts() {
      return files.facts;
    },
    open: async (name, mode) => countingFile(await files.open(name, mode), counted),
    list: () => files.list(),
    remove: (name) => files.remove(name),
    syncDirectory: () => files.syncDirectory(),
    lock: () => files.lock(),
    free: () => files.free(),
  };
  return { files: counter, counted };
}

/** @param {File} file @param {{ bytes: number, syncs: number }} counted @returns {File} */
function countingFile(file, counted) {
  return {
    read: (target, offset) => file.read(target, offset),
    write(source, offset) {
      const count = file.write(source, offset);
      counted.bytes += count;
      return count;
    },
    truncate: (size) => file.truncate(size),
    size: () => file.size(),
    sync() {
      counted.syncs += 1;
      return file.sync();
    },
    close: () => file.close(),
  };
}
