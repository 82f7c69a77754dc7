/**
 * The single writer: every commit passes here, in order, and the only lock in the project is that
 * one group of commits is on its way at a time.
 *
 * A group is prepared, written with one write, synced once, and then becomes visible in one
 * synchronous step. While one group syncs, the next gathers. What fails leaves memory as it was.
 */
import { OnewalError, StorageError } from '../errors.ts';
import { type Awaitable, runSync, type Task, wait } from '../fs/task.ts';
import type { WalWriter } from '../wal/wal-writer.ts';
import { announceCommits } from './announce.ts';
import { type Group, groupEnd, isDeletion, writeGroup } from './commit-group.ts';
import type { CommitRequest } from './commit-request.ts';
import type { Engine } from './engine.ts';
import { BLOCKING, type Manner, waitingManner } from './environment.ts';
import { isDiskFull, toStorageError } from './host-error.ts';
import { makeReserve, removeReserve } from './reserve.ts';
import { disable, rotate } from './rotation.ts';

export class CommitQueue {
  readonly #engine: Engine;
  readonly #waitingManner: Manner;
  #waiting: CommitRequest[] = [];
  #exclusive: (() => Promise<void>)[] = [];
  #inFlight: Group | undefined;
  #isRunning = false;
  /** A task that runs alone is waiting for the host. */
  #isAlone = false;
  #idle: (() => void)[] = [];
  /** Waited for before each group: whoever must slow writers down sets it. */
  beforeGroup: () => Awaitable<void> = () => undefined;
  afterGroup: () => void = () => undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#waitingManner = waitingManner(engine.environment);
  }

  submit(request: CommitRequest): void {
    this.#waiting.push(request);
    this.#start();
  }

  /** Runs `task` while no commit is on its way. */
  runAlone<T>(task: (manner: Manner) => Task<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#exclusive.push(async () => {
        await Promise.resolve(this.#waitingManner.run(task(this.#waitingManner))).then(
          resolve,
          reject,
        );
      });
      this.#start();
    });
  }

  /** The same, blocking. Overtakes a task that is waiting: see `rotate`. */
  runAloneNow<T>(task: (manner: Manner) => Task<T>): T {
    this.#settleInFlight();
    return runSync(task(BLOCKING));
  }

  /** Commits everything that waits, then `request`, before it returns. */
  submitNow(request: CommitRequest): void {
    this.#settleInFlight();
    this.#overtakeAlone();
    const requests = [...this.#takeAll(), request];
    for (let start = 0; start < requests.length; ) {
      const end = groupEnd(requests, start);
      runSync(this.#commit(requests.slice(start, end), BLOCKING));
      start = end;
    }
    this.#markWatermark();
    this.afterGroup();
  }

  /** Blocking: commits what waits, for a close. */
  settleNow(): void {
    this.#settleInFlight();
    this.#overtakeAlone();
    const requests = this.#takeAll();
    if (requests.length > 0) runSync(this.#commit(requests, BLOCKING));
  }

  /**
   * A rotation that is waiting has published how far the WAL counts: nothing may be written to that
   * WAL any more. So the blocking caller rotates in its place.
   */
  #overtakeAlone(): void {
    if (this.#isAlone && this.#engine.writer !== undefined) {
      runSync(rotate(this.#engine, BLOCKING));
    }
  }

  /** Resolves when nothing waits and nothing is on its way. */
  drain(): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    // What is submitted in this turn makes one group.
    void Promise.resolve().then(() => this.#run());
  }

  async #run(): Promise<void> {
    for (;;) {
      const alone = this.#exclusive.shift();
      if (alone !== undefined) {
        this.#isAlone = true;
        await alone();
        this.#isAlone = false;
      } else if (this.#waiting.length > 0) {
        await this.beforeGroup();
        await this.#commitNext();
      } else {
        break;
      }
    }
    this.#isRunning = false;
    this.#markWatermark();
    if (!this.#isRunning) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #commitNext(): Promise<void> {
    const end = groupEnd(this.#waiting, 0);
    const requests = this.#waiting.splice(0, end);
    if (requests.length === 0) return;
    await this.#waitingManner.run(this.#commit(requests, this.#waitingManner));
    this.afterGroup();
    // Those who were answered may have more: let them join the next group.
    if (requests.length > 1) await this.#engine.environment.pause();
  }

  #takeAll(): CommitRequest[] {
    return this.#waiting.splice(0);
  }

  *#commit(submitted: readonly CommitRequest[], manner: Manner): Task<void> {
    const { writer } = this.#engine;
    if (writer?.isPoisoned === true) yield* this.#heal(writer, manner);
    const requests = yield* this.#withReserve(submitted, manner);
    if (requests.length === 0) return;
    let group: Group | undefined;
    try {
      group = this.#begin(requests);
    } catch (error) {
      yield* this.#recoverWrite(requests, error, manner);
      return;
    }
    if (group === undefined) return;
    if (group.needsSync) yield* this.#sync(group, manner);
    else this.#finish(group);
  }

  /**
   * Without the reserve only deletions are taken, so that they never find the disk filled up by
   * what came before them.
   */
  *#withReserve(
    requests: readonly CommitRequest[],
    manner: Manner,
  ): Task<readonly CommitRequest[]> {
    const engine = this.#engine;
    if (engine.hasReserve || engine.failure !== undefined || requests.every(isDeletion)) {
      return requests;
    }
    const error = yield* makeReserve(engine, manner);
    if (engine.hasReserve) return requests;
    if (isDiskFull(error)) engine.counters.diskFullErrors++;
    const doing = 'there is no room for the reserve that deletions need';
    for (const request of requests) {
      if (!isDeletion(request)) request.reject(toStorageError(error, { doing, committed: 'no' }));
    }
    return requests.filter(isDeletion);
  }

  /** Throws what the write threw. */
  #begin(requests: readonly CommitRequest[]): Group | undefined {
    const writer = this.#writerFor(requests);
    return writer === undefined ? undefined : writeGroup(this.#engine, writer, requests);
  }

  /** Rejects the requests where there is nobody to write them. */
  #writerFor(requests: readonly CommitRequest[]): WalWriter | undefined {
    const engine = this.#engine;
    try {
      const writer = engine.requireWriter();
      if (engine.lock?.isLost !== true) return writer;
      throw engine.lockLost();
    } catch (error) {
      for (const request of requests) request.reject(error);
      return undefined;
    }
  }

  *#sync(group: Group, manner: Manner): Task<void> {
    this.#inFlight = group;
    try {
      yield* wait(manner.sync(group.writer.file));
    } catch (error) {
      group.writer.poison();
      yield* this.#fail(group, error, manner);
      return;
    } finally {
      this.#inFlight = undefined;
    }
    this.#finishSynced(group);
  }

  /** A blocking commit cannot wait for a sync that is under way: it syncs itself. */
  #settleInFlight(): void {
    const group = this.#inFlight;
    if (group === undefined) return;
    try {
      void BLOCKING.sync(group.writer.file);
    } catch (error) {
      group.writer.poison();
      runSync(this.#fail(group, error, BLOCKING));
      return;
    }
    this.#finishSynced(group);
  }

  #finishSynced(group: Group): void {
    if (group.isSettled) return;
    this.#engine.counters.syncs++;
    group.writer.markDurable(group.tip);
    if (this.#engine.lock?.isLost === true) this.#reject(group, this.#engine.lockLost('unknown'));
    else this.#finish(group);
  }

  /** The step in which the commits become visible. */
  #finish(group: Group): void {
    const engine = this.#engine;
    group.isSettled = true;
    // Snapshots may have changed since the group was prepared: a checkpoint writes meanwhile.
    const before = engine.state;
    const { frozen, snapshots } = before;
    engine.state = { ...group.draft.toState(), frozen, snapshots };
    engine.usage.absorb(group.draft.usage);
    engine.tokens.absorb(group.draft.tokens);
    engine.recent.append(group.commits);
    engine.chain = group.chain;
    engine.files.reached(group.writer.header.generation, group.draft.sequence);
    announceCommits(engine, group, before);
    const durableUpTo = group.writer.durable.sequence;
    for (const { request, sequence } of group.members) {
      request.resolve({ sequence, durable: sequence <= durableUpTo });
    }
    for (const refuse of group.refusals) refuse();
  }

  #reject(group: Group, error: OnewalError): void {
    group.isSettled = true;
    for (const { request } of group.members) request.reject(error);
    for (const refuse of group.refusals) refuse();
  }

  /** After a failed sync: the group is in doubt until a new generation leaves it out. */
  *#fail(group: Group, cause: unknown, manner: Manner): Task<void> {
    if (!group.isSettled) {
      this.#reject(
        group,
        new StorageError(
          'COMMIT_IN_DOUBT',
          'the sync failed: whether the commit is on the medium is not known until the store has ' +
            'moved to a new WAL, which leaves it out, or is opened again',
          { cause, committed: 'unknown', retryable: true },
        ),
      );
    }
    yield* this.#heal(group.writer, manner);
  }

  /** True when commits can go on, in a new generation. */
  *#heal(writer: WalWriter, manner: Manner): Task<boolean> {
    const engine = this.#engine;
    if (engine.writer !== writer) return true;
    try {
      yield* rotate(engine, manner);
      engine.report({ type: 'resolved', message: 'writes go on in a new WAL generation' });
      this.afterHeal();
      return true;
    } catch (error) {
      if (engine.writer === writer && engine.failure === undefined) {
        disable(engine, error as OnewalError);
      }
      return false;
    }
  }

  /** Called when the WAL was replaced because it is not trusted any more. */
  afterHeal: () => void = () => undefined;

  /** The write failed: undo it, say so, and let deletions use the reserve. */
  *#recoverWrite(requests: readonly CommitRequest[], cause: unknown, manner: Manner): Task<void> {
    const engine = this.#engine;
    if (cause instanceof OnewalError) {
      for (const request of requests) request.reject(cause);
      return;
    }
    const writer = engine.writer as WalWriter;
    const isUndone = yield* this.#undo(writer, manner);
    const isFull = isDiskFull(cause);
    if (isFull) engine.counters.diskFullErrors++;
    const again = isFull && isUndone && engine.hasReserve ? requests.filter(isDeletion) : [];
    for (const request of requests) {
      if (again.includes(request)) continue;
      request.reject(
        toStorageError(cause, {
          doing: 'the commit could not be written',
          committed: isUndone ? 'no' : 'unknown',
          writesDisabled: engine.failure !== undefined,
        }),
      );
    }
    if (again.length === 0) return;
    yield* removeReserve(engine);
    yield* this.#commit(again, manner);
  }

  /** True when nothing of the failed write can ever come back. */
  *#undo(writer: WalWriter, manner: Manner): Task<boolean> {
    const { tip } = writer;
    try {
      writer.cut();
      yield* wait(manner.sync(writer.file));
      writer.markDurable(tip);
      return true;
    } catch {
      writer.poison();
      return yield* this.#heal(writer, manner);
    }
  }

  /** Leaves word, on the way to rest, of how far the WAL is durable. */
  #markWatermark(): void {
    const { writer, failure } = this.#engine;
    if (writer === undefined || writer.isPoisoned || failure !== undefined) return;
    if (writer.durable.sequence <= writer.markedSequence) return;
    try {
      writer.stageSync();
      writer.writeStaged();
    } catch {
      this.#dropWatermark(writer);
    }
  }

  /** A Sync record is no promise: without it only a witness is missing. */
  #dropWatermark(writer: WalWriter): void {
    try {
      writer.cut();
    } catch {
      void this.runAlone((manner) => this.#heal(writer, manner));
    }
  }
}
