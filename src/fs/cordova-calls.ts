/** Calls of cordova-plugin-file, with promises in place of callbacks and the codes of the port. */
import { UsageError } from '../errors.ts';
import { errorName } from './browser.ts';
import { INVALID_MODIFICATION, numberOf, pluginError, QUOTA_EXCEEDED } from './cordova-error.ts';
import {
  cordovaPlatform,
  type Failure,
  type Page,
  type PluginBlob,
  type PluginDirectory,
  type PluginEntry,
  type PluginFileEntry,
  type PluginWriter,
  page,
  pluginObstacle,
  type Success,
} from './cordova-page.ts';

const PERSISTENT = 1;
/** More than the blocks of any disk. */
const SPARE_SIZE = 64 << 10;

/** The directory at a URL, or that for the data of the app. Throws INVALID_ARGUMENT. */
export async function resolveDirectory(
  place: string | PluginDirectory | undefined,
): Promise<PluginDirectory> {
  const obstacle = pluginObstacle();
  if (obstacle !== undefined) {
    throw new UsageError('INVALID_ARGUMENT', `onewal/cordova has no files here: ${obstacle}`);
  }
  const url = place ?? page.cordova?.file?.dataDirectory;
  if (typeof url === 'object' && url !== null) return url;
  if (typeof url !== 'string') {
    throw new UsageError('INVALID_ARGUMENT', 'this platform has no cordova.file.dataDirectory');
  }
  return answerOf(`resolving ${url}`, (success, failure) => {
    page.resolveLocalFileSystemURL?.(url, success, failure);
  });
}

/** Undefined where there is none and `create` is false. */
export function findDirectory(
  parent: PluginDirectory,
  name: string,
  { create }: { readonly create: boolean },
): Promise<PluginDirectory | undefined> {
  return orMissing(
    answerOf<PluginDirectory>(`opening the directory ${name}`, (success, failure) =>
      parent.getDirectory(name, { create }, success, failure),
    ),
  );
}

export function findFile(
  directory: PluginDirectory,
  name: string,
): Promise<PluginFileEntry | undefined> {
  return orMissing(
    answerOf<PluginFileEntry>(`opening ${name}`, (success, failure) =>
      directory.getFile(name, { create: false }, success, failure),
    ),
  );
}

/** Throws EEXIST. */
export async function createFile(
  directory: PluginDirectory,
  name: string,
): Promise<PluginFileEntry> {
  try {
    return await answerOf<PluginFileEntry>(`creating ${name}`, (success, failure) =>
      directory.getFile(name, { create: true, exclusive: true }, success, failure),
    );
  } catch (error) {
    // Chromium's word for a file that exists.
    const isTaken = errorName((error as Error).cause) === 'InvalidModificationError';
    throw isTaken ? Object.assign(error as Error, { code: 'EEXIST' }) : error;
  }
}

export async function removeEntry(entry: PluginEntry): Promise<void> {
  await answerOf<void>(`removing ${entry.name}`, (success, failure) =>
    entry.remove(() => success(), failure),
  );
}

export async function entriesOf(directory: PluginDirectory): Promise<PluginEntry[]> {
  const reader = directory.createReader();
  const entries: PluginEntry[] = [];
  for (;;) {
    // Chromium gives a hundred at a time.
    const some = await answerOf<PluginEntry[]>(`reading ${directory.name}`, (success, failure) =>
      reader.readEntries(success, failure),
    );
    if (some.length === 0) return entries;
    // One by one: there may be more of them than a call takes arguments.
    for (const entry of some) entries.push(entry);
  }
}

export function blobOf(entry: PluginFileEntry): Promise<PluginBlob> {
  return answerOf(`looking at ${entry.name}`, (success, failure) => entry.file(success, failure));
}

export function bytesOf(blob: PluginBlob): Promise<Uint8Array> {
  return answerOf('reading', (success, failure) => {
    const reader = new (page.FileReader as NonNullable<Page['FileReader']>)();
    reader.onloadend = () => {
      if (reader.result instanceof ArrayBuffer) success(new Uint8Array(reader.result));
      else failure(reader.error);
    };
    reader.readAsArrayBuffer(blob);
  });
}

/** Its `length` is what the host has at this moment. */
export function openWriter(entry: PluginFileEntry): Promise<PluginWriter> {
  return answerOf(`opening ${entry.name} for writing`, (success, failure) =>
    entry.createWriter(success, failure),
  );
}

/**
 * Throws ENOSPC where the disk is full. Android and iOS call that by the same number as any other
 * failed write, so they are asked whether there is room.
 */
export async function writeBytes(writer: PluginWriter, bytes: Uint8Array): Promise<void> {
  // Over the bridge goes an ArrayBuffer, never a view; Chromium itself takes only blobs.
  const isNative = cordovaPlatform() === 'browser' && page.Blob !== undefined;
  const parcel = isNative ? new (page.Blob as NonNullable<Page['Blob']>)([bytes]) : bytes.buffer;
  try {
    await writingEnd(writer, 'writing', () => writer.write(parcel));
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    if (numberOf(cause) !== INVALID_MODIFICATION || (await hasRoom(bytes.length))) throw error;
    throw pluginError('the disk is full', { code: QUOTA_EXCEEDED });
  }
}

export function cutFile(writer: PluginWriter, size: number): Promise<void> {
  return writingEnd(writer, 'cutting', () => writer.truncate(size));
}

function writingEnd(writer: PluginWriter, action: string, start: () => void): Promise<void> {
  return answerOf<void>(action, (success, failure) => {
    writer.onwriteend = () => {
      if (writer.error) failure(writer.error);
      else success();
    };
    start();
  });
}

/** True also where the host does not tell. */
function hasRoom(size: number): Promise<boolean> {
  return new Promise((resolve) => {
    if (page.requestFileSystem === undefined) return resolve(true);
    page.requestFileSystem(
      PERSISTENT,
      size + SPARE_SIZE,
      () => resolve(true),
      (error) => resolve(numberOf(error) !== QUOTA_EXCEEDED),
    );
  });
}

async function orMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Of callbacks, and of what is thrown at once. */
function answerOf<T>(
  action: string,
  ask: (success: Success<T>, failure: Failure) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const fail: Failure = (error) => reject(pluginError(action, error));
    try {
      ask(resolve, fail);
    } catch (error) {
      fail(error);
    }
  });
}
