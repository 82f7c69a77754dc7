/**
 * The file `lock`: proper-lockfile's heartbeat lock, for openers that no kernel lock reaches (other
 * containers on one volume, systems without one), and at the same time the record of who holds it.
 *
 * proper-lockfile makes a directory, which can carry no record; here its file system makes a file
 * instead, exclusively, so that record and lock cannot belong to different holders. Its descriptor
 * stays open: while it is, no other file can get its inode, so that the inode tells whose it is.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { lockSync } from 'proper-lockfile';
import type { LockHolder } from '../errors.ts';
import { errnoError, errnoOf } from './errno.ts';

export interface LockRecord extends LockHolder {
  /** The domain of the holder's kernel lock, where it has one. */
  readonly domain?: string;
}

export interface LockFileOptions {
  readonly path: string;
  readonly record: LockRecord;
  /** After this long without a heartbeat the holder counts as gone. At least 2000. */
  readonly staleMs: number;
  /** The file was replaced, removed, or could not be kept fresh. */
  readonly onCompromised: (cause: unknown) => void;
}

const RECORD_SIZE_MAX = 4096;

export class LockFile {
  readonly #options: LockFileOptions;
  #descriptor: number | undefined;
  #unlock: (() => void) | undefined;
  #freshAt = 0;

  constructor(options: LockFileOptions) {
    this.#options = options;
  }

  /** False when somebody else holds it. Takes over what is stale, and goes on with what is ours. */
  take(): boolean {
    const { path, staleMs } = this.#options;
    process.off('SIGXFSZ', goOn).on('SIGXFSZ', goOn);
    try {
      this.#unlock = lockSync(path, {
        fs: this.#files,
        lockfilePath: path,
        realpath: false,
        stale: staleMs,
        onCompromised: (cause) => {
          // proper-lockfile has given it up already and would refuse to unlock it.
          this.#unlock = undefined;
          this.#options.onCompromised(cause);
        },
      });
      return true;
    } catch (error) {
      this.#closeDescriptor();
      if (errnoOf(error) === 'ELOCKED') return false;
      throw error;
    }
  }

  /** Whether the file that is there now is the one we made. */
  isOurs(): boolean {
    if (this.#descriptor === undefined) return false;
    const present = statSync(this.#options.path, { bigint: true, throwIfNoEntry: false });
    const made = fstatSync(this.#descriptor, { bigint: true });
    return present?.ino === made.ino && present.dev === made.dev;
  }

  /** Whether the heartbeat paused for so long that others could have taken the lock meanwhile. */
  wasStale(): boolean {
    return performance.now() - this.#freshAt > this.#options.staleMs;
  }

  /** A heartbeat out of turn. A file that it cannot reach is not ours. */
  beat(): void {
    try {
      const now = new Date();
      this.#files.utimesSync(this.#options.path, now, now);
    } catch {
      // Whoever asks whether the file is ours learns it.
    }
  }

  /** Removes the file if it is still ours. Safe to call twice. */
  release(): void {
    const unlock = this.#unlock;
    this.#unlock = undefined;
    try {
      unlock?.();
    } finally {
      this.#closeDescriptor();
    }
  }

  /** What proper-lockfile calls; a plain object, because it copies the properties. */
  readonly #files = {
    mkdirSync: (path: string): void => {
      if (!this.isOurs()) this.#create(path);
      this.#freshAt = performance.now();
    },
    rmdirSync: (path: string): void => {
      // Also called at the exit of the process, when the file may have become somebody else's.
      if (this.#descriptor === undefined || this.isOurs()) unlinkSync(path);
    },
    utimesSync: (path: string, accessed: Date, modified: Date): void => {
      utimesSync(path, accessed, modified);
      this.#freshAt = performance.now();
    },
    statSync: (path: string) => statSync(path),
    realpathSync: (path: string) => realpathSync(path),
  };

  /**
   * The record is written under another name, and the file then linked to its own: an opener that
   * is killed in between leaves no lock without the record that tells that its holder is dead.
   */
  #create(path: string): void {
    const draft = `${path}.${randomUUID()}`;
    this.#closeDescriptor();
    this.#descriptor = openSync(draft, 'wx', 0o600);
    try {
      this.#writeRecord(this.#descriptor);
      if (!linkOrRefuse(draft, path)) this.#createUnlinked(path);
      removeDrafts(path);
    } catch (error) {
      this.#closeDescriptor();
      throw error;
    } finally {
      removeIfThere(draft);
    }
  }

  /** Where the file system has no links. */
  #createUnlinked(path: string): void {
    this.#closeDescriptor();
    this.#descriptor = openSync(path, 'wx', 0o600);
    this.#writeRecord(this.#descriptor);
  }

  #writeRecord(descriptor: number): void {
    try {
      writeSync(descriptor, JSON.stringify(this.#options.record));
    } catch {
      // A full disk: the record is for people, the lock is that the file exists.
    }
  }

  #closeDescriptor(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/**
 * Node ignores the signal of a file that reaches its size limit, so that the write fails. But
 * proper-lockfile's clean-up at the end of the process ends it at every signal that nobody else
 * listens to.
 */
function goOn(): void {}

const NO_LINKS_CODES = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** False where there are no links. Throws EEXIST when the lock is there. */
function linkOrRefuse(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (NO_LINKS_CODES.has(errnoOf(error) ?? '')) return false;
    // A winner has removed our draft with what dead openers left behind.
    if (errnoOf(error) === 'ENOENT') throw errnoError('EEXIST', `link ${path}`);
    throw error;
  }
}

/** What openers that were killed have left behind. */
function removeDrafts(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(prefix)) removeIfThere(join(dirname(path), name));
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** What the holder wrote, where it is readable: it may be cut, stale or anybody's text. */
export function readLockRecord(path: string): LockRecord {
  const value = parseObject(readText(path));
  return {
    ...(typeof value.pid === 'number' ? { pid: value.pid } : {}),
    ...(typeof value.host === 'string' ? { host: value.host } : {}),
    ...(typeof value.since === 'string' ? { since: value.since } : {}),
    ...(typeof value.domain === 'string' ? { domain: value.domain } : {}),
  };
}

function readText(path: string): string {
  try {
    // Not blocking: somebody may have put a pipe here.
    const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const target = new Uint8Array(RECORD_SIZE_MAX);
      const size = readSync(descriptor, target, 0, target.length, 0);
      return new TextDecoder().decode(target.subarray(0, size));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return '';
  }
}

function parseObject(text: string): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
