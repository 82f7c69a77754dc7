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
  /** As it is now, whoever has it open. */
  getFile(): Promise<FileContent>;
}

/** A file as it was, to be read without opening it. */
interface FileContent {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
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
    options: { readonly ifAvailable?: true; readonly steal?: true },
    callback: (lock: object | null) => Promise<void>,
  ): Promise<void>;
}

export interface DatabaseRequest<T> {
  readonly result: T;
  readonly error: unknown;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}

interface RecordStore {
  get(key: unknown): DatabaseRequest<unknown>;
  getAll(range?: object): DatabaseRequest<unknown[]>;
  getAllKeys(range?: object): DatabaseRequest<unknown[]>;
  put(value: unknown, key: unknown): void;
  delete(key: unknown): void;
}

export interface DatabaseTransaction {
  readonly error: unknown;
  objectStore(name: string): RecordStore;
  abort(): void;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
}

export interface Database {
  transaction(
    stores: readonly string[],
    mode: 'readonly' | 'readwrite',
    options: { readonly durability: 'strict' },
  ): DatabaseTransaction;
  createObjectStore(name: string): void;
  close(): void;
  onclose: (() => void) | null;
  onversionchange: (() => void) | null;
}

/** A database is made, or made anew. */
export interface UpgradeEvent {
  /** Chromium: `total` where it found the database damaged, and has deleted all of it. */
  readonly dataLoss?: string;
  readonly dataLossMessage?: string;
}

export interface OpenRequest extends DatabaseRequest<Database> {
  /** Of an upgrade that is under way. */
  readonly transaction: DatabaseTransaction | null;
  onupgradeneeded: ((event: UpgradeEvent) => void) | null;
  onblocked: (() => void) | null;
}

interface Browser {
  readonly navigator?: {
    readonly userAgent?: string;
    readonly locks?: WebLocks;
    readonly storage?: { getDirectory?(): Promise<DirectoryHandle> };
  };
  readonly indexedDB?: { open(name: string, version: number): OpenRequest };
  readonly IDBKeyRange?: { bound(lower: unknown, upper: unknown): object };
  readonly IDBTransaction?: { readonly prototype: object };
}

const browser = globalThis as unknown as Browser;

export function webLocks(): WebLocks | undefined {
  return browser.navigator?.locks;
}

/** Undefined where there is no origin private file system: old browsers, pages from `file:`. */
export async function privateDirectory(): Promise<DirectoryHandle | undefined> {
  return browser.navigator?.storage?.getDirectory?.();
}

export function indexedDatabases(): Browser['indexedDB'] {
  return browser.indexedDB;
}

export function keyRange(lower: unknown, upper: unknown): object {
  return (browser.IDBKeyRange as NonNullable<Browser['IDBKeyRange']>).bound(lower, upper);
}

/** A transaction can be told to wait for the medium. */
export function hasStrictTransactions(): boolean {
  return 'durability' in (browser.IDBTransaction?.prototype ?? {});
}

/** The browsers of which it was measured what a flush does; others promise nothing. */
export function browserEngine(): 'chromium' | 'firefox' | 'other' {
  const agent = browser.navigator?.userAgent ?? '';
  if (/Chrom(e|ium)\//.test(agent)) return 'chromium';
  return /\bFirefox\//.test(agent) ? 'firefox' : 'other';
}

/** The name by which browsers tell their errors apart; their `code` is a number, or missing. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
