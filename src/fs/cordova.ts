/**
 * A store in a directory of cordova-plugin-file, for apps whose webview has nothing better. Every
 * call of the plugin answers later, so every file that is open is in memory as a whole, and a sync
 * writes out what is new: at the end of the file, at most 256 KiB a call. A write of the plugin cuts
 * the file where it begins, a rename may delete first; neither is ever needed.
 *
 * The plugin has no call that waits for the medium, and no lock. A webview that was reloaded may
 * leave a write under way; it reaches only the WAL of its own session, which the next one has done with.
 */
import { LockedError, UsageError } from '../errors.ts';
import { webLocks } from './browser.ts';
import {
  createFile,
  entriesOf,
  findDirectory,
  findFile,
  removeEntry,
  resolveDirectory,
} from './cordova-calls.ts';
import { KeptFile } from './cordova-file.ts';
import { cordovaPlatform, type PluginDirectory } from './cordova-page.ts';
import { errnoError } from './errno.ts';
import type { File, FileSystem, FileSystemFacts, Lock } from './file-system.ts';
import { takePlace } from './page-lock.ts';
import { ProcessLockSeat } from './process-lock.ts';
import { takeWebLock } from './web-lock.ts';

export type { PluginDirectory } from './cordova-page.ts';

export interface CordovaOptions {
  /** A `DirectoryEntry` of the plugin, or its URL. Default `cordova.file.dataDirectory`. */
  readonly within?: string | PluginDirectory;
}

const QUARANTINE = 'quarantine';

export class CordovaFileSystem implements FileSystem {
  readonly #path: readonly string[];
  readonly #within: string | PluginDirectory | undefined;
  readonly #seat: ProcessLockSeat;
  readonly #files = new Map<string, KeptFile>();

  /**
   * `path`: names of directories with slashes between them, in `within`; they are made when the
   * first file is. Throws INVALID_ARGUMENT; so does every call before the event `deviceready`, and
   * where there is no cordova-plugin-file.
   */
  constructor(path: string, options: CordovaOptions = {}) {
    this.#path = path.split('/');
    if (this.#path.some((name) => name === '' || name === '.' || name === '..' || /:/.test(name))) {
      throw new UsageError('INVALID_ARGUMENT', `not a path of directories: ${path}`);
    }
    this.#within = options.within;
    this.#seat = new ProcessLockSeat(this.#location);
  }

  get facts(): FileSystemFacts {
    const platform = cordovaPlatform();
    const isKnown = platform === 'android' || platform === 'browser';
    const lock = webLocks() === undefined ? 'process' : 'kernel';
    return { location: this.#location, durability: isKnown ? 'none' : 'unknown', lock };
  }

  async open(name: string, mode: 'read' | 'create'): Promise<File> {
    const kept = this.#files.get(name);
    if (mode === 'create') {
      if (kept !== undefined) throw errnoError('EEXIST', `file exists: ${name}`);
      const directory = await this.#directoryOf(name, { create: true });
      const entry = await createFile(directory as PluginDirectory, baseOf(name));
      return this.#keep(name, KeptFile.created(entry)).open(mode);
    }
    return (kept ?? (await this.#find(name))).open(mode);
  }

  async list(): Promise<string[]> {
    const names: string[] = [];
    for (const parent of ['', `${QUARANTINE}/`]) {
      const directory = await this.#directoryOf(parent, { create: false });
      if (directory === undefined) continue;
      for (const { isFile, name } of await entriesOf(directory)) {
        if (isFile) names.push(`${parent}${name}`);
      }
    }
    return names;
  }

  async remove(name: string): Promise<void> {
    const kept = this.#files.get(name);
    const remove = async () => {
      const directory = await this.#directoryOf(name, { create: false });
      const entry = directory && (await findFile(directory, baseOf(name)));
      if (entry !== undefined) await removeEntry(entry);
      if (this.#files.get(name) === kept) this.#files.delete(name);
    };
    await (kept === undefined ? remove() : kept.remove(remove));
  }

  /** The plugin has told when a file was made or removed, and can do no more. */
  async syncDirectory(): Promise<void> {}

  async lock(): Promise<Lock> {
    const leaving: (() => void | Promise<void>)[] = [];
    let isHeld = true;
    const lock = this.#seat.take(async (leave) => {
      if (isHeld) await this.#forget();
      isHeld = false;
      leave();
      for (const step of leaving.splice(0)) await step();
    });
    try {
      const place = await this.#place();
      const givePlaceBack = takePlace(place);
      if (givePlaceBack === 'taken') throw this.#taken();
      leaving.push(givePlaceBack);
      const queue = await takeWebLock(place);
      if (queue === 'taken') throw this.#taken();
      if (queue !== 'unsupported') {
        queue.onStolen = (cause) => this.#seat.revoke(cause);
        leaving.push(() => queue.release());
      }
      return lock;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** The plugin tells of the disk, which is not what an app may have of it. */
  async free(): Promise<undefined> {}

  get #location(): string {
    const within = this.#within ?? '';
    const url = typeof within === 'string' ? within : within.toURL();
    return `cordova:${url === '' ? '' : `${withoutSlash(url)}/`}${this.#path.join('/')}`;
  }

  /** The same for every file system over the same directory. */
  async #place(): Promise<string> {
    const within = await resolveDirectory(this.#within);
    return `onewal cordova:${withoutSlash(within.toURL())}/${this.#path.join('/')}`;
  }

  async #find(name: string): Promise<KeptFile> {
    const directory = await this.#directoryOf(name, { create: false });
    const entry = directory && (await findFile(directory, baseOf(name)));
    if (entry === undefined) throw errnoError('ENOENT', `no such file: ${name}`);
    return this.#files.get(name) ?? this.#keep(name, KeptFile.found(entry));
  }

  #keep(name: string, file: KeptFile): KeptFile {
    this.#files.set(name, file);
    file.onIdle = () => {
      if (this.#files.get(name) === file) this.#files.delete(name);
    };
    return file;
  }

  /** Of the file `name`. Undefined where it is not there and is not to be made. */
  async #directoryOf(
    name: string,
    flags: { readonly create: boolean },
  ): Promise<PluginDirectory | undefined> {
    const path = name.includes('/') ? [...this.#path, QUARANTINE] : this.#path;
    let directory: PluginDirectory | undefined = await resolveDirectory(this.#within);
    for (const part of path) {
      directory = await findDirectory(directory, part, flags);
      if (directory === undefined) return undefined;
    }
    return directory;
  }

  /** What was not synced is gone. */
  async #forget(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const file of files) await file.settled();
  }

  #taken(): LockedError {
    const message = `${this.#location} is in use elsewhere in this app: close the store there`;
    return new LockedError('LOCKED', message);
  }
}

function baseOf(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
