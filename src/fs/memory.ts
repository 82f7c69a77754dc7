/**
 * A file system in this process's memory: for tests, and for stores that need not outlive it.
 * Nothing is durable; every other promise of the port is kept. Each instance is a directory of its
 * own: a store is closed and opened again by passing the same instance.
 */
import { errnoError } from './errno.ts';
import { FileAccess } from './file-access.ts';
import type { File, FileSystem, FileSystemFacts, Lock } from './file-system.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { HostManners, type HostOptions } from './host-manners.ts';
import { ProcessLockSeat } from './process-lock.ts';
import type { Awaitable } from './task.ts';

export type { HostOptions } from './host-manners.ts';

export class MemoryFileSystem implements FileSystem {
  readonly facts: FileSystemFacts = { location: 'memory', durability: 'none', lock: 'process' };
  readonly #manners: HostManners;
  readonly #files = new Map<string, GrowingBytes>();
  readonly #lockSeat = new ProcessLockSeat(this.facts.location);

  constructor(options: HostOptions = {}) {
    this.#manners = new HostManners(options);
  }

  open(name: string, mode: 'read' | 'create'): Awaitable<File> {
    return this.#manners.answer(() => {
      const content = mode === 'read' ? this.#find(name) : this.#create(name);
      const HostFile = this.#manners.isPoor ? MemoryFile : BlockingMemoryFile;
      return new HostFile(content, new FileAccess(mode), this.#manners);
    });
  }

  list(): Awaitable<string[]> {
    return this.#manners.answer(() => [...this.#files.keys()]);
  }

  remove(name: string): Awaitable<void> {
    return this.#manners.answer(() => void this.#files.delete(name));
  }

  syncDirectory(): Awaitable<void> {
    return this.#manners.answer(() => undefined);
  }

  lock(): Awaitable<Lock> {
    const { answer } = this.#manners;
    return answer(() => this.#lockSeat.take(answer));
  }

  free(): Awaitable<number | undefined> {
    return this.#manners.answer(() => undefined);
  }

  #find(name: string): GrowingBytes {
    const content = this.#files.get(name);
    if (content === undefined) throw errnoError('ENOENT', `no such file: ${name}`);
    return content;
  }

  #create(name: string): GrowingBytes {
    if (this.#files.has(name)) throw errnoError('EEXIST', `file exists: ${name}`);
    this.#manners.checkFileCount(this.#files.size);
    const content = new GrowingBytes();
    this.#files.set(name, content);
    return content;
  }
}

class MemoryFile implements File {
  readonly #content: GrowingBytes;
  readonly #access: FileAccess;
  readonly #manners: HostManners;

  constructor(content: GrowingBytes, access: FileAccess, manners: HostManners) {
    this.#content = content;
    this.#access = access;
    this.#manners = manners;
  }

  read(target: Uint8Array, offset: number): number {
    this.#access.checkReadable();
    return this.#content.read(target, offset);
  }

  write(source: Uint8Array, offset: number): number {
    this.#access.checkWritable();
    this.#manners.checkOffset(offset, this.#content.size);
    this.#content.write(source, offset);
    return source.length;
  }

  truncate(size: number): void {
    this.#access.checkWritable();
    this.#manners.checkCut(size, this.#content.size);
    this.#content.truncate(size);
  }

  size(): number {
    this.#access.checkReadable();
    return this.#content.size;
  }

  async sync(): Promise<void> {
    this.#access.checkReadable();
  }

  close(): void {
    this.#access.end();
  }
}

class BlockingMemoryFile extends MemoryFile {
  syncNow(): void {
    this.size();
  }
}
