/** Who holds the pool of files: stores, and whoever has prepared one. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FileHandle } from '../../src/fs/browser.ts';
import { OpfsFileSystem } from '../../src/fs/opfs.ts';
import { Store } from '../../src/index.ts';
import { FakeDirectory } from './fake-directory.ts';
import { FakeLocks } from './fake-locks.ts';

class SmallDirectory extends FakeDirectory {
  isFull = false;

  override async getFileHandle(
    name: string,
    options: { readonly create: boolean },
  ): Promise<FileHandle> {
    if (this.isFull && name !== 'lock') throw new DOMException('full', 'QuotaExceededError');
    return super.getFileHandle(name, options);
  }
}

let directory: SmallDirectory;
let locks: FakeLocks;

beforeEach(() => {
  directory = new SmallDirectory();
  locks = new FakeLocks();
  const root = { kind: 'directory', getDirectoryHandle: async () => directory };
  const storage = { getDirectory: async () => root };
  vi.stubGlobal('navigator', { userAgent: '', locks, storage });
  vi.stubGlobal('FileSystemSyncAccessHandle', class {});
});

afterEach(() => vi.unstubAllGlobals());

async function useStore(files: OpfsFileSystem): Promise<void> {
  const store = await Store.open(files);
  await store.map('m').put('k', 'v');
  await store.close();
  await vi.waitFor(() => expect(locks.names).toEqual([]));
}

test('what could not be prepared is held by nobody', async () => {
  const files = new OpfsFileSystem('p');
  directory.isFull = true;
  await expect(files.prepare()).rejects.toThrow('full');

  expect(directory.openNames).toEqual([]);
  directory.isFull = false;
  await useStore(files);
});

test('what was prepared twice at once is held once', async () => {
  const files = new OpfsFileSystem('p');
  await Promise.all([files.prepare(), files.prepare()]);

  await useStore(files);
  expect(directory.openNames).toEqual([]);
});
