/** A store that does one thing after the other, and writes down what it answers. */
import { OnewalError, Store, type StoreOptions } from '../../../src/index.ts';
import type { SimulatedDisk } from '../../../src/testing/index.ts';
import type { ScriptedWrite } from '../../support/workload.ts';
import { type Aftermath, Ledger } from './ledger.ts';

export type Deed =
  | {
      readonly type: 'commit';
      readonly writes: readonly ScriptedWrite[];
      readonly durability?: 'synced' | 'buffered';
      /** By the method that blocks. */
      readonly blocks?: true;
    }
  | {
      readonly type: 'flush' | 'checkpoint' | 'compact' | 'verify' | 'resume' | 'reopen' | 'close';
    };

export class SerialLife {
  readonly disk: SimulatedDisk;
  readonly ledger = new Ledger();
  /** What the store has done against its word, apart from what an image shows. */
  readonly problems: string[] = [];
  /** What is left of the page cache when a store is opened again on the running machine. */
  openedAs: Aftermath = 'kill';
  readonly #options: StoreOptions;
  store: Store | undefined;

  constructor(disk: SimulatedDisk, options: StoreOptions = {}) {
    this.disk = disk;
    this.#options = options;
  }

  /** What the host refuses is an answer, and what it refuses to an open leaves no store. */
  async open(): Promise<void> {
    try {
      const store = await Store.open(this.disk, this.#options);
      store.on('resolved', () => this.ledger.noteResolved());
      const found = this.ledger.problemsOf(store, this.ledger.told, this.openedAs);
      this.problems.push(...found.map((problem) => `opened again, it ${problem}`));
      this.ledger.noteOpened(store);
      this.store = store;
    } catch (error) {
      this.#requireOurs(error, 'open');
    }
  }

  async do(deed: Deed): Promise<void> {
    const { store } = this;
    if (deed.type === 'reopen') return this.#reopen();
    if (store === undefined) return;
    if (deed.type === 'commit') return this.#commit(store, deed);
    try {
      await this.#work(store, deed.type);
    } catch (error) {
      this.#requireOurs(error, deed.type);
    }
  }

  /** Memory shows what was answered, and nothing else. */
  checkMemory(place: string): void {
    const { store, ledger } = this;
    if (store === undefined) return;
    const found = ledger.problemsOf(store, ledger.told, 'memory');
    this.problems.push(...found.map((problem) => `${place}: memory ${problem}`));
  }

  async #work(store: Store, type: Exclude<Deed['type'], 'commit' | 'reopen'>): Promise<void> {
    if (type === 'verify') {
      const { damage } = await store.verify();
      if (damage.length > 0) this.problems.push(`verify: ${JSON.stringify(damage)}`);
      return;
    }
    if (type === 'close') this.store = undefined;
    await store[type]();
    if (type !== 'resume') this.ledger.noteDurable();
  }

  async #reopen(): Promise<void> {
    await this.do({ type: 'close' });
    await this.open();
  }

  async #commit(store: Store, deed: Deed & { readonly type: 'commit' }): Promise<void> {
    const told = this.ledger.begin(deed.writes);
    const options = { durability: deed.durability ?? 'synced' } as const;
    try {
      const commit = deed.blocks
        ? store.batchSync(told.writes, options)
        : await store.batch(told.writes, options);
      this.ledger.acknowledge(told, commit);
    } catch (error) {
      this.#requireOurs(error, `commit ${told.number}`);
      if (!this.disk.isCrashed) this.ledger.refuse(told, (error as OnewalError).committed);
    }
  }

  /** Whatever a caller meets is an error of ours, and none of them our own mistake. */
  #requireOurs(error: unknown, doing: string): void {
    if (this.disk.isCrashed) return;
    const isOurs = error instanceof OnewalError && !error.message.includes('invariant');
    if (!isOurs) this.problems.push(`${doing} threw ${String(error)}`);
  }
}
