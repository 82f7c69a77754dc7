/** Handles on the files of the simulated disk. */
import type { FileAccess } from '../fs/file-access.ts';
import type { File } from '../fs/file-system.ts';
import type { Fault, PortCallKind } from './fault.ts';
import type { SimulatedInode } from './simulated-inode.ts';

/** What a handle needs of its disk. */
export interface FileHost {
  /** Counts the call; throws the fault it is planned to have, or returns what is left to do. */
  enter(kind: PortCallKind, file: string, byteCount?: number): Fault | undefined;
  /** How many of these bytes fit; throws ENOSPC when none does, EINVAL for a bad offset. */
  admit(inode: SimulatedInode, offset: number, byteCount: number): number;
  /** Throws EINVAL when the cut would be above the size. */
  checkCut(inode: SimulatedInode, size: number): void;
  crash(): never;
  syncTurns(): number;
  checkRunning(): void;
}

export interface OpenedFile {
  readonly host: FileHost;
  readonly name: string;
  readonly inode: SimulatedInode;
  readonly access: FileAccess;
}

export class SimulatedFile implements File {
  protected readonly opened: OpenedFile;

  constructor(opened: OpenedFile) {
    this.opened = opened;
    opened.inode.openCount += 1;
  }

  read(target: Uint8Array, offset: number): number {
    const { access, inode } = this.opened;
    const fault = this.#enter('read', target.length);
    access.checkReadable();
    const count = fault?.kind === 'short' ? fault.byteCount : target.length;
    return inode.live.read(target.subarray(0, count), offset);
  }

  write(source: Uint8Array, offset: number): number {
    const { host, access, inode } = this.opened;
    const fault = this.#enter('write', source.length);
    access.checkWritable();
    const count = Math.min(
      host.admit(inode, offset, source.length),
      allowedByteCount(fault) ?? source.length,
    );
    inode.write(source.subarray(0, count), offset);
    if (fault?.kind === 'crash') host.crash();
    return count;
  }

  truncate(size: number): void {
    const { host, access, inode } = this.opened;
    this.#enter('truncate');
    access.checkWritable();
    host.checkCut(inode, size);
    inode.truncate(size);
  }

  size(): number {
    this.#enter('size');
    this.opened.access.checkReadable();
    return this.opened.inode.live.size;
  }

  async sync(): Promise<void> {
    const { host, access, inode } = this.opened;
    const fault = this.#enter('sync');
    access.checkReadable();
    const fence = inode.fence();
    // Nothing is durable before the promise is: an engine that does not wait is found out.
    for (let turn = host.syncTurns(); turn > 0; turn--) await undefined;
    host.checkRunning();
    inode.sync('sync', fence, fault);
  }

  close(): void {
    const { access, inode } = this.opened;
    if (access.isOpen) inode.openCount -= 1;
    access.end();
    this.#enter('close');
  }

  protected syncAtOnce(): void {
    const { access, inode } = this.opened;
    const fault = this.#enter('syncNow');
    access.checkReadable();
    inode.sync('syncNow', inode.fence(), fault);
  }

  #enter(kind: PortCallKind, byteCount?: number): Fault | undefined {
    return this.opened.host.enter(kind, this.opened.name, byteCount);
  }
}

export class BlockingSimulatedFile extends SimulatedFile {
  syncNow(): void {
    this.syncAtOnce();
  }
}

function allowedByteCount(fault: Fault | undefined): number | undefined {
  if (fault?.kind === 'short') return fault.byteCount;
  return fault?.kind === 'crash' ? fault.afterBytes : undefined;
}
