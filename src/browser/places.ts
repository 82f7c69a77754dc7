/**
 * Looks whether a store is in one of the places of a browser, and makes nothing there. What cannot
 * be looked at, although it is there, is an error: a store might be in it.
 */
import {
  type DirectoryHandle,
  errorName,
  type FileHandle,
  indexedDatabases,
  privateDirectory,
} from '../fs/browser.ts';
import { ChunkDatabase } from '../fs/chunk-database.ts';
import type { CordovaFileSystem } from '../fs/cordova.ts';
import { pluginObstacle } from '../fs/cordova-page.ts';
import { RECORD_OFFSETS } from '../fs/opfs-slot.ts';
import { decodeSlotRecord, SLOT_RECORD_SIZE, type SlotRecord } from '../fs/slot-record.ts';
import { parseFileName } from '../store/file-names.ts';
import type { PlaceReport } from './choice.ts';

export async function lookAtOpfs(path: string): Promise<PlaceReport> {
  const root = await rootDirectory();
  if (root === undefined) return absent('opfs', 'this page has no private files');
  const hasStore = await hasPool(root, path);
  const isUsable = 'FileSystemSyncAccessHandle' in globalThis;
  const note = isUsable
    ? 'files that answer at once, where a sync waits for the medium'
    : 'only dedicated workers have files that answer at once';
  return { kind: 'opfs', isUsable, hasStore, note };
}

export async function lookAtIndexedDb(name: string): Promise<PlaceReport> {
  if (indexedDatabases() === undefined) return absent('indexed-db', 'this page has no databases');
  const database = await ChunkDatabase.openExisting(`onewal/${name}`);
  const note = 'works in pages, and waits for the medium where the browser does';
  if (database === undefined) return { kind: 'indexed-db', isUsable: true, hasStore: false, note };
  try {
    const names = [...(await database.files()).values()];
    return { kind: 'indexed-db', isUsable: true, hasStore: names.some(isOfStore), note };
  } finally {
    database.close();
  }
}

export async function lookAtCordova(fs: CordovaFileSystem): Promise<PlaceReport> {
  const obstacle = pluginObstacle();
  if (obstacle !== undefined) return absent('cordova', obstacle);
  const hasStore = (await fs.list()).some(isOfStore);
  const note = 'no browser evicts its files, and nothing waits for the medium';
  return { kind: 'cordova', isUsable: true, hasStore, note };
}

function absent(kind: PlaceReport['kind'], note: string): PlaceReport {
  return { kind, isUsable: false, hasStore: false, note };
}

function isOfStore(name: string): boolean {
  return parseFileName(name) !== undefined;
}

/** Pages without an origin are refused it. */
async function rootDirectory(): Promise<DirectoryHandle | undefined> {
  try {
    return await privateDirectory();
  } catch (error) {
    if (errorName(error) === 'SecurityError') return undefined;
    throw error;
  }
}

/** Looks past the lock of who has the pool open. */
async function hasPool(root: DirectoryHandle, path: string): Promise<boolean> {
  let directory = root;
  try {
    for (const name of path.split('/')) {
      directory = await directory.getDirectoryHandle(name, { create: false });
    }
  } catch (error) {
    if (errorName(error) === 'NotFoundError') return false;
    throw error;
  }
  for await (const entry of directory.values()) {
    if (entry.kind === 'file' && /^\d{1,9}$/.test(entry.name) && (await isInUse(entry)))
      return true;
  }
  return false;
}

/** What is damaged may be of a store: it is for the open to say so. */
async function isInUse(handle: FileHandle): Promise<boolean> {
  const file = await handle.getFile();
  const copies = await Promise.all(
    RECORD_OFFSETS.map(async (offset) => {
      const part = file.slice(offset, offset + SLOT_RECORD_SIZE);
      return decodeSlotRecord(new Uint8Array(await part.arrayBuffer()));
    }),
  );
  const records = copies.filter((copy): copy is SlotRecord => typeof copy === 'object');
  const [newest] = records.sort((left, right) => right.serial - left.serial);
  if (newest === undefined) return copies.includes('damaged');
  return newest.name !== undefined && isOfStore(newest.name);
}
