/**
 * Transactions of all kinds beside each other, batches, checkpoints and views between them, crashes
 * at any time: as a seed decides, on a disk without faults.
 */
import {
  ConflictError,
  type RangeOptions,
  type Savepoint,
  Store,
  type StoreMap,
  type Transaction,
} from '../../../src/index.ts';
import { SimulatedDisk } from '../../../src/testing/index.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { preallocationOf } from '../../support/preallocation.ts';
import { turns } from './deeds.ts';
import { copyOf, type Operation, SerialOrder, type Story } from './serial-order.ts';

/** Those that everybody writes to, and the one that every transaction signs. */
const SHARED_COUNT = 3;
const SIGNED = SHARED_COUNT;
const MAP_COUNT = SHARED_COUNT + 1;
const OPEN_COUNT_MAX = 4;
const KEYS = 'abcdefg';
const CHECKPOINT_BYTES = 4096;

interface Open {
  readonly transaction: Transaction;
  readonly story: Story;
  readonly savepoints: { readonly savepoint: Savepoint; readonly length: number }[];
  hasWritten: boolean;
}

/** What a crash leaves, and how far it must reach. */
export interface Cut {
  readonly disk: SimulatedDisk;
  readonly how: 'kill' | 'power';
  readonly acknowledged: number;
}

export class TransactionLife {
  readonly disk: SimulatedDisk;
  readonly problems: string[] = [];
  readonly cuts: Cut[] = [];
  conflictCount = 0;
  commitCount = 0;
  readonly #order = new SerialOrder(MAP_COUNT);
  readonly #random: SeededRandom;
  readonly #open: Open[] = [];
  readonly #running: Promise<unknown>[] = [];
  #maps: StoreMap<string, number>[] = [];
  #value = 0;
  /** The newest commit that was answered, at all and as durable. */
  #answered = 0;
  #durable = 0;

  constructor(seed: number) {
    this.disk = new SimulatedDisk(preallocationOf(seed));
    this.#random = new SeededRandom(seed);
  }

  /** Returns what the maps must hold behind each commit. */
  async live(turnCount: number): Promise<readonly string[]> {
    const durability = this.#random.isHeads() ? 'synced' : 'buffered';
    const store = await Store.open(this.disk, { durability, checkpointBytes: CHECKPOINT_BYTES });
    this.#maps = mapsOf(store);
    for (let turn = 0; turn < turnCount; turn++) await this.#turn(store);
    for (const { transaction } of this.#open) transaction.abort();
    await Promise.all(this.#running);
    const { states, problems } = this.#order.replay();
    this.problems.push(...problems);
    if (contentOf(this.#maps) !== states.at(-1)) this.problems.push('the store holds another end');
    const { openTransactions, openViews } = store.stats();
    if (openTransactions + openViews > 0) this.problems.push('something was left open');
    await store.close();
    this.#durable = this.#answered;
    this.#cut('power');
    return states;
  }

  async #turn(store: Store): Promise<void> {
    const random = this.#random;
    if (this.#open.length < OPEN_COUNT_MAX) this.#begin(store);
    const what = random.below(40);
    const open = this.#open[random.below(this.#open.length)];
    if (what < 26 && open !== undefined) this.#act(open);
    else if (what < 31 && open !== undefined) this.#commit(open);
    else if (what < 34) this.#batch(store);
    else if (what === 34) this.#running.push(store.checkpoint());
    else if (what === 35) this.#running.push(store.compact());
    else if (what === 36) await turns();
    else if (what === 37) this.#cut('kill');
    else if (what === 38) this.#cut('power');
    else await this.#flush(store);
  }

  #begin(store: Store): void {
    const mode = this.#random.below(3) === 0 ? 'pessimistic' : 'optimistic';
    const transaction = store.begin({ isolation: 'serializable', mode, lockTimeout: 1 });
    const story = { name: `${mode} ${transaction.id}`, operations: [], shown: [] };
    this.#open.push({ transaction, story, savepoints: [], hasWritten: false });
  }

  #act(open: Open): void {
    try {
      this.#actOnce(open);
    } catch (error) {
      this.#refuse(error);
      this.#end(open);
      open.transaction.abort();
    }
  }

  #actOnce(open: Open): void {
    const random = this.#random;
    const number = random.below(SHARED_COUNT);
    const own = open.transaction.map(this.#maps[number] as StoreMap<string, number>);
    const key = this.#key();
    const range = this.#range();
    const read = (shown: string, operation: Operation) => {
      open.story.operations.push(operation);
      open.story.shown.push(shown);
    };
    const write = (operation: Operation) => {
      open.hasWritten = true;
      read('', operation);
    };
    const what = random.below(10);
    if (what < 2) read(String(own.get(key)), (entries) => String(entries[number]?.get(key)));
    else if (what < 4) {
      const value = this.#nextValue();
      own.put(key, value);
      write(setting(number, key, value));
    } else if (what === 4) {
      own.remove(key);
      write(removing(number, key));
    } else if (what === 5) {
      const found = [...own.getRange(range)].map((entry) => entry.key).join();
      read(found, (entries) => selected(entries[number], range).join());
    } else if (what === 6) {
      const count = own.getCount(range);
      read(String(count), (entries) => String(selected(entries[number], range).length));
    } else if (what === 7) {
      own.clear(range);
      write(clearing(number, range));
    } else this.#mark(open);
  }

  /** Makes a savepoint, or goes back to one: what was read since counts, what was written does not. */
  #mark({ transaction, story, savepoints }: Open): void {
    const last = savepoints.at(-1);
    if (last === undefined || this.#random.isHeads()) {
      const { length } = story.operations;
      savepoints.push({ savepoint: transaction.savepoint(), length });
      return;
    }
    transaction.rollbackTo(last.savepoint);
    savepoints.pop();
    const undone = story.operations.splice(last.length);
    const shown = story.shown.splice(last.length);
    story.operations.push((entries) => {
      const scratch = copyOf(entries);
      return undone.map((operation) => operation(scratch)).join('/');
    });
    story.shown.push(shown.join('/'));
  }

  #commit(open: Open): void {
    this.#end(open);
    const { transaction, story, hasWritten } = open;
    if (hasWritten) this.#sign(open);
    const view = transaction.sequence;
    const done = ({ sequence, durable }: { sequence: number; durable: boolean }): void => {
      this.commitCount += 1;
      this.#order.add({ story, sequence: hasWritten ? sequence : view, hasWritten });
      if (hasWritten) this.#answer(sequence, durable);
    };
    if (this.#random.below(5) > 0) {
      this.#running.push(transaction.commit().then(done, (error) => this.#refuse(error)));
      return;
    }
    try {
      done(transaction.commitSync());
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** One entry of its own: whatever else it comes to, it is a commit. */
  #sign({ transaction, story }: Open): void {
    const value = this.#nextValue();
    const key = String(value);
    transaction.map(this.#maps[SIGNED] as StoreMap<string, number>).put(key, value);
    story.operations.push(setting(SIGNED, key, value));
    story.shown.push('');
  }

  #batch(store: Store): void {
    const number = this.#random.below(SHARED_COUNT);
    const map = this.#maps[number] as StoreMap<string, number>;
    const [key, other, value] = [this.#key(), this.#key(), this.#nextValue()];
    const operations = [setting(number, key, value), removing(number, other)];
    const story: Story = { name: `batch ${value}`, operations, shown: ['', ''] };
    const writes = [
      { type: 'put', map, key, value },
      { type: 'remove', map, key: other },
    ] as const;
    const answered = store.batch(writes).then(({ sequence, durable }) => {
      this.#order.add({ story, sequence, hasWritten: true });
      this.#answer(sequence, durable);
    });
    this.#running.push(answered);
  }

  async #flush(store: Store): Promise<void> {
    const before = this.#answered;
    await store.flush();
    this.#durable = Math.max(this.#durable, before);
  }

  #answer(sequence: number, isDurable: boolean): void {
    this.#answered = Math.max(this.#answered, sequence);
    if (isDurable) this.#durable = Math.max(this.#durable, sequence);
  }

  #cut(how: 'kill' | 'power'): void {
    const acknowledged = how === 'kill' ? this.#answered : this.#durable;
    this.cuts.push({ disk: this.disk.clone(), how, acknowledged });
  }

  #end(open: Open): void {
    this.#open.splice(this.#open.indexOf(open), 1);
  }

  #refuse(error: unknown): void {
    if (error instanceof ConflictError) this.conflictCount += 1;
    else this.problems.push(`a transaction threw ${String(error)}`);
  }

  #nextValue(): number {
    this.#value += 1;
    return this.#value;
  }

  #key(): string {
    return (KEYS[this.#random.below(KEYS.length)] ?? '') + 'xyz'.slice(0, this.#random.below(3));
  }

  #range(): RangeOptions<string> {
    const random = this.#random;
    return {
      ...(random.isHeads() ? { start: this.#key() } : {}),
      ...(random.isHeads() ? { end: this.#key() } : {}),
      ...(random.below(3) === 0 ? { exclusiveStart: true } : {}),
      ...(random.below(3) === 0 ? { inclusiveEnd: true } : {}),
    };
  }
}

export function mapsOf(store: Store): StoreMap<string, number>[] {
  return Array.from({ length: MAP_COUNT }, (_, number) => store.map<string, number>(`m${number}`));
}

export function contentOf(maps: readonly StoreMap<string, number>[]): string {
  return JSON.stringify(
    maps.map((map) => [...map.getRange()].map(({ key, value }) => [key, value])),
  );
}

function setting(number: number, key: string, value: number): Operation {
  return (entries) => {
    entries[number]?.set(key, value);
    return '';
  };
}

function removing(number: number, key: string): Operation {
  return (entries) => {
    entries[number]?.delete(key);
    return '';
  };
}

function clearing(number: number, range: RangeOptions<string>): Operation {
  return (entries) => {
    for (const key of selected(entries[number], range)) entries[number]?.delete(key);
    return '';
  };
}

/** The keys in a range, in order, by comparing texts. */
function selected(map: Map<string, number> | undefined, range: RangeOptions<string>): string[] {
  const { start, end, exclusiveStart = false, inclusiveEnd = false } = range;
  const isBehindStart = (key: string) =>
    start === undefined || key > start || (key === start && !exclusiveStart);
  const isBeforeEnd = (key: string) =>
    end === undefined || key < end || (key === end && inclusiveEnd);
  return [...(map ?? new Map()).keys()]
    .filter((key) => isBehindStart(key) && isBeforeEnd(key))
    .sort();
}
