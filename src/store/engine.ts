/**
 * What an open store consists of. Plain fields that the files of this room share: commit-queue.ts
 * moves the state forward, rotation.ts replaces the writer, checkpoint.ts and compaction.ts the
 * snapshots. Nobody else changes anything here.
 */
import {
  type Committed,
  LimitError,
  type LockedError,
  type OnewalError,
  StorageError,
  UsageError,
} from '../errors.ts';
import type { Lock } from '../fs/file-system.ts';
import type { CheckedOptions, StoreEvent } from '../options.ts';
import type { BlockCache } from '../snapshot/block-cache.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import type { WalWriter } from '../wal/wal-writer.ts';
import type { State } from './draft.ts';
import type { Environment } from './environment.ts';
import { type FencedFiles, isClosedMeanwhile, lockLost } from './fenced-files.ts';
import { GENERATION_MAX } from './file-names.ts';
import { FileRegister } from './file-register.ts';
import { HeldStates } from './held-states.ts';
import { Listeners } from './listeners.ts';
import { Outcomes } from './outcomes.ts';
import type { MapTarget } from './pending-write.ts';
import type { MapCodecs } from './reads.ts';
import { RecentCommits } from './recent-commits.ts';
import type { Recovered, RecoveryReport } from './recovered.ts';
import { SnapshotHandles } from './snapshot-handles.ts';
import type { TokenTable } from './tokens.ts';
import type { UsageTable } from './usage.ts';

/** Counted since the open. */
export interface Counters {
  commits: number;
  syncs: number;
  groups: number;
  largestGroup: number;
  walBytes: number;
  checkpoints: number;
  compactions: number;
  snapshotBytes: number;
  diskFullErrors: number;
}

export class Engine {
  readonly fs: FencedFiles;
  readonly options: CheckedOptions;
  readonly environment: Environment;
  readonly cache: BlockCache;
  readonly store: Uint8Array;
  /** Whether the open has created the store. */
  readonly isNew: boolean;
  readonly recovery: RecoveryReport;
  readonly lock: Lock | undefined;
  readonly files = new FileRegister();
  /** Snapshots that are being written: nobody may take one for finished. */
  readonly unfinished = new Set<string>();
  readonly handles = new SnapshotHandles();
  readonly held = new HeldStates(({ holder, state }) =>
    this.report({
      type: 'error',
      message: `a ${holder} of commit ${state.sequence} was dropped without being ended: end it`,
    }),
  );
  readonly counters: Counters = {
    commits: 0,
    syncs: 0,
    groups: 0,
    largestGroup: 0,
    walBytes: 0,
    checkpoints: 0,
    compactions: 0,
    snapshotBytes: 0,
    diskFullErrors: 0,
  };
  readonly recent = new RecentCommits();
  readonly listeners = new Listeners((error, { type }) => {
    const failure: StoreEvent = { type: 'error', message: `a listener of ${type} failed`, error };
    // Listeners of errors that fail are not told of their own failure: that would have no end.
    if (type === 'error') this.#log(failure);
    else this.report(failure);
  });
  /** How the keys and values of a map are read, as far as it is known. */
  codecsOf: (target: MapTarget) => MapCodecs<unknown, unknown> | undefined = () => undefined;
  /** What readers see. Replaced as a whole, in one synchronous step. */
  state: State;
  /** Of `state`. */
  readonly usage: UsageTable;
  readonly tokens: TokenTable;
  readonly outcomes = new Outcomes(() => this.writer);
  /** Undefined where the store is read-only. */
  writer: WalWriter | undefined;
  nextGeneration: number;
  /** The chain hash of the last visible commit. */
  chain: Uint8Array;
  /** Why nothing can be written any more; reads go on. */
  failure: OnewalError | undefined;
  status: 'open' | 'closing' | 'closed' = 'open';
  hasReserve = false;

  constructor(parts: {
    readonly fs: FencedFiles;
    readonly options: CheckedOptions;
    readonly environment: Environment;
    readonly cache: BlockCache;
    readonly lock: Lock | undefined;
    readonly recovered: Recovered;
  }) {
    const { recovered } = parts;
    this.fs = parts.fs;
    this.options = parts.options;
    this.environment = parts.environment;
    this.cache = parts.cache;
    this.lock = parts.lock;
    this.isNew = recovered.isNew;
    this.recovery = recovered.report;
    this.store = recovered.store;
    this.state = recovered.state;
    this.usage = recovered.usage;
    this.tokens = recovered.tokens;
    this.nextGeneration = recovered.nextGeneration;
    this.chain = recovered.chain;
  }

  get manifest(): SnapshotReader | undefined {
    return this.state.snapshots[0];
  }

  /** Throws LIMIT. */
  takeGeneration(): number {
    this.requireGeneration();
    return this.nextGeneration++;
  }

  /** Throws LIMIT when no file can be named any more. */
  requireGeneration(): void {
    if (this.nextGeneration <= GENERATION_MAX) return;
    throw new LimitError(
      `a file bears the generation ${this.nextGeneration - 1}, and the highest is ${GENERATION_MAX}: ` +
        'if it is not of this store, move it out of the directory',
    );
  }

  /** Throws CLOSED. */
  requireOpen(): void {
    if (this.status === 'open') return;
    throw new UsageError('CLOSED', 'the store is closed: open it again');
  }

  /** The writer, if writes are possible. Throws CLOSED, READ_ONLY, LOCK_LOST, WRITES_DISABLED. */
  requireWriter(): WalWriter {
    if (this.status === 'closed') this.requireOpen();
    if (this.writer === undefined) {
      throw new UsageError('READ_ONLY', 'the store was opened for reading only', {
        committed: 'no',
      });
    }
    if (this.failure !== undefined) throw writesDisabled(this.failure);
    return this.writer;
  }

  lockLost(committed: Committed = 'no'): LockedError {
    return lockLost(this.lock, committed);
  }

  report(event: StoreEvent): void {
    // Work that a blocking close has overtaken finds all its files closed: that is no news.
    if (this.status === 'closed' && isClosedMeanwhile(event.error)) return;
    this.#log(event);
    this.listeners.fire(event);
  }

  #log(event: StoreEvent): void {
    try {
      this.options.logger(event);
    } catch {
      // A logger that fails must not decide what happens to the store.
    }
  }
}

function writesDisabled(failure: OnewalError): OnewalError {
  if (failure.code === 'LOCK_LOST') return failure;
  return new StorageError(
    'WRITES_DISABLED',
    `writes are disabled, reads go on: ${failure.message}. Call resume() when the cause is gone`,
    { cause: failure, committed: 'no', writesDisabled: true, retryable: true },
  );
}
