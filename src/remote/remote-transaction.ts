/**
 * A transaction on a store that is elsewhere. Its view, what it reads and what it has written are
 * kept by the store; here its writes wait until something must be answered, and go there with that.
 */
import { OnewalError, UsageError } from '../errors.ts';
import { checkSignal, type RangeOptions } from '../options.ts';
import type { Change } from '../store/change.ts';
import type { Commit } from '../store/commit-request.ts';
import type { Savepoint, TransactionState } from '../transaction/transaction.ts';
import type { Link } from './link.ts';
import type { AnswerOf, WireStep } from './protocol.ts';
import type { RemoteMap } from './remote-map.ts';
import { type Place, RemoteMapReads } from './remote-reads.ts';

/** Steps are sent, without waiting, when they have come to about so many bytes. */
const STEPS_SIZE_TARGET = 64 << 10;
const STEP_SIZE = 32;

interface TransactionParts {
  readonly link: Link;
  /** What names it on the port. */
  readonly handle: number;
  readonly number: number;
  readonly sequence: number;
  readonly signal: AbortSignal | undefined;
  decode(changes: AnswerOf<'changes'>): Change[];
}

interface TransactionSide {
  readonly link: Link;
  readonly place: Place;
  write(step: WireStep): void;
  lock(step: WireStep & { readonly type: 'remove' }): Promise<void>;
}

/**
 * Made by `RemoteStore.begin` and `RemoteStore.transaction`. A write that the owner refuses is told
 * by the next promise of the transaction, which cannot commit then.
 */
export class RemoteTransaction {
  /** Of the transaction at the owner: messages of conflicts name it. */
  readonly id: number;
  readonly #link: Link;
  readonly #handle: number;
  readonly #decode: TransactionParts['decode'];
  readonly #place: Place;
  readonly #signal: AbortSignal | undefined;
  #sequence: number;
  #state: TransactionState = 'open';
  #steps: WireStep[] = [];
  #stepsSize = 0;
  #savepoints: Savepoint[] = [];
  #outcome: Promise<Commit> | undefined;

  /** For the store: use `RemoteStore.begin`. */
  constructor(parts: TransactionParts) {
    this.id = parts.number;
    this.#link = parts.link;
    this.#handle = parts.handle;
    this.#sequence = parts.sequence;
    this.#decode = parts.decode;
    this.#signal = parts.signal;
    this.#place = {
      at: () => {
        this.#requireOpen();
        this.#sendSteps();
        return this.#handle;
      },
      plan: 'exact',
    };
  }

  /** Of the view that it reads. */
  get sequence(): number {
    return this.#sequence;
  }

  get state(): TransactionState {
    return this.#state;
  }

  /** For the store: another owner is asked by now, who knows nothing of it. */
  get isLeftBehind(): boolean {
    return this.#link.isOpen && !this.#link.holds(this.#handle);
  }

  /** Throws INVALID_ARGUMENT for a map of another store. */
  map<K, V>(map: RemoteMap<K, V>): RemoteTransactionMap<K, V> {
    this.#requireOpen();
    return new RemoteTransactionMap(map, {
      link: this.#link,
      place: this.#place,
      write: (step) => this.#add(step),
      lock: (step) => this.#lock(step),
    });
  }

  /** Marks what was written so far. Savepoints nest. */
  savepoint(): Savepoint {
    const savepoint = Object.freeze({ depth: this.#savepoints.length });
    this.#add({ type: 'savepoint' });
    this.#savepoints.push(savepoint);
    return savepoint;
  }

  /** As that of `Transaction`. Throws SAVEPOINT_RELEASED. */
  rollbackTo(savepoint: Savepoint): void {
    this.#requireOpen();
    const depth = this.#savepoints.indexOf(savepoint);
    if (depth < 0) {
      throw new UsageError(
        'SAVEPOINT_RELEASED',
        'the savepoint is of another transaction, or was undone with one below it',
      );
    }
    this.#add({ type: 'rollback', depth });
    this.#savepoints.length = depth + 1;
  }

  /** What the commit would change, in map and key order. */
  async changes(): Promise<Change[]> {
    const transaction = this.#place.at();
    return this.#decode(await this.#link.call('changes', { transaction }));
  }

  /** Bytes that the commit would add to the WAL. */
  async size(): Promise<number> {
    return this.#link.call('size', { transaction: this.#place.at() });
  }

  /** As that of `Transaction`; PORT_CLOSED, `committed: 'unknown'`, if the port ends before the answer. */
  async commit(): Promise<Commit> {
    this.#requireOpen();
    this.#outcome = this.#commit();
    this.#state = this.#state === 'open' ? 'committing' : this.#state;
    return this.#outcome;
  }

  /** Drops everything. An aborted one may be aborted again. */
  abort(): void {
    if (this.#state === 'aborted') return;
    this.#requireOpen();
    this.#state = 'aborted';
    this.#link.tell('end', { target: this.#handle });
  }

  /** For `RemoteStore.transaction`: commits unless the callback has ended it, and waits for the end. */
  async settle(): Promise<void> {
    if (this.#state === 'open') await this.commit();
    else await this.#outcome;
  }

  async #commit(): Promise<Commit> {
    try {
      checkSignal(this.#signal);
      this.#sendSteps();
      const commit = await this.#link.call('settle', { transaction: this.#handle });
      this.#state = 'committed';
      return commit;
    } catch (error) {
      const isInDoubt = error instanceof OnewalError && error.committed === 'unknown';
      this.#state = isInDoubt ? 'in-doubt' : 'aborted';
      this.#link.tell('end', { target: this.#handle });
      throw error;
    }
  }

  #add(step: WireStep): void {
    this.#requireOpen();
    this.#steps.push(step);
    this.#stepsSize += sizeOf(step);
    if (this.#stepsSize > STEPS_SIZE_TARGET) this.#sendSteps();
  }

  #sendSteps(): void {
    const steps = this.#steps;
    if (steps.length === 0) return;
    this.#steps = [];
    this.#stepsSize = 0;
    try {
      this.#link.tell('apply', { transaction: this.#handle, steps }, steps.length + 1);
    } catch (error) {
      // What was said to be written would be missing in the commit.
      this.abort();
      throw error;
    }
  }

  async #lock({ map, key }: WireStep & { readonly type: 'remove' }): Promise<void> {
    const transaction = this.#place.at();
    this.#sequence = await this.#link.call('lock', { transaction, map, key });
  }

  #requireOpen(): void {
    if (this.#state === 'open') return;
    const message = `transaction ${this.id} is ${this.#state}: begin a new one`;
    throw new UsageError('TRANSACTION_ENDED', message);
  }
}

/**
 * One map as a transaction sees it: with its own writes. A range counts as read as far as chunks of
 * it were sent, which may be a little further than it was used.
 */
export class RemoteTransactionMap<K, V> extends RemoteMapReads<K, V> {
  readonly #map: RemoteMap<K, V>;
  readonly #transaction: TransactionSide;

  /** For the transaction: use `RemoteTransaction.map`. */
  constructor(map: RemoteMap<K, V>, transaction: TransactionSide) {
    super(transaction.link, map.codecsIn(transaction.link), transaction.place);
    this.#map = map;
    this.#transaction = transaction;
  }

  put(key: K, value: V): void {
    this.#transaction.write(this.#map.writeOf('put', key, value));
  }

  /** A missing key is fine. */
  remove(key: K): void {
    this.#transaction.write(this.#map.writeOf('remove', key));
  }

  /** Removes the keys of the range, or all. */
  clear(range?: RangeOptions<K>): void {
    this.#transaction.write(this.#map.clearOf(range));
  }

  /** As that of `TransactionMap`. Whoever is asked for a lock must be allowed to write the map. */
  async lock(key: K): Promise<void> {
    const step = this.#map.writeOf('remove', key);
    if (step.type === 'remove') await this.#transaction.lock(step);
  }
}

function sizeOf(step: WireStep): number {
  if (step.type === 'put') return STEP_SIZE + step.key.length + step.value.length;
  return step.type === 'remove' ? STEP_SIZE + step.key.length : STEP_SIZE;
}
