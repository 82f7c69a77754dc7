/** A directory of a browser, in memory. Its files answer later, and are open once at most. */
import type { AccessHandle, DirectoryHandle, FileHandle } from '../../src/fs/browser.ts';
import { FakeAccessHandle } from './fake-access-handle.ts';

export class FakeDirectory implements DirectoryHandle {
  readonly kind = 'directory';
  readonly #files = new Map<string, FakeFile>();

  get names(): string[] {
    return [...this.#files.keys()];
  }

  get openNames(): string[] {
    return [...this.#files.values()].filter(({ isOpen }) => isOpen).map(({ name }) => name);
  }

  file(name: string): FakeFile {
    const file = this.#files.get(name);
    if (file === undefined) throw new DOMException(name, 'NotFoundError');
    return file;
  }

  async getFileHandle(name: string, { create }: { readonly create: boolean }): Promise<FileHandle> {
    if (create && !this.#files.has(name)) this.#files.set(name, new FakeFile(name));
    return this.file(name);
  }

  async getDirectoryHandle(): Promise<DirectoryHandle> {
    throw new DOMException('there are none', 'NotFoundError');
  }

  async *values(): AsyncIterable<FileHandle> {
    yield* this.#files.values();
  }
}

class FakeFile implements FileHandle {
  readonly kind = 'file';
  readonly name: string;
  handle = new FakeAccessHandle();
  isOpen = false;

  constructor(name: string) {
    this.name = name;
  }

  async createSyncAccessHandle(): Promise<AccessHandle> {
    if (this.isOpen) throw new DOMException(this.name, 'NoModificationAllowedError');
    this.isOpen = true;
    this.handle = this.handle.reopened(() => {
      this.isOpen = false;
    });
    return this.handle;
  }

  async getFile() {
    const { content } = this.handle;
    return {
      size: content.length,
      slice: (start: number, end: number) => ({
        arrayBuffer: async () => content.slice(start, end).buffer as ArrayBuffer,
      }),
    };
  }
}
