/** A store that is opened, closed and opened again while callers hold on to it. */
import type { FileSystem } from '../fs/file-system.ts';
import type { StoreOptions } from '../options.ts';
import type { StoreMap } from '../store/store-map.ts';
import { Store } from '../store.ts';
import { KvstoreError, notOpen } from './kvstore-error.ts';

export const MAP_NAME = 'kvstore';

export interface Opened {
  readonly store: Store;
  readonly entries: StoreMap<string, string>;
}

export class KvstoreConnection {
  readonly #location: string | FileSystem;
  readonly #options: StoreOptions;
  #status: 'opening' | 'open' | 'closing' | 'closed' = 'closed';
  /** Everything that opens and closes, one behind the other. Never rejects. */
  #turn: Promise<unknown> = Promise.resolve();
  #opening: Promise<Opened> | undefined;
  #opened: Opened | undefined;

  constructor(location: string | FileSystem, options: StoreOptions) {
    this.#location = location;
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#status === 'open';
  }

  get isClosed(): boolean {
    return this.#status === 'closed' || this.#status === 'closing';
  }

  /** While it is open. */
  get opened(): Opened | undefined {
    return this.isOpen ? this.#opened : undefined;
  }

  /**
   * Does the work at once, or behind an open that is under way; in either case before a close that
   * is asked for later. Rejects with a KvstoreError when it is closed.
   */
  async use<T>(work: (opened: Opened) => T | Promise<T>): Promise<T> {
    if (this.opened !== undefined) return work(this.opened);
    if (this.isClosed || this.#opening === undefined) throw notOpen();
    return this.#opening.then(work);
  }

  open(): Promise<Opened> {
    if (!this.isClosed && this.#opening !== undefined) return this.#opening;
    this.#status = 'opening';
    const opening = this.#turn.then(() => this.#open());
    this.#opening = opening;
    this.#turn = opening.catch(() => undefined);
    return opening;
  }

  /** Resolves when the lock is free. What was handed in before is finished. */
  close(): Promise<void> {
    this.#status = 'closing';
    const closing = this.#turn.then(() => this.#close());
    this.#turn = closing.catch(() => undefined);
    return closing;
  }

  async #open(): Promise<Opened> {
    try {
      this.#opened = await openEntries(this.#location, this.#options);
      // A close may have been asked for meanwhile: it comes next.
      if (this.#status === 'opening') this.#status = 'open';
      return this.#opened;
    } catch (error) {
      if (this.#status === 'opening') this.#status = 'closed';
      throw new KvstoreError('OpenError', error);
    }
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    try {
      await opened?.store.close();
    } finally {
      if (this.#status === 'closing') this.#status = 'closed';
    }
  }
}

async function openEntries(location: string | FileSystem, options: StoreOptions): Promise<Opened> {
  const store = await Store.open(location, options);
  try {
    return { store, entries: store.map(MAP_NAME, { key: 'utf8', value: 'utf8' }) };
  } catch (error) {
    await store.close();
    throw error;
  }
}
