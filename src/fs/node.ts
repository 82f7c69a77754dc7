/**
 * A store in a directory, on Node and Electron. Everything but `sync` answers at once, so that a
 * store can be opened and written synchronously.
 *
 * Only the user can read what is made here: directories 0700, files 0600.
 */
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  type Stats,
  statfsSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { assert } from '../assert.ts';
import { errnoError, errnoOf } from './errno.ts';
import type { FileSystem, FileSystemFacts } from './file-system.ts';
import { NodeFile } from './node-file.ts';
import { unlinkAside } from './node-large-file.ts';
import { type NodeLock, takeNodeLock } from './node-lock.ts';

const QUARANTINE = 'quarantine';
const FILE_NAME = /^(?:quarantine\/)?(?!\.{1,2}$)[^/\\\0]+$/;
// Not on Windows: there the check before the open has to do.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const CREATE_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;
// Windows syncs only what was opened for writing, and an open syncs what it is to build on.
const ACCESS = process.platform === 'win32' ? constants.O_RDWR : constants.O_RDONLY;
const READ_FLAGS = ACCESS | NO_FOLLOW | (constants.O_NONBLOCK ?? 0);

/**
 * Growing a file costs ext4 a second write for each sync: 1.5 to 1.8 times the time, measured. More
 * than this gains nothing.
 */
const PREALLOCATION = 256 << 10;

export class NodeFileSystem implements FileSystem {
  /** Absolute from the start: the process may change its working directory. */
  readonly #path: string;
  #lockKind: FileSystemFacts['lock'] = 'advisory';
  #realPath: string | undefined;
  #isMade = false;
  /** Directories with entries that we made and that are not known to be durable. */
  readonly #unsynced = new Set<string>();

  constructor(path: string) {
    this.#path = resolve(path);
  }

  /** The kind of lock is known once it is taken; before, the weaker is named. */
  get facts(): FileSystemFacts {
    return {
      location: this.#directory(),
      durability: 'media',
      lock: this.#lockKind,
      preallocation: PREALLOCATION,
    };
  }

  open(name: string, mode: 'read' | 'create'): NodeFile {
    const path = this.#pathOf(name);
    if (mode === 'read') return new NodeFile(openRegular(path));
    // A directory that was removed under an open store must not come back with half of its files.
    if (!this.#isMade || dirname(path) !== this.#directory()) this.#makeDirectory(dirname(path));
    this.#isMade = true;
    this.#unsynced.add(dirname(path));
    return createFile(path);
  }

  list(): string[] {
    const names = [];
    for (const entry of this.#entries('')) {
      // A link in place of a file is listed, so that opening it is refused: passed over, the file
      // would count as missing, and an empty store be made in its place.
      if (entry.isFile() || entry.isSymbolicLink()) names.push(entry.name);
      if (entry.name !== QUARANTINE || !entry.isDirectory()) continue;
      for (const { name } of this.#entries(QUARANTINE).filter((file) => file.isFile())) {
        names.push(`${QUARANTINE}/${name}`);
      }
    }
    return names;
  }

  remove(name: string): void {
    const path = this.#pathOf(name);
    try {
      unlinkAside(path);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      throw error;
    }
    this.#unsynced.add(dirname(path));
  }

  syncDirectory(): void {
    for (const path of new Set([...this.#unsynced, this.#directory()])) {
      syncDirectoryAt(path);
      this.#unsynced.delete(path);
    }
  }

  lock(): NodeLock {
    this.#makeDirectory(this.#directory());
    this.#isMade = true;
    const lock = takeNodeLock(this.#directory());
    this.#lockKind = lock.kind;
    return lock;
  }

  free(): number | undefined {
    try {
      const { bavail, bsize } = statfsSync(this.#directory());
      return bavail * bsize;
    } catch {
      // No directory yet, or a Node older than statfs: nobody can say.
      return undefined;
    }
  }

  #pathOf(name: string): string {
    assert(FILE_NAME.test(name), 'a file name stays inside the directory');
    return join(this.#directory(), name);
  }

  /** With links resolved once it exists: what a link points to later does not matter. */
  #directory(): string {
    try {
      this.#realPath ??= realpathSync(this.#path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
    return this.#realPath ?? this.#path;
  }

  #makeDirectory(path: string): void {
    const first = makeDirectories(path);
    if (first !== undefined) {
      for (let made = path; made.length >= first.length; made = dirname(made)) {
        this.#unsynced.add(dirname(made));
      }
    }
    if (path === this.#directory()) return;
    refuseIrregular(path, lstatSync(path), 'directory');
  }

  #entries(subdirectory: string): Dirent[] {
    try {
      return readdirSync(join(this.#directory(), subdirectory), { withFileTypes: true });
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  }
}

/** The first that was missing, as `mkdirSync` says it. */
function makeDirectories(path: string): string | undefined {
  try {
    return mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    // Making all at once, Node says of a read-only file system that there is no such directory.
    if (errnoOf(error) === 'ENOENT') mkdirSync(path, { mode: 0o700 });
    throw error;
  }
}

/** Both looked at and opened without following: a pipe or a device must not even be opened. */
function openRegular(path: string): number {
  refuseIrregular(path, lstatSync(path), 'file');
  const descriptor = openSync(path, READ_FLAGS);
  try {
    refuseIrregular(path, fstatSync(descriptor), 'file');
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
}

function createFile(path: string): NodeFile {
  const descriptor = openSync(path, CREATE_FLAGS, 0o600);
  try {
    return new NodeFile(descriptor, openSync(path, constants.O_RDWR | NO_FOLLOW));
  } catch (error) {
    closeSync(descriptor);
    unlinkSync(path);
    throw error;
  }
}

function refuseIrregular(path: string, stats: Stats, expected: 'file' | 'directory'): void {
  if (stats.isSymbolicLink()) throw errnoError('ELOOP', `${path} is a symbolic link`);
  const isExpected = expected === 'file' ? stats.isFile() : stats.isDirectory();
  if (!isExpected) throw errnoError('EPERM', `${path} is not a ${expected}`);
}

/** Windows cannot sync a directory, and does not need it: NTFS keeps a journal of names. */
const WINDOWS_DIRECTORY_CODES = new Set(['EPERM', 'EISDIR', 'EINVAL']);

function syncDirectoryAt(path: string): void {
  try {
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const isWindows = process.platform === 'win32';
    if (!isWindows || !WINDOWS_DIRECTORY_CODES.has(errnoOf(error) ?? '')) throw error;
  }
}
