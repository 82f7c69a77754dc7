/** One transaction, with somebody else's write in between: what it shows, and whether it commits. */
import type { ErrorCode } from '../../src/errors.ts';
import type { Transaction } from '../../src/transaction/transaction.ts';
import { FaultError, requireSame } from '../oracles/errors.ts';
import { KEY_COUNT, MAPS, type PlainStore, type PlainWrite } from './plain-store.ts';
import { codeOf, type Program, rangeOf, valueIn } from './program.ts';

const STEP_COUNT_MAX = 8;

export function runTransaction(program: Program): void {
  const isolation = program.recipe.choose(['serializable', 'snapshot'] as const);
  const steps = new TransactionSteps(program, program.store.begin({ isolation }), isolation);
  steps.run();
}

class TransactionSteps {
  readonly #program: Program;
  readonly #transaction: Transaction;
  readonly #isSerializable: boolean;
  #seen: PlainStore;
  #writes: PlainWrite[] = [];
  /** One that writes nothing syncs nothing either. */
  #isDurable = false;
  /** Places that it has read, as `map key`. */
  readonly #read = new Set<string>();

  constructor(program: Program, transaction: Transaction, isolation: 'serializable' | 'snapshot') {
    this.#program = program;
    this.#transaction = transaction;
    this.#isSerializable = isolation === 'serializable';
    this.#seen = program.model.fork();
  }

  run(): void {
    const { recipe } = this.#program;
    for (let left = recipe.below(STEP_COUNT_MAX); left > 0; left--) this.#step();
    const other = recipe.below(3) === 0 ? undefined : this.#writeOfAnother();
    if (recipe.below(6) === 0) this.#transaction.abort();
    else this.#commit(other);
  }

  #step(): void {
    const { recipe } = this.#program;
    const kind = recipe.below(8);
    if (kind === 0) this.#count();
    else if (kind < 3) this.#get();
    else if (kind === 3) this.#rollBack();
    else this.#write(this.#program.write());
  }

  #write(write: PlainWrite): void {
    const map = this.#transaction.map(this.#program.map(write.map));
    const { key } = MAPS[write.map] as (typeof MAPS)[number];
    if (write.type === 'put') map.put(key(write.key), valueIn(write));
    else if (write.type === 'remove') map.remove(key(write.key));
    else map.clear(rangeOf(write));
    this.#seen.apply(write);
    this.#writes.push(write);
  }

  #get(): void {
    const { recipe } = this.#program;
    const map = recipe.below(MAPS.length);
    const key = recipe.below(KEY_COUNT);
    const plain = MAPS[map] as (typeof MAPS)[number];
    const isThere = this.#transaction.map(this.#program.map(map)).has(plain.key(key));
    requireSame(isThere, this.#seen.get(map, key) !== undefined, 'a key in a transaction');
    this.#read.add(`${map} ${key}`);
  }

  #count(): void {
    const map = this.#program.recipe.below(MAPS.length);
    const range = this.#program.range();
    const count = this.#transaction
      .map(this.#program.map(map))
      .getCount(rangeOf({ map, ...range }));
    requireSame(count, this.#seen.count(map, range.start, range.end), 'a count in a transaction');
    for (let key = range.start; key < range.end; key++) this.#read.add(`${map} ${key}`);
  }

  #rollBack(): void {
    const { recipe } = this.#program;
    const savepoint = this.#transaction.savepoint();
    const [seen, writes] = [this.#seen.fork(), [...this.#writes]];
    for (let left = recipe.below(3); left > 0; left--) this.#write(this.#program.write());
    if (recipe.below(2) === 0) return;
    this.#transaction.rollbackTo(savepoint);
    this.#seen = seen;
    this.#writes = writes;
  }

  /** A put of a fresh value changes something for sure; undefined where the quota forbade it. */
  #writeOfAnother(): (PlainWrite & { readonly type: 'put' }) | undefined {
    const { recipe } = this.#program;
    const map = recipe.below(MAPS.length);
    const key = recipe.below(KEY_COUNT);
    const value = ((this.#program.model.get(map, key) ?? 0) + 1) % 40;
    const write = { type: 'put', map, key, value } as const;
    const plain = MAPS[map] as (typeof MAPS)[number];
    const put = () =>
      codeOf(() => this.#program.map(map).putSync(plain.key(key), plain.value(value)));
    const isDone = this.#program.commit([write], put);
    if (isDone) this.#program.noteSynced();
    return isDone ? write : undefined;
  }

  #commit(other: (PlainWrite & { readonly type: 'put' }) | undefined): void {
    const isRead = other !== undefined && this.#read.has(`${other.map} ${other.key}`);
    const touching = other === undefined ? [] : this.#writes.filter((write) => meets(write, other));
    const isPut = touching.some(({ type }) => type === 'put');
    const mustConflict = isPut || (isRead && this.#isSerializable && this.#hasChanges);
    const mayConflict = touching.length > 0 || (isRead && this.#isSerializable);
    if (mustConflict) requireSame(this.#tryCommit(), 'CONFLICT', 'a commit after another');
    else if (!mayConflict) this.#succeed(() => this.#tryCommit());
    else this.#commitPerhaps();
  }

  #commitPerhaps(): void {
    const code = this.#tryCommit();
    if (code !== 'CONFLICT') this.#succeed(() => code);
  }

  #tryCommit(): ErrorCode | undefined {
    return codeOf(() => {
      this.#isDurable = this.#transaction.commitSync().durable;
    });
  }

  #succeed(commit: () => ErrorCode | undefined): void {
    const isDone = this.#program.commit(this.#writes, commit);
    if (isDone && this.#isDurable) this.#program.noteSynced();
    const { state } = this.#transaction;
    if (state === 'open') throw new FaultError('a transaction is open after its commit');
  }

  /** It changes the state that it has seen for sure. */
  get #hasChanges(): boolean {
    return this.#writes.some(({ type }) => type === 'put');
  }
}

function meets(write: PlainWrite, other: { readonly map: number; readonly key: number }): boolean {
  if (write.map !== other.map) return false;
  if (write.type === 'clear') return other.key >= write.start && other.key < write.end;
  return write.key === other.key;
}
