/** A store that does one thing after the other, and writes down what it answers. */
import { type Commit, OnewalError, Store, type StoreOptions } from '../../../src/index.ts';
import type { SimulatedDisk } from '../../../src/testing/index.ts';
import type { ScriptedWrite } from '../../support/workload.ts';
import { type Aftermath, type Durability, Ledger, type Told } from './ledger.ts';

export type Deed =
  | {
      readonly type: 'commit';
      readonly writes: readonly ScriptedWrite[];
      readonly durability?: Durability;
      /** By the method that blocks. */
      readonly blocks?: true;
    }
  | {
      readonly type: 'flush' | 'checkpoint' | 'compact' | 'resume' | 'reopen' | 'close';
    };

export class SerialLife {
  readonly disk: SimulatedDisk;
  readonly ledger: Ledger;
  /** What the store has done against its word, apart from what an image shows. */
  readonly problems: string[] = [];
  /** What it has refused: true answers, but where nothing has failed there is nothing to refuse. */
  readonly refusals: string[] = [];
  /** What is left of the page cache when a store is opened again on the running machine. */
  openedAs: Aftermath = 'kill';
  /** Called behind each answer, in the step in which the caller hears it. */
  onAnswer: (() => void) | undefined;
  readonly #options: StoreOptions;
  store: Store | undefined;

  constructor(disk: SimulatedDisk, ledger = new Ledger(), options: StoreOptions = {}) {
    this.disk = disk;
    this.ledger = ledger;
    this.#options = options;
  }

  /** What the host refuses is an answer, and what it refuses to an open leaves no store. */
  async open(
    work: (disk: SimulatedDisk, options: StoreOptions) => Store | Promise<Store> = Store.open,
  ): Promise<void> {
    try {
      const store = await work(this.disk, this.#options);
      store.on('resolved', () => this.ledger.noteResolved());
      this.store = store;
      this.#look('opened again', this.openedAs);
      this.#undisturbed(() => this.ledger.noteOpened(store));
    } catch (error) {
      this.#requireOurs(error, 'open');
    }
  }

  async do(deed: Deed): Promise<void> {
    if (deed.type === 'reopen') return this.#reopen();
    if (deed.type === 'commit') return this.#commit(deed);
    const { type } = deed;
    await this.ask(type, async (store) => {
      if (type === 'close') this.store = undefined;
      await store[type]();
      if (type !== 'resume') this.ledger.noteDurable();
    });
  }

  /** Memory shows what was answered, and nothing else. */
  checkMemory(place: string): void {
    this.#look(place, 'memory');
  }

  #look(place: string, aftermath: Aftermath): void {
    const { store, ledger } = this;
    if (store === undefined) return;
    const found = this.#undisturbed(() => ledger.problemsOf(store, ledger.told, aftermath));
    this.problems.push(...found.map((problem) => `${place}: ${problem}`));
  }

  /** Reading from the disk as it is. */
  #undisturbed<T>(work: () => T): T {
    const { onCall } = this.disk;
    this.disk.onCall = undefined;
    try {
      return work();
    } finally {
      this.disk.onCall = onCall;
    }
  }

  async #reopen(): Promise<void> {
    await this.do({ type: 'close' });
    await this.open();
  }

  async #commit(deed: Deed & { readonly type: 'commit' }): Promise<void> {
    const { durability = 'synced' } = deed;
    const told = this.ledger.begin(deed.writes, durability);
    const options = { durability };
    await this.attempt(`commit ${told.number}`, told, (store) => {
      const isBlocking = deed.blocks === true;
      return isBlocking ? store.batchSync(told.writes, options) : store.batch(told.writes, options);
    });
  }

  /** What `work` resolves to, or throws, is what the caller of this commit is told. */
  async attempt(
    doing: string,
    told: Told,
    work: (store: Store) => Commit | Promise<Commit>,
  ): Promise<void> {
    if (this.store === undefined) return this.ledger.refuse(told, 'no');
    try {
      const commit = await work(this.store);
      this.ledger.acknowledge(told, commit);
      this.onAnswer?.();
      if (told.asked === 'synced' && !commit.durable) {
        this.problems.push(`${doing} was to be synced, and was answered as not durable`);
      }
    } catch (error) {
      this.#requireOurs(error, doing);
      if (!this.disk.isCrashed) this.ledger.refuse(told, (error as OnewalError).committed);
    }
  }

  /** The same for what is no commit. */
  async ask(doing: string, work: (store: Store) => unknown): Promise<void> {
    if (this.store === undefined) return;
    try {
      await work(this.store);
    } catch (error) {
      this.#requireOurs(error, doing);
    }
  }

  /** A read fails, or shows what is there. */
  async read(doing: string, look: (store: Store) => string): Promise<void> {
    await this.ask(doing, (store) => {
      const shown = look(store);
      const there = this.#undisturbed(() => look(store));
      if (shown !== there) this.problems.push(`${doing} showed ${shown}, and there is ${there}`);
    });
  }

  /** Whatever a caller meets is an error of ours, and none of them our own mistake. */
  #requireOurs(error: unknown, doing: string): void {
    if (this.disk.isCrashed) return;
    const isOurs = error instanceof OnewalError && !error.message.includes('invariant');
    (isOurs ? this.refusals : this.problems).push(`${doing} threw ${String(error)}`);
  }
}
