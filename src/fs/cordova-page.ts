/**
 * What onewal/cordova uses of cordova-plugin-file, and no more of it.
 *
 * The plugin is there once the event `deviceready` has come. On Android and iOS it is a bridge to
 * native code; in Chromium, as Cordova's platform `browser`, it is Chromium's own `filesystem:`.
 */
export type Success<T> = (value: T) => void;
export type Failure = (error: unknown) => void;

export interface PluginEntry {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly name: string;
  remove(success: () => void, failure: Failure): void;
}

/** A file as it was when it was asked for; a part of one, too. */
export interface PluginBlob {
  readonly size: number;
  slice(start: number, end: number): PluginBlob;
}

export interface PluginWriter {
  readonly length: number;
  readonly position: number;
  readonly error: unknown;
  onwriteend: ((event: never) => unknown) | null;
  seek(offset: number): void;
  truncate(size: number): void;
  write(bytes: unknown): void;
}

export interface PluginFileEntry extends PluginEntry {
  createWriter(success: Success<PluginWriter>, failure: Failure): void;
  file(success: Success<PluginBlob>, failure: Failure): void;
}

interface Flags {
  readonly create: boolean;
  readonly exclusive?: boolean;
}

/** The plugin's own order of what it is given. */
type Asked<T> = [name: string, flags: Flags, success: Success<T>, failure: Failure];

/** A `DirectoryEntry` of the plugin. */
export interface PluginDirectory extends PluginEntry {
  toURL(): string;
  createReader(): { readEntries(success: Success<PluginEntry[]>, failure: Failure): void };
  getDirectory(...asked: Asked<PluginDirectory>): void;
  getFile(...asked: Asked<PluginFileEntry>): void;
}

interface PluginReader {
  readonly result: unknown;
  readonly error: unknown;
  onloadend: (() => void) | null;
  readAsArrayBuffer(blob: PluginBlob): void;
}

/** What the plugin puts into the page. */
export interface Page {
  readonly cordova?: {
    readonly platformId?: string;
    readonly file?: { readonly dataDirectory?: string | null };
  };
  readonly FileReader?: new () => PluginReader;
  readonly Blob?: new (parts: readonly Uint8Array[]) => object;
  readonly webkitRequestFileSystem?: unknown;
  requestFileSystem?(
    ...asked: [kind: number, size: number, success: Success<unknown>, failure: Failure]
  ): void;
  resolveLocalFileSystemURL?(
    url: string,
    success: Success<PluginDirectory>,
    failure: Failure,
  ): void;
}

export const page = globalThis as unknown as Page;

/** What Cordova calls the host: `android`, `ios`, `browser` ... Undefined where there is no Cordova. */
export function cordovaPlatform(): string | undefined {
  return page.cordova?.platformId;
}

/** Why the plugin cannot be used here; undefined where it can. */
export function pluginObstacle(): string | undefined {
  if (page.cordova === undefined) return 'this is not an app of Cordova';
  if (page.resolveLocalFileSystemURL === undefined || page.cordova.file === undefined) {
    return 'cordova-plugin-file is not there: install it, and wait for the event deviceready';
  }
  // It keeps files in IndexedDB, loses what stood before an append, and cannot cut.
  const isImitation = cordovaPlatform() === 'browser' && page.webkitRequestFileSystem === undefined;
  return isImitation
    ? 'the files of Cordova in a browser without filesystem: URLs lose what they hold'
    : undefined;
}
