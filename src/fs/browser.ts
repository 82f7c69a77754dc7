/**
 * What the file systems for browsers use of a browser, and no more of it: the types of a whole DOM
 * would let any file reach for a window.
 */
export interface AccessHandle {
  read(target: Uint8Array, options: { readonly at: number }): number;
  write(source: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

export interface FileHandle {
  readonly kind: 'file';
  readonly name: string;
  /** Only in dedicated workers. */
  createSyncAccessHandle?(): Promise<AccessHandle>;
}

export interface DirectoryHandle {
  readonly kind: 'directory';
  getDirectoryHandle(name: string, options: { readonly create: boolean }): Promise<DirectoryHandle>;
  getFileHandle(name: string, options: { readonly create: boolean }): Promise<FileHandle>;
  values(): AsyncIterable<FileHandle | DirectoryHandle>;
}

export interface WebLocks {
  /** Calls back with null where somebody else has the lock; holds it until the answer resolves. */
  request(
    name: string,
    options: { readonly ifAvailable: true },
    callback: (lock: object | null) => Promise<void>,
  ): Promise<void>;
}

interface Browser {
  readonly navigator?: {
    readonly userAgent?: string;
    readonly locks?: WebLocks;
    readonly storage?: { getDirectory?(): Promise<DirectoryHandle> };
  };
}

const browser = globalThis as unknown as Browser;

export function webLocks(): WebLocks | undefined {
  return browser.navigator?.locks;
}

/** Undefined where there is no origin private file system: old browsers, pages from `file:`. */
export async function privateDirectory(): Promise<DirectoryHandle | undefined> {
  return browser.navigator?.storage?.getDirectory?.();
}

/** The browsers of which it was measured what a flush does; others promise nothing. */
export function browserEngine(): 'chromium' | 'firefox' | 'other' {
  const agent = browser.navigator?.userAgent ?? '';
  if (/\bChrom(e|ium)\//.test(agent)) return 'chromium';
  return /\bFirefox\//.test(agent) ? 'firefox' : 'other';
}

/** The name by which browsers tell their errors apart; their `code` is a number, or missing. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
