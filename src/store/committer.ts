/** Hands writes to the queue: with a promise, or blocking until they are committed. */
import { cannotBlock } from '../fs/task.ts';
import { checkDurability, checkToken, type WriteOptions } from '../options.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Commit, CommitRequest, Precondition } from './commit-request.ts';
import type { Engine } from './engine.ts';
import { type PendingWrite, pendingSize, requireCommitSize } from './pending-write.ts';

export class Committer {
  readonly #engine: Engine;
  readonly #queue: CommitQueue;
  readonly #makeRoomNow: () => void;

  constructor(engine: Engine, queue: CommitQueue, makeRoomNow: () => void) {
    this.#engine = engine;
    this.#queue = queue;
    this.#makeRoomNow = makeRoomNow;
  }

  commit(
    writes: readonly PendingWrite[],
    options?: WriteOptions,
    precondition?: Precondition,
  ): Promise<Commit> {
    return new Promise((resolve, reject) => {
      this.#queue.submit(this.#request(writes, options, { precondition, resolve, reject }));
    });
  }

  commitSync(
    writes: readonly PendingWrite[],
    options?: WriteOptions,
    precondition?: Precondition,
  ): Commit {
    this.#engine.listeners.requireOutside();
    this.#requireBlockingHost();
    const outcome: { commit?: Commit; error?: { readonly cause: unknown } } = {};
    const request = this.#request(writes, options, {
      precondition,
      resolve: (commit) => {
        outcome.commit = commit;
      },
      reject: (cause) => {
        outcome.error = { cause };
      },
    });
    this.#makeRoomNow();
    this.#queue.submitNow(request);
    if (outcome.error !== undefined) throw outcome.error.cause;
    return outcome.commit as Commit;
  }

  /** Before anything is written: a commit that could not be synced would be in doubt. */
  #requireBlockingHost(): void {
    this.#engine.requireOpen();
    if (this.#engine.requireWriter().file.syncNow === undefined) throw cannotBlock();
  }

  /** Throws CLOSED, READ_ONLY, LOCK_LOST, WRITES_DISABLED, LIMIT, INVALID_ARGUMENT. */
  #request(
    writes: readonly PendingWrite[],
    options: WriteOptions | undefined,
    answer: Pick<CommitRequest, 'precondition' | 'resolve' | 'reject'>,
  ): CommitRequest {
    this.#engine.requireOpen();
    this.#engine.requireWriter();
    const size = pendingSize(writes);
    requireCommitSize(size);
    const durability = checkDurability(options?.durability ?? this.#engine.options.durability);
    const request = { writes, durability, size, ...answer };
    if (options?.token === undefined) return request;
    const token = checkToken(options.token);
    return { ...request, token, ...this.#engine.outcomes.watch(token, answer) };
  }
}
