/** Begins transactions, and runs callbacks in them: again where somebody else came first. */
import { ConflictError, UsageError } from '../errors.ts';
import {
  type CheckedTransactionOptions,
  checkSignal,
  checkTransactionOptions,
  invalid,
  type TransactionOptions,
} from '../options.ts';
import type { Committer } from '../store/committer.ts';
import type { Engine } from '../store/engine.ts';
import { KeyLocks } from './key-locks.ts';
import { Transaction } from './transaction.ts';

export class Transactions {
  readonly #engine: Engine;
  readonly #committer: Committer;
  readonly #locks = new KeyLocks();
  #nextId = 1;
  /** A callback is running in this very moment: what is called now is called by it. */
  #isCalling = false;

  constructor(engine: Engine, committer: Committer) {
    this.#engine = engine;
    this.#committer = committer;
  }

  /** Throws CLOSED, INVALID_ARGUMENT, NESTED_TRANSACTION. */
  begin(options?: TransactionOptions): Transaction {
    return this.#begin(checkTransactionOptions(options), 'waiting');
  }

  /** For a close: nobody waits for a lock any more. */
  stopWaiting(): void {
    const error = new UsageError('CLOSED', 'the store is closed: open it again');
    for (const fail of [...this.#locks.onStop]) fail(error);
  }

  /** As `Store.transaction` says. */
  async run<T>(
    callback: (transaction: Transaction, attempt: number) => T | Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    const checked = checkTransactionOptions(options);
    let born: number | undefined;
    for (let attempt = 1; ; attempt++) {
      checkSignal(checked.signal);
      const transaction = this.#begin(checked, 'waiting', born);
      born ??= transaction.id;
      try {
        const value = await this.#call(() => callback(transaction, attempt));
        await transaction.settle();
        return value;
      } catch (error) {
        dropOpen(transaction);
        if (!isWorthAnother(error, { attempt, checked, transaction })) throw error;
      }
      // Those who contend may leave no other turn of the event loop to anybody.
      await this.#engine.environment.pause();
    }
  }

  /** As `Store.transactionSync` says. */
  runSync<T>(
    callback: (transaction: Transaction, attempt: number) => T,
    options?: TransactionOptions,
  ): T {
    const checked = checkTransactionOptions(options);
    for (let attempt = 1; ; attempt++) {
      checkSignal(checked.signal);
      const transaction = this.#begin(checked, 'blocking');
      try {
        const value = this.#call(() => callback(transaction, attempt));
        requireNoPromise(value);
        if (transaction.state === 'open') transaction.commitSync();
        return value;
      } catch (error) {
        dropOpen(transaction);
        if (!isWorthAnother(error, { attempt, checked, transaction })) throw error;
      }
    }
  }

  #begin(
    options: CheckedTransactionOptions,
    manner: 'waiting' | 'blocking',
    born = this.#nextId,
  ): Transaction {
    this.#engine.requireOpen();
    if (this.#isCalling) {
      throw new UsageError(
        'NESTED_TRANSACTION',
        'the callback of a transaction of this store is running: use that transaction, and its ' +
          'savepoints for what may have to be undone',
      );
    }
    const [engine, committer, locks] = [this.#engine, this.#committer, this.#locks];
    const parts = { engine, committer, locks, isBlocking: manner === 'blocking', born };
    return new Transaction({ ...parts, id: this.#nextId++ }, options);
  }

  #call<T>(callback: () => T): T {
    this.#isCalling = true;
    try {
      return callback();
    } finally {
      this.#isCalling = false;
    }
  }
}

function dropOpen(transaction: Transaction): void {
  if (transaction.state === 'open') transaction.abort();
}

function isWorthAnother(
  error: unknown,
  run: {
    readonly attempt: number;
    readonly checked: CheckedTransactionOptions;
    readonly transaction: Transaction;
  },
): boolean {
  // What the callback has committed itself must not be done twice.
  const isUndone = run.transaction.state === 'aborted';
  return isUndone && error instanceof ConflictError && run.attempt <= run.checked.maxRetries;
}

function requireNoPromise(value: unknown): void {
  if (typeof (value as { then?: unknown } | null | undefined)?.then !== 'function') return;
  throw invalid('the callback of transactionSync returned a promise: use transaction');
}
