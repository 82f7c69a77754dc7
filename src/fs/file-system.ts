/**
 * The port to a host's files: the only door to storage. Implementations: node.ts, memory.ts and
 * ../testing/simulated-disk.ts; test/contract/file-system.ts holds all of them to what this says.
 *
 * The engine only ever creates files, appends to them, cuts their end, and removes them. It never
 * renames, and never overwrites a byte but the zeros that it has laid ahead where the host allows
 * that (`preallocation`).
 *
 * Errors: implementations throw (or reject with) errors that carry a Node-style string `code`:
 * ENOENT, EEXIST, ENOSPC, EDQUOT, EFBIG, EIO, EMFILE, ENFILE, EACCES, EPERM, EROFS, ELOOP ...
 * Which OnewalError that becomes is store/host-error.ts's decision. `lock` alone throws LockedError.
 */
import type { LockHolder } from '../errors.ts';
import type { Awaitable } from './task.ts';

/** What a host can promise, reported as facts in `store.info`. */
export interface FileSystemFacts {
  /** Where the files are, for people: a path, or a word such as `memory`. */
  readonly location: string;
  /** How far `sync` reaches: the medium, the operating system, nowhere, or nobody can tell. */
  readonly durability: 'media' | 'os' | 'none' | 'unknown';
  /** Who enforces the lock: a kernel (or browser), a heartbeat, or only this process. */
  readonly lock: 'kernel' | 'advisory' | 'process';
  /**
   * How many zeros, in bytes, may stand ready behind what is written, for later writes to go into:
   * there a sync need not save that the file has grown. Absent where writes can only append.
   */
  readonly preallocation?: number;
}

export interface FileSystem {
  readonly facts: FileSystemFacts;
  /**
   * `read`: an existing file, ENOENT otherwise. `create`: a new empty one, readable and writable,
   * EEXIST otherwise. Refuses (ELOOP) a symbolic link in place of the file. The directory itself
   * is made when the first file or the lock needs it. A name may start with `quarantine/`.
   */
  open(name: string, mode: 'read' | 'create'): Awaitable<File>;
  /** All file names, `quarantine/...` included, in no order. An absent directory has none. */
  list(): Awaitable<string[]>;
  /** A missing file is fine. Files still open stay readable. */
  remove(name: string): Awaitable<void>;
  /** Makes creations and removals before this call durable. */
  syncDirectory(): Awaitable<void>;
  /** Takes the lock of the single writer, or throws LockedError (LOCKED, with the holder). */
  lock(): Awaitable<Lock>;
  /** Bytes free for this store, where the host can say. */
  free(): Awaitable<number | undefined>;
}

/** Reads and writes are positional and synchronous: page cache or memory. */
export interface File {
  /** Fills `target` from `offset`; returns the count, short only at the end of the file. */
  read(target: Uint8Array, offset: number): number;
  /**
   * Writes `source` at `offset`, which is the size of the file or, where the host allows
   * preallocation, that of what comes before its zeros. May be short without an error: callers
   * loop (`writeFully`).
   */
  write(source: Uint8Array, offset: number): number;
  /** Cuts the file to `size`, which is not above its size. */
  truncate(size: number): void;
  size(): number;
  /**
   * Resolves when everything written or cut before the call is durable. After a rejection the
   * file must not be trusted again: a later success proves nothing.
   */
  sync(): Promise<void>;
  /** The same, blocking, where the host can; its error reports are independent of `sync`'s. */
  syncNow?(): void;
  close(): void;
}

export interface Lock {
  /** Called at most once, when the host takes the lock away from its holder. */
  onLost(listener: (cause: unknown) => void): void;
  /** True once the lock is known to be gone. Cheap: asked before every acknowledgement. */
  readonly isLost: boolean;
  readonly holder: LockHolder;
  /** Safe to call twice. */
  release(): Awaitable<void>;
  /**
   * Lets go before it returns, as a crash would: the lock is lost, and what was not synced is gone.
   * Absent where only the end of the process or the thread does that.
   */
  abandon?(): void;
}

/** A host that returns zero bytes this often in a row will not take the rest either. */
const EMPTY_WRITE_COUNT_MAX = 2;

/**
 * Writes all of `source`, looping over short counts. Throws what `write` throws; the file then
 * holds an unknown part of `source` and the caller cuts it back.
 */
export function writeFully(file: File, source: Uint8Array, offset: number): void {
  let written = 0;
  let emptyWriteCount = 0;
  while (written < source.length) {
    const count = file.write(written === 0 ? source : source.subarray(written), offset + written);
    emptyWriteCount = count === 0 ? emptyWriteCount + 1 : 0;
    if (emptyWriteCount >= EMPTY_WRITE_COUNT_MAX) throw shortTransfer('write', offset + written);
    written += count;
  }
}

/** Reads exactly `size` bytes at `offset`; throws EIO when the file ends before. */
export function readFully(file: File, offset: number, size: number): Uint8Array {
  const target = new Uint8Array(size);
  let count = 0;
  while (count < size) {
    const step = file.read(count === 0 ? target : target.subarray(count), offset + count);
    if (step === 0) throw shortTransfer('read', offset + count);
    count += step;
  }
  return target;
}

/**
 * Closes a file whose content is synced, given up or was only read, so that an error of `close`
 * changes nothing. Returns that error.
 */
export function closeQuietly(file: File): unknown {
  try {
    file.close();
    return undefined;
  } catch (error) {
    return error;
  }
}

function shortTransfer(call: string, offset: number): Error {
  return Object.assign(new Error(`EIO: short ${call} at offset ${offset}`), { code: 'EIO' });
}
