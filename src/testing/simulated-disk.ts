/**
 * A disk that fails on demand: at any call, in any way of fault.ts, and with every image that a
 * kill or a power cut at that moment may leave. No clock and no chance but from seeds.
 */
import { errnoError } from '../fs/errno.ts';
import { FileAccess } from '../fs/file-access.ts';
import type { File, FileSystem, FileSystemFacts, Lock } from '../fs/file-system.ts';
import { HostManners, type HostOptions } from '../fs/host-manners.ts';
import { ProcessLockSeat } from '../fs/process-lock.ts';
import type { Awaitable } from '../fs/task.ts';
import { contentDigest } from './content-digest.ts';
import {
  type CrashImageOptions,
  type CrashState,
  crashRemainders,
  imageContent,
  type Remainder,
} from './crash-images.ts';
import { type Fault, type FaultPlan, type PortCallKind, SimulatedCrash } from './fault.ts';
import { SimulatedDirectory } from './simulated-directory.ts';
import { BlockingSimulatedFile, type FileHost, SimulatedFile } from './simulated-file.ts';
import { SimulatedInode } from './simulated-inode.ts';

const LOCATION = 'simulated disk';

export interface SimulatedDiskOptions extends HostOptions {
  /** Zeros, in bytes, that a WAL may have ready behind its end. None unless given; not for a poor host. */
  readonly preallocation?: number;
  /** Bytes that all files together may take. Unlimited unless given. */
  readonly capacity?: number;
  /** Turns of the microtask queue before a sync is done: what others do meanwhile is not covered. Default 1. */
  readonly syncTurns?: number;
  /** The faults to come; also settable later, as `onCall`. */
  readonly onCall?: FaultPlan;
}

export class SimulatedDisk implements FileSystem {
  readonly facts: FileSystemFacts;
  capacity: number | undefined;
  onCall: FaultPlan | undefined;
  readonly #options: SimulatedDiskOptions;
  readonly #manners: HostManners;
  readonly #lockSeat = new ProcessLockSeat(LOCATION);
  #directory = new SimulatedDirectory();
  #callCount = 0;
  #isCrashed = false;

  constructor(options: SimulatedDiskOptions = {}) {
    const { preallocation } = options;
    this.facts = {
      ...{ location: LOCATION, durability: 'media', lock: 'process' },
      ...(preallocation === undefined ? {} : { preallocation }),
    };
    this.#options = options;
    this.#manners = new HostManners(options);
    this.capacity = options.capacity;
    this.onCall = options.onCall;
  }

  /** Calls of the port so far, those of its files included: the index of the next one. */
  get callCount(): number {
    return this.#callCount;
  }

  get isCrashed(): boolean {
    return this.#isCrashed;
  }

  /** Bytes in all files, also in those that are removed and still open. */
  get usedByteCount(): number {
    return this.#directory.usedByteCount;
  }

  /** Sectors that a power cut now may leave old or new. */
  get pendingSectorCount(): number {
    return this.#directory.pendingSectorCount;
  }

  open(name: string, mode: 'read' | 'create'): Awaitable<File> {
    return this.#answer('open', name, () => {
      const inode = mode === 'read' ? this.#directory.find(name) : this.#create(name);
      const HostFile = this.#manners.isPoor ? SimulatedFile : BlockingSimulatedFile;
      return new HostFile({ host: this.#fileHost, name, inode, access: new FileAccess(mode) });
    });
  }

  list(): Awaitable<string[]> {
    return this.#answer('list', undefined, () => this.names());
  }

  remove(name: string): Awaitable<void> {
    return this.#answer('remove', name, () => this.#directory.remove(name));
  }

  syncDirectory(): Awaitable<void> {
    return this.#answer('syncDirectory', undefined, (fault) => {
      const { personality } = fault?.kind === 'sync' ? fault : {};
      if (personality === 'lying' || personality === 'delayed') return;
      if (fault?.kind === 'sync') throw errnoError(fault.code ?? 'EIO', 'directory sync');
      this.#directory.sync();
    });
  }

  lock(): Awaitable<Lock> {
    return this.#answer('lock', undefined, () =>
      this.#lockSeat.take((work) => this.#answer('release', undefined, work)),
    );
  }

  free(): Awaitable<number | undefined> {
    return this.#answer('free', undefined, () => this.#freeByteCount());
  }

  /** Takes the lock away from its holder, who hears of it by `onLost`. */
  revokeLock(cause: unknown = errnoError('ECOMPROMISED', 'the lock was revoked')): void {
    this.#lockSeat.revoke(cause);
  }

  /** The disk as the next process finds it: all that was written is there, synced or not. */
  afterKill(): SimulatedDisk {
    return this.clone();
  }

  /**
   * The disks that a power cut now may leave. Complete up to 12 pending sectors and directory
   * operations; beyond, `limit` seeded samples, always with nothing, everything, and each single
   * thing missing. First comes that with nothing. The disks are fresh: everything on them is durable.
   */
  *powerLossImages(options: CrashImageOptions = {}): Generator<SimulatedDisk> {
    for (const remainder of crashRemainders(this.crashState, options)) {
      yield this.afterPowerLoss(remainder);
    }
  }

  /** What is not synced now. For `explore`, which writes down what became of it. */
  get crashState(): CrashState {
    return this.#directory.crashState;
  }

  /** The disk that a power cut now leaves, if `remainder` is what arrives of `crashState`. */
  afterPowerLoss(remainder: Remainder): SimulatedDisk {
    const disk = this.#emptyDisk();
    for (const [name, content] of imageContent(this.crashState, remainder)) {
      disk.#directory.adopt(name, new SimulatedInode(content));
    }
    return disk;
  }

  /** The same disk, unlocked, running, without a plan, and with what is pending still pending. */
  clone(): SimulatedDisk {
    const disk = this.#emptyDisk();
    disk.#directory = this.#directory.clone();
    return disk;
  }

  names(): string[] {
    return [...this.#directory.files.keys()];
  }

  readFile(name: string): Uint8Array {
    return this.#directory.find(name).live.view().slice();
  }

  /** Sets a file's content, durably, past the port: no call is counted and no fault applies. */
  writeFile(name: string, bytes: Uint8Array): void {
    const inode = this.#directory.files.get(name) ?? new SimulatedInode();
    inode.replace(bytes.slice());
    this.#directory.adopt(name, inode);
  }

  flipBit(name: string, byteOffset: number, bit: number): void {
    const bytes = this.readFile(name);
    const byte = bytes[byteOffset];
    if (byte === undefined) throw errnoError('EINVAL', `${name} has no byte ${byteOffset}`);
    bytes[byteOffset] = byte ^ (1 << bit);
    this.writeFile(name, bytes);
  }

  /** Equal for disks that a reader cannot tell apart. Not cryptographic. */
  digest(): string {
    return contentDigest(this.#directory.files);
  }

  readonly #fileHost: FileHost = {
    enter: (kind, file, byteCount) => this.#enter(kind, file, byteCount),
    admit: (inode, offset, byteCount) => this.#admit(inode, offset, byteCount),
    checkCut: (inode, size) => this.#manners.checkCut(size, inode.live.size),
    crash: () => this.#crash(),
    syncTurns: () => this.#options.syncTurns ?? 1,
    checkRunning: () => this.#checkRunning(),
  };

  #answer<T>(
    kind: PortCallKind,
    file: string | undefined,
    work: (fault: Fault | undefined) => T,
  ): Awaitable<T> {
    return this.#manners.answer(() => work(this.#enter(kind, file)));
  }

  #enter(kind: PortCallKind, file?: string, byteCount?: number): Fault | undefined {
    this.#checkRunning();
    const index = this.#callCount;
    this.#callCount += 1;
    const fault = this.onCall?.({
      index,
      kind,
      ...(file === undefined ? {} : { file }),
      ...(byteCount === undefined ? {} : { byteCount }),
    });
    const isWithinWrite = fault?.kind === 'crash' && fault.afterBytes !== undefined;
    if (fault?.kind === 'crash' && !(isWithinWrite && kind === 'write')) this.#crash();
    const isSync = kind === 'sync' || kind === 'syncNow';
    if (fault?.kind !== 'fail') return fault;
    if (isSync) return { kind: 'sync', personality: 'ext4', code: fault.code };
    throw errnoError(fault.code, `${kind} ${file ?? ''}`.trim());
  }

  #crash(): never {
    this.#isCrashed = true;
    throw new SimulatedCrash();
  }

  #checkRunning(): void {
    if (this.#isCrashed) throw new SimulatedCrash();
  }

  #admit(inode: SimulatedInode, offset: number, byteCount: number): number {
    this.#manners.checkOffset(offset, inode.live.size);
    const room = (this.#freeByteCount() ?? Infinity) + inode.live.size - offset;
    if (room <= 0 && byteCount > 0) throw errnoError('ENOSPC', 'the disk is full');
    return Math.min(byteCount, room);
  }

  #freeByteCount(): number | undefined {
    if (this.capacity === undefined) return undefined;
    return Math.max(0, this.capacity - this.#directory.usedByteCount);
  }

  #create(name: string): SimulatedInode {
    if (!this.#directory.files.has(name)) this.#manners.checkFileCount(this.#directory.files.size);
    return this.#directory.create(name);
  }

  #emptyDisk(): SimulatedDisk {
    const { onCall: _, capacity: __, ...options } = this.#options;
    const disk = new SimulatedDisk(options);
    disk.capacity = this.capacity;
    return disk;
  }
}
