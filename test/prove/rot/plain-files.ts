/**
 * A directory as a list of names and bytes, and a file system that only shows it: whatever would
 * change it throws, so a reader that writes is found out.
 */
import { toHex } from '../../../src/bytes/bytes.ts';
import { errnoError } from '../../../src/fs/errno.ts';
import { type File, type FileSystem, readFully, writeFully } from '../../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../../src/fs/memory.ts';

export type Files = ReadonlyMap<string, Uint8Array>;

/** A reader tried to change something. */
class WritingReaderError extends Error {
  override readonly name = 'WritingReaderError';
}

/** Shares the bytes with `files`. */
export function shown(files: Files): FileSystem {
  return {
    facts: { location: 'shown files', durability: 'none', lock: 'process' },
    open: (name, mode) => {
      if (mode === 'create') throw new WritingReaderError(`${name} is created`);
      const bytes = files.get(name);
      if (bytes === undefined) throw errnoError('ENOENT', `no such file: ${name}`);
      return new ShownFile(name, bytes);
    },
    list: () => [...files.keys()],
    remove: (name) => refuse(`${name} is removed`),
    syncDirectory: () => refuse('the directory is synced'),
    lock: () => refuse('the lock is taken'),
    free: () => undefined,
  };
}

class ShownFile implements File {
  readonly #name: string;
  readonly #bytes: Uint8Array;

  constructor(name: string, bytes: Uint8Array) {
    this.#name = name;
    this.#bytes = bytes;
  }

  read(target: Uint8Array, offset: number): number {
    const part = this.#bytes.subarray(offset, offset + target.length);
    target.set(part);
    return part.length;
  }

  write(): number {
    return refuse(`${this.#name} is written`);
  }

  truncate(): void {
    refuse(`${this.#name} is cut`);
  }

  size(): number {
    return this.#bytes.length;
  }

  async sync(): Promise<void> {
    refuse(`${this.#name} is synced`);
  }

  close(): void {}
}

/** Copies, which may be written to. */
export function writable(files: Files): MemoryFileSystem {
  const fs = new MemoryFileSystem();
  for (const [name, bytes] of files) {
    const file = atOnce(fs.open(name, 'create'));
    writeFully(file, bytes, 0);
    file.close();
  }
  return fs;
}

/** What stands in `fs` now. */
export function filesOf(fs: MemoryFileSystem): Files {
  const names = atOnce(fs.list());
  return new Map(names.map((name) => [name, readAll(atOnce(fs.open(name, 'read')))]));
}

/** Equal where the same has become of the same files; empty where nothing has. */
export function changesOf(before: Files, after: Files): string {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => changeOf(name, before.get(name), after.get(name))).join('|');
}

/** Only what differs is written out: most of a file is as it was. */
function changeOf(name: string, before: Uint8Array | undefined, after: Uint8Array | undefined) {
  if (before === after) return [];
  if (after === undefined) return [`${name} gone`];
  const start = before === undefined ? 0 : firstDifference(before, after);
  if (start === after.length && start === before?.length) return [];
  let end = after.length;
  if (before?.length === after.length) while (before[end - 1] === after[end - 1]) end -= 1;
  return [`${name}:${after.length}@${start}=${toHex(after.subarray(start, end))}`];
}

export function firstDifference(before: Uint8Array, after: Uint8Array): number {
  const size = Math.min(before.length, after.length);
  for (let at = 0; at < size; at++) if (before[at] !== after[at]) return at;
  return size;
}

function readAll(file: File): Uint8Array {
  return readFully(file, 0, file.size());
}

function atOnce<T>(answer: T | Promise<T>): T {
  if (answer instanceof Promise) throw new Error('memory answers at once');
  return answer;
}

function refuse(what: string): never {
  throw new WritingReaderError(what);
}
