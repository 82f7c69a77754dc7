/**
 * What is behind the bridge of cordova-plugin-file: the files of an app, and native code that runs
 * calls side by side and answers later. As its sources have it, version 8:
 *
 * - `write` cuts the file at its offset and appends; in Chromium it overwrites instead. With an
 *   offset beyond the end Android appends, and iOS fills up with zeros.
 * - a write that fails may have written a part; on a full disk, too, the error is
 *   INVALID_MODIFICATION. iOS reports a short write as if it were whole.
 * - `truncate` syncs on iOS, and nothing else syncs anywhere.
 * - reading beyond the end gives zeros.
 */
import { concatBytes } from '../../../src/bytes/bytes.ts';

export type Platform = 'android' | 'ios' | 'browser';

export const FileErrors = {
  NOT_FOUND: 1,
  ENCODING: 5,
  INVALID_STATE: 7,
  INVALID_MODIFICATION: 9,
  QUOTA_EXCEEDED: 10,
  TYPE_MISMATCH: 11,
  PATH_EXISTS: 12,
} as const;

export interface BridgeCall {
  readonly index: number;
  readonly action:
    | 'resolve'
    | 'getDirectory'
    | 'getFile'
    | 'readEntries'
    | 'remove'
    | 'getFileMetadata'
    | 'read'
    | 'write'
    | 'truncate'
    | 'requestFileSystem';
  readonly path: string;
  readonly byteCount?: number;
}

/** `die`: the app ends before the call, or inside a write, and nothing is ever answered again. */
export type BridgeFault =
  | { readonly kind: 'die'; readonly afterBytes?: number }
  | { readonly kind: 'fail'; readonly code: number; readonly afterBytes?: number }
  | { readonly kind: 'short'; readonly afterBytes: number }
  | { readonly kind: 'delay'; readonly until: Promise<void> };

interface DeviceFile {
  content: Uint8Array;
  /** What a power cut cannot take any more. */
  synced: Uint8Array;
}

export interface DeviceOptions {
  readonly platform?: Platform;
  readonly capacity?: number;
}

/** A number of `FileError`, thrown by native code. */
export class NativeError extends Error {
  readonly number: number;

  constructor(number: number) {
    super(`FileError ${number}`);
    this.number = number;
  }
}

export class Device {
  readonly platform: Platform;
  capacity: number;
  onCall: (call: BridgeCall) => BridgeFault | undefined = () => undefined;
  callCount = 0;
  largestWrite = 0;
  isDead = false;
  /** Rejects when the app dies. */
  readonly death: Promise<never>;
  #die: (error: Error) => void = () => undefined;
  #writeLimit = Infinity;
  #directories = new Set(['']);
  #files = new Map<string, DeviceFile>();

  constructor({ platform = 'android', capacity = Infinity }: DeviceOptions = {}) {
    this.platform = platform;
    this.capacity = capacity;
    this.death = new Promise((_, reject) => {
      this.#die = reject;
    });
    this.death.catch(() => undefined);
  }

  /** What the next start of the app finds. */
  afterKill(): Device {
    return this.#copy(({ content }) => content);
  }

  /** What is sure to be there after a power cut. */
  afterPowerCut(): Device {
    return this.#copy(({ synced }) => synced);
  }

  contentOf(path: string): Uint8Array | undefined {
    return this.#files.get(path)?.content;
  }

  /** As another app, or a fault of the disk, may leave it. */
  setContent(path: string, content: Uint8Array): void {
    this.#files.set(path, { content, synced: content });
  }

  get paths(): string[] {
    return [...this.#files.keys()];
  }

  /** Carries out a call, some turns later, and answers with what it returns. */
  async run<T>(call: Omit<BridgeCall, 'index'>, work: (device: Device) => T): Promise<T> {
    if (this.isDead) return NEVER;
    const index = this.callCount++;
    const fault = this.onCall({ ...call, index });
    const afterBytes = fault?.kind === 'delay' ? undefined : fault?.afterBytes;
    if (fault?.kind === 'die' && afterBytes === undefined) return this.#end();
    // The threads of a pool: calls that are under way at once end in any order.
    for (let turns = index % 3; turns >= 0; turns--) await nextTurn();
    if (fault?.kind === 'delay') await fault.until;
    if (this.isDead) return NEVER;
    if (fault?.kind === 'fail' && afterBytes === undefined) throw new NativeError(fault.code);
    this.#writeLimit = afterBytes ?? Infinity;
    const value = work(this);
    this.#writeLimit = Infinity;
    if (fault?.kind === 'die') return this.#end();
    if (fault?.kind === 'fail') throw new NativeError(fault.code);
    return value;
  }

  makeDirectory(path: string, { create }: { readonly create: boolean }): void {
    if (path.includes(':')) throw new NativeError(FileErrors.ENCODING);
    if (this.#files.has(path)) throw new NativeError(FileErrors.TYPE_MISMATCH);
    if (this.#directories.has(path)) return;
    if (!create) throw new NativeError(FileErrors.NOT_FOUND);
    this.#directories.add(path);
  }

  makeFile(path: string, flags: { readonly create?: boolean; readonly exclusive?: boolean }): void {
    if (this.#directories.has(path)) throw new NativeError(FileErrors.TYPE_MISMATCH);
    if (!this.#directories.has(parentOf(path))) throw new NativeError(FileErrors.NOT_FOUND);
    if (flags.create !== true) this.#find(path);
    else if (!this.#files.has(path)) this.setContent(path, new Uint8Array(0));
    else if (flags.exclusive === true) throw new NativeError(FileErrors.PATH_EXISTS);
  }

  entries(path: string): { readonly name: string; readonly isFile: boolean }[] {
    if (!this.#directories.has(path)) throw new NativeError(FileErrors.NOT_FOUND);
    const isChild = (child: string) => child !== '' && parentOf(child) === path;
    return [
      ...[...this.#directories].filter(isChild).map((child) => ({ path: child, isFile: false })),
      ...[...this.#files.keys()].filter(isChild).map((child) => ({ path: child, isFile: true })),
    ].map(({ path: child, isFile }) => ({ name: child.slice(parentOf(child).length + 1), isFile }));
  }

  remove(path: string): void {
    this.#find(path);
    this.#files.delete(path);
  }

  sizeOf(path: string): number {
    return this.#find(path).content.length;
  }

  read(path: string, start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start);
    bytes.set(this.#find(path).content.subarray(start, end));
    return bytes;
  }

  /** Returns what the plugin reports as written. */
  write(path: string, bytes: Uint8Array, offset: number): number {
    this.largestWrite = Math.max(this.largestWrite, bytes.length);
    const file = this.#find(path);
    const before = this.#before(file, offset);
    const free = this.capacity - this.#usedByteCount + file.content.length - before.length;
    const count = Math.min(bytes.length, this.#writeLimit, Math.max(0, free));
    const written = bytes.subarray(0, count);
    const after = this.platform === 'browser' ? file.content.subarray(offset + count) : NOTHING;
    file.content = concatBytes([before, written, after]);
    if (count < bytes.length && count === Math.max(0, free)) throw this.#fullDisk();
    return this.platform === 'ios' ? count : bytes.length;
  }

  /** Returns the size. */
  truncate(path: string, size: number): number {
    const file = this.#find(path);
    if (this.platform !== 'ios' && size > file.content.length) return file.content.length;
    const content = new Uint8Array(size);
    content.set(file.content.subarray(0, size));
    file.content = content;
    if (this.platform === 'ios') file.synced = content;
    return size;
  }

  checkRoom(size: number): void {
    if (this.capacity - this.#usedByteCount < size) {
      throw new NativeError(FileErrors.QUOTA_EXCEEDED);
    }
  }

  get #usedByteCount(): number {
    return [...this.#files.values()].reduce((sum, { content }) => sum + content.length, 0);
  }

  /** What of the file stands before a write at the offset. */
  #before(file: DeviceFile, offset: number): Uint8Array {
    if (this.platform !== 'ios') return file.content.subarray(0, offset);
    const before = new Uint8Array(offset);
    before.set(file.content.subarray(0, offset));
    file.synced = before;
    return before;
  }

  #fullDisk(): Error {
    if (this.platform === 'browser') return new DOMException('full', 'QuotaExceededError');
    return new NativeError(FileErrors.INVALID_MODIFICATION);
  }

  #find(path: string): DeviceFile {
    const file = this.#files.get(path);
    if (file === undefined) throw new NativeError(FileErrors.NOT_FOUND);
    return file;
  }

  #end(): Promise<never> {
    this.isDead = true;
    this.#die(new Error('the app died'));
    return NEVER;
  }

  #copy(contentOf: (file: DeviceFile) => Uint8Array): Device {
    const copy = new Device({ platform: this.platform, capacity: this.capacity });
    copy.#directories = new Set(this.#directories);
    for (const [path, file] of this.#files) copy.setContent(path, contentOf(file));
    return copy;
  }
}

const NOTHING = new Uint8Array(0);
const NEVER = new Promise<never>(() => undefined);

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
