/** A store in this page or worker, and what may happen to it. */
import { openBest } from '../../../src/browser/open-best.ts';
import { IndexedDbFileSystem } from '../../../src/fs/indexed-db.ts';
import { OpfsFileSystem } from '../../../src/fs/opfs.ts';
import { type FileSystem, Store, type StoreInfo, type StoreOptions } from '../../../src/index.ts';
import { seededNumbers } from '../../support/seeded.ts';

export type HostKind = 'opfs' | 'indexed-db';

interface Handle {
  close(): void;
}
type CreateHandle = (this: unknown) => Promise<Handle>;
interface BrowserScope {
  FileSystemFileHandle: { readonly prototype: { createSyncAccessHandle: CreateHandle } };
  readonly navigator: object;
  fetch(url: string, options: object): Promise<unknown>;
  indexedDB: { deleteDatabase(name: string): unknown };
  WebAssembly: { compile(bytes: Uint8Array): Promise<unknown> };
}
const scope = globalThis as unknown as BrowserScope;

const fileSystems = new Map<string, FileSystem>();
const events: string[] = [];
const handles: Handle[] = [];
let store: Store | undefined;

function openStore(): Store {
  if (store === undefined) throw new Error('open a store first');
  return store;
}

export interface Found {
  /** Entries 0, 1, 2 ... without a gap, each with its value. */
  readonly prefix: number;
  readonly count: number;
}

const textOf = (n: number) => `value ${n}`;

/** Databases may compress what they store. */
function noise(seed: number, size: number): Uint8Array {
  const next = seededNumbers(seed + 1);
  return Uint8Array.from({ length: size }, next);
}

export const storeActions = {
  async open(kind: HostKind, name: string, options?: StoreOptions): Promise<StoreInfo> {
    const key = `${kind} ${name}`;
    const fs =
      fileSystems.get(key) ??
      (kind === 'opfs' ? new OpfsFileSystem(name) : new IndexedDbFileSystem(name));
    fileSystems.set(key, fs);
    store = await Store.open(fs, options);
    for (const type of ['lost', 'error', 'resolved', 'closed'] as const) {
      store.on(type, ({ message }) => events.push(`${type}: ${message}`));
    }
    return store.info;
  },

  /** Where the browser has the strongest place. */
  async openBest(name: string): Promise<{ readonly kind: string; readonly reason: string }> {
    const { store: opened, choice } = await openBest(name);
    store = opened;
    return { kind: choice.kind, reason: choice.reason };
  },

  /** In OPFS, with files for blocking calls. */
  async openPrepared(kind: 'opfs', name: string): Promise<StoreInfo> {
    const fs = new OpfsFileSystem(name);
    fileSystems.set(`${kind} ${name}`, fs);
    await fs.prepare();
    return storeActions.open(kind, name);
  },

  async close(): Promise<void> {
    await openStore().close();
  },

  async put(from: number, count: number): Promise<void> {
    const map = openStore().map<number, string>('m');
    for (let n = from; n < from + count; n++) await map.put(n, textOf(n));
  },

  /** The same, after writes were disabled. */
  async putAgain(from: number, count: number): Promise<void> {
    await openStore().resume();
    await storeActions.put(from, count);
  },

  putSync(from: number, count: number): void {
    const map = openStore().map<number, string>('m');
    for (let n = from; n < from + count; n++) map.putSync(n, textOf(n));
  },

  async checkpoint(): Promise<void> {
    await openStore().checkpoint();
  },

  /** Sync writes and no turn for the browser, until there were so many checkpoints. */
  fillSync(checkpoints: number): number {
    const map = openStore().map<number, Uint8Array>('large', { value: 'binary' });
    let count = 0;
    while (openStore().stats().checkpoints < checkpoints) {
      map.putSync(count % 64, new Uint8Array(64 << 10).fill(count));
      count += 1;
    }
    return count;
  },

  /** Never resolves: commits one after the other, and says to the server how many there are. */
  async commitForever(url: string): Promise<void> {
    const map = openStore().map<number, string>('m');
    let isTelling = false;
    const tell = async (count: number) => {
      isTelling = true;
      await scope.fetch(url, { method: 'POST', body: String(count) });
      isTelling = false;
    };
    for (let n = map.getCount(); ; n++) {
      await map.put(n, textOf(n));
      if (n % 50 === 49) void openStore().checkpoint();
      if (!isTelling) void tell(n + 1);
    }
  },

  find(): Found {
    const map = openStore().map<number, string>('m');
    let prefix = 0;
    while (map.get(prefix) === textOf(prefix)) prefix += 1;
    return { prefix, count: map.getCount() };
  },

  async damage(): Promise<number> {
    return (await openStore().verify()).damage.length;
  },

  /** Puts 256 KiB after 256 KiB until one is refused; returns how many were taken, and why not. */
  async fill(countMax: number): Promise<{ count: number; code?: unknown; committed?: unknown }> {
    const map = openStore().map<number, Uint8Array>('filler', { value: 'binary' });
    for (let count = 0; count < countMax; count++) {
      try {
        await map.put(count, noise(count, 256 << 10));
      } catch (error) {
        const { code, committed } = error as { code?: unknown; committed?: unknown };
        return { count, code, committed };
      }
    }
    return { count: countMax };
  },

  filled(): number {
    return openStore().map('filler').getCount();
  },

  async empty(): Promise<void> {
    await openStore().map('filler').clear();
  },

  events: (): readonly string[] => events,

  /** From now on the handles of this worker can be closed, as a browser does to sleeping tabs. */
  watchHandles(): void {
    const { prototype } = scope.FileSystemFileHandle;
    const create = prototype.createSyncAccessHandle;
    prototype.createSyncAccessHandle = async function (this: unknown) {
      const handle = await create.call(this);
      handles.push(handle);
      return handle;
    };
  },

  closeHandles(): void {
    for (const handle of handles.splice(0)) handle.close();
  },

  /** As in browsers that have none. */
  hideWebLocks(): void {
    Object.defineProperty(scope.navigator, 'locks', { value: undefined });
  },

  deleteDatabase(name: string): void {
    scope.indexedDB.deleteDatabase(`onewal/${name}`);
  },

  /** What the content policy lets scripts do here. */
  async allowed(): Promise<{ readonly wasm: boolean }> {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const wasm = await scope.WebAssembly.compile(empty).then(
      () => true,
      () => false,
    );
    return { wasm };
  },
};
