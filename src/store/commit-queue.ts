/**
 * The single writer: every commit passes here, in order, and the only lock in the project is that
 * one group of commits is on its way at a time.
 *
 * A group is prepared, written with one write, synced once, and then becomes visible in one
 * synchronous step. While one group syncs, the next gathers. What fails leaves memory as it was.
 */
import { OnewalError, StorageError } from '../errors.ts';
import { type Awaitable, runSync, type Task } from '../fs/task.ts';
import type { WalWriter } from '../wal/wal-writer.ts';
import { announceCommits } from './announce.ts';
import {
  acceptable,
  type Group,
  groupEnd,
  isDeletion,
  prepareGroup,
  writeGroup,
} from './commit-group.ts';
import type { CommitRequest } from './commit-request.ts';
import type { Engine } from './engine.ts';
import { BLOCKING, type Manner, waitingManner } from './environment.ts';
import { isDiskFull, notCommitted, toStorageError } from './host-error.ts';
import { leaveWord } from './leave-word.ts';
import { makeReserve, removeReserve } from './reserve.ts';
import { rotate } from './rotation.ts';

/** A group whose write failed: to be answered when it is undone. */
interface FailedWrite {
  readonly group: Group;
  readonly cause: unknown;
}

/** Bytes that are committed, at most, before other work of the event loop has a turn. */
const TURN_SIZE = 64 << 10;

export class CommitQueue {
  readonly #engine: Engine;
  readonly #waitingManner: Manner;
  #waiting: CommitRequest[] = [];
  #exclusive: (() => Promise<void>)[] = [];
  #inFlight: Group | undefined;
  #failedWrite: FailedWrite | undefined;
  #isRunning = false;
  /** A task that runs alone is waiting for the host; the WAL was this one when it began. */
  #aloneWith: WalWriter | undefined;
  #idle: (() => void)[] = [];
  #onAlone: () => void = () => undefined;
  #sizeSincePause = 0;
  /**
   * Waited for before each group: whoever must slow writers down sets it. Asked anew when somebody
   * has run alone meanwhile.
   */
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
      this.#onAlone();
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
    this.#waiting.push(request);
    try {
      this.settleNow();
    } catch (error) {
      this.#withdraw(request, error);
      return;
    }
    this.leaveWord();
    this.afterGroup();
  }

  /** Blocking: commits what waits. */
  settleNow(): void {
    this.#settleInFlight();
    this.#overtakeAlone();
    while (this.#waiting.length > 0) runSync(this.#commitNext(BLOCKING));
  }

  /** What has not been taken from the line yet must not be committed behind the caller's back. */
  #withdraw(request: CommitRequest, error: unknown): void {
    const place = this.#waiting.indexOf(request);
    if (place < 0) throw error;
    this.#waiting.splice(place, 1);
    request.reject(notCommitted(error));
  }

  /** For a blocking close that could not commit what waits. */
  refuseAll(error: unknown): void {
    for (const request of this.#waiting.splice(0)) request.reject(notCommitted(error));
  }

  /**
   * A rotation that is waiting has published how far the WAL counts: nothing may be written to that
   * WAL any more. So the blocking caller rotates in its place, once: of any later WAL the rotation
   * has published nothing.
   */
  #overtakeAlone(): void {
    if (this.#aloneWith !== undefined && this.#aloneWith === this.#engine.writer) {
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
        this.#aloneWith = this.#engine.writer;
        await alone();
        this.#aloneWith = undefined;
      } else if (this.#waiting.length > 0) {
        await this.#turnOfGroup();
        if (this.#exclusive.length === 0) await this.#runGroup();
      } else {
        break;
      }
    }
    this.#isRunning = false;
    this.leaveWord();
    if (!this.#isRunning) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when a group may come, or somebody who wants to run alone. */
  #turnOfGroup(): Awaitable<void> {
    const room = this.beforeGroup();
    if (!(room instanceof Promise)) return room;
    return new Promise((resolve) => {
      this.#onAlone = resolve;
      void room.then(resolve);
    });
  }

  /**
   * Those who were answered may have more: let them join the next group. And one who makes buffered
   * commits one after the other waits for nothing that the host does: let others have the thread.
   */
  async #runGroup(): Promise<void> {
    const { counters } = this.#engine;
    const { walBytes } = counters;
    const count = await this.#waitingManner.run(this.#commitNext(this.#waitingManner));
    this.afterGroup();
    this.#sizeSincePause += counters.walBytes - walBytes;
    if (count <= 1 && this.#sizeSincePause < TURN_SIZE) return;
    this.#sizeSincePause = 0;
    await this.#engine.environment.pause();
  }

  /**
   * Commits the next group; returns how many requests were in it. They stay in line until they are
   * written, so that a blocking commit that comes in between finds them before it.
   */
  *#commitNext(manner: Manner): Task<number> {
    const { writer } = this.#engine;
    if (writer?.isPoisoned === true) yield* this.#heal(writer, manner);
    const error = this.#lacksReserve ? yield* this.#makeReserve(manner) : undefined;
    // Somebody blocking may have used it up at once: look again.
    if (error === undefined && this.#lacksReserve) return 0;
    const requests = acceptable(this.#takeGroup(), error);
    if (requests.length === 0) return 0;
    const writerNow = this.#writerFor(requests);
    if (writerNow === undefined) return 0;
    const group = prepareGroup(this.#engine, writerNow, requests);
    try {
      writeGroup(this.#engine, group);
    } catch (error) {
      yield* this.#recoverWrite(group, error, manner);
      return requests.length;
    }
    if (group.needsSync) yield* this.#sync(group, manner);
    else this.#finish(group);
    return requests.length;
  }

  #takeGroup(): readonly CommitRequest[] {
    const { hasReserve } = this.#engine;
    return this.#waiting.splice(0, groupEnd(this.#waiting, { hasReserve }));
  }

  /** Deletions that are first in line may have been given its room: it is not made before them. */
  get #lacksReserve(): boolean {
    const { hasReserve, failure } = this.#engine;
    const [first] = this.#waiting;
    return !hasReserve && failure === undefined && first !== undefined && !isDeletion(first);
  }

  *#makeReserve(manner: Manner): Task<unknown> {
    const error = yield* makeReserve(this.#engine, manner);
    if (isDiskFull(error)) this.#engine.counters.diskFullErrors++;
    return error;
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
    if (!manner.isBlocking) this.#inFlight = group;
    try {
      yield* group.writer.syncUpTo(group.tip, manner.sync);
    } catch (error) {
      group.writer.poison();
      yield* this.#fail(group, error, manner);
      return;
    } finally {
      if (!manner.isBlocking) this.#inFlight = undefined;
    }
    this.#finishSynced(group);
  }

  /** A blocking commit cannot wait for a sync that is under way: it does what is left itself. */
  #settleInFlight(): void {
    if (this.#failedWrite !== undefined) runSync(this.#undo(this.#failedWrite, BLOCKING));
    const group = this.#inFlight;
    if (group !== undefined && !group.isSettled) runSync(this.#sync(group, BLOCKING));
  }

  #finishSynced(group: Group): void {
    if (group.isSettled) return;
    this.#engine.counters.syncs++;
    this.#finish(group);
  }

  /** The step in which the commits become visible, unless the lock was lost on the way to it. */
  #finish(group: Group): void {
    const engine = this.#engine;
    if (engine.lock?.isLost) return void this.#reject(group, engine.lockLost('unknown'));
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
    for (const { request, error } of group.refused) request.reject(error);
  }

  #reject(group: Group, error: OnewalError): void {
    group.isSettled = true;
    for (const { request } of group.members) request.reject(error);
    this.#putBack(group.refused.map(({ request }) => request));
  }

  /** First in line again. There may be more of them than a call takes arguments. */
  #putBack(requests: readonly CommitRequest[]): void {
    this.#waiting = [...requests, ...this.#waiting];
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
    } catch {
      // The rotation has disabled writes, unless somebody else has gone on or the store is closed.
      return false;
    }
  }

  /** Called when the WAL was replaced because it is not trusted any more. */
  afterHeal: () => void = () => undefined;

  /** The write failed: undo it, say so, and let deletions use the reserve. */
  *#recoverWrite(group: Group, cause: unknown, manner: Manner): Task<void> {
    if (cause instanceof OnewalError) {
      this.#reject(group, cause);
      return;
    }
    this.#failedWrite = { group, cause };
    yield* this.#undo(this.#failedWrite, manner);
  }

  /** Blocking work may come in between, and do the same first. */
  *#undo(failed: FailedWrite, manner: Manner): Task<void> {
    const isUndone = yield* this.#cut(failed.group.writer, manner);
    if (failed.group.isSettled) return;
    failed.group.isSettled = true;
    this.#failedWrite = undefined;
    yield* this.#answer(failed, isUndone);
  }

  *#answer({ group, cause }: FailedWrite, isUndone: boolean): Task<void> {
    const engine = this.#engine;
    const isFull = isDiskFull(cause);
    if (isFull) engine.counters.diskFullErrors++;
    const isReserveFree = isFull && isUndone && engine.hasReserve;
    const again: CommitRequest[] = [];
    for (const { request } of group.members) {
      if (isReserveFree && isDeletion(request)) again.push(request);
      else {
        request.reject(
          toStorageError(cause, {
            doing: 'the commit could not be written',
            committed: isUndone ? 'no' : 'unknown',
            writesDisabled: engine.failure !== undefined,
          }),
        );
      }
    }
    this.#putBack([...again, ...group.refused.map(({ request }) => request)]);
    if (again.length > 0) yield* removeReserve(engine);
  }

  /** True when nothing of the failed write can ever come back. */
  *#cut(writer: WalWriter, manner: Manner): Task<boolean> {
    if (writer.isPoisoned) return yield* this.#heal(writer, manner);
    const { tip } = writer;
    try {
      writer.cut();
      yield* writer.syncUpTo(tip, manner.sync);
      return true;
    } catch {
      writer.poison();
      return yield* this.#heal(writer, manner);
    }
  }

  leaveWord(): void {
    leaveWord(this.#engine, (writer) => {
      void this.runAlone((manner) => this.#heal(writer, manner));
    });
  }
}
