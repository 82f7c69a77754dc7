/**
 * The life of an open: lock, recover, keep evidence, publish a new generation. Until it publishes,
 * nothing is changed on disk; if it fails, the lock is released and nothing stays open.
 */
import { toHex } from '../bytes/bytes.ts';
import { checksumReady } from '../bytes/checksum.ts';
import { CorruptionError, LockedError, refusalOf } from '../errors.ts';
import type { FileSystem, Lock } from '../fs/file-system.ts';
import { type Task, wait } from '../fs/task.ts';
import { type CheckedOptions, checkSignal } from '../options.ts';
import { BlockCache } from '../snapshot/block-cache.ts';
import { CommitQueue } from './commit-queue.ts';
import { Engine } from './engine.ts';
import type { Environment, Manner } from './environment.ts';
import { FencedFiles } from './fenced-files.ts';
import { walName } from './file-names.ts';
import { startGeneration } from './generation.ts';
import { leaveHead } from './head.ts';
import { isDiskFull, isMissing, toStorageError } from './host-error.ts';
import { encodeLoss } from './loss.ts';
import { Maintenance } from './maintenance.ts';
import { keepEvidence } from './quarantine.ts';
import { MovingStoreError, type RecoverParts, recover } from './recover.ts';
import type { Recovered } from './recovered.ts';
import { makeReserve, removeReserve } from './reserve.ts';

export interface OpenStore {
  readonly engine: Engine;
  readonly queue: CommitQueue;
  readonly maintenance: Maintenance;
}

/**
 * An open that finds more WALs to replay than the first, or more WALs at all than the second, writes
 * a checkpoint and removes what is superseded: so short sessions do not pile up.
 */
const REPLAYED_WAL_COUNT_MAX = 4;
const WAL_COUNT_MAX = 8;
/** A reader beside a writer tries so often when files vanish between listing and opening them. */
const VANISHED_RETRY_COUNT = 8;
const LOCK_RETRY_INTERVAL_MIN_MS = 20;
const LOCK_RETRY_INTERVAL_MAX_MS = 250;

export interface OpenParts {
  readonly fs: FencedFiles;
  readonly options: CheckedOptions;
  readonly environment: Environment;
  readonly manner: Manner;
}

/** Throws as `Store.open` says. */
export function* openStore(
  asked: Omit<OpenParts, 'fs'> & { readonly fs: FileSystem },
): Task<OpenStore> {
  const parts = { ...asked, fs: new FencedFiles(asked.fs) };
  let lock: Lock | undefined;
  try {
    if (!parts.options.readOnly) lock = yield* takeLock(parts);
    return yield* openLocked(parts, lock);
  } catch (error) {
    parts.fs.shut();
    yield* releaseAfterFailure(lock);
    throw toStorageError(error, {
      doing: `the store at ${parts.fs.facts.location} could not be opened`,
    });
  }
}

function* releaseAfterFailure(lock: Lock | undefined): Task<void> {
  try {
    if (lock !== undefined) yield* wait(lock.release());
  } catch {
    // What failed first says more; the next open meets LOCKED.
  }
}

function* takeLock({ fs, options, environment, manner }: OpenParts): Task<Lock> {
  let waited = 0;
  for (;;) {
    checkSignal(options.signal);
    try {
      return yield* wait(fs.lock());
    } catch (error) {
      const canWait = error instanceof LockedError && waited < options.lockTimeout;
      if (!canWait || manner.isBlocking) {
        throw toStorageError(error, { doing: 'the lock could not be taken' });
      }
    }
    const interval = Math.min(lockRetryInterval(waited), options.lockTimeout - waited);
    yield environment.sleep(interval);
    waited += interval;
  }
}

/** Very many who wait would leave the owner no time: who has waited for long can wait on. */
function lockRetryInterval(waited: number): number {
  return Math.min(LOCK_RETRY_INTERVAL_MAX_MS, Math.max(LOCK_RETRY_INTERVAL_MIN_MS, waited >> 3));
}

function* openLocked(parts: OpenParts, lock: Lock | undefined): Task<OpenStore> {
  const { fs, options, environment, manner } = parts;
  // A caller who reads in a loop would never let it come, and read a tenth as fast.
  if (!manner.isBlocking) yield* wait(checksumReady);
  const cache = new BlockCache(options.cacheBytes);
  const recovered = yield* recoverPatiently({ fs, options, environment, manner, cache });
  try {
    checkAge(recovered, options);
    const engine = new Engine({ fs, options, environment, cache, lock, recovered });
    const queue = new CommitQueue(engine);
    const maintenance = new Maintenance(engine, queue);
    register(engine, recovered);
    if (lock !== undefined) {
      yield* publish({ engine, recovered, maintenance, manner });
      lock.onLost((cause) => loseLock(engine, cause));
    }
    announce(engine, recovered);
    maintenance.startFolds();
    return { engine, queue, maintenance };
  } catch (error) {
    for (const reader of recovered.state.snapshots) reader.close();
    throw error;
  }
}

function* recoverPatiently(parts: Omit<RecoverParts, 'onGap'>): Task<Recovered> {
  for (let attempt = 1; ; attempt++) {
    checkSignal(parts.options.signal);
    try {
      const isLast = attempt === VANISHED_RETRY_COUNT || !parts.options.readOnly;
      return yield* recover({ ...parts, onGap: isLast ? 'judge' : 'try again' });
    } catch (error) {
      const isMoving = isMissing(error) || error instanceof MovingStoreError;
      if (!isMoving || !parts.options.readOnly || attempt === VANISHED_RETRY_COUNT) throw error;
    }
    yield* wait(parts.manner.pause());
  }
}

/** Throws ROLLED_BACK. */
function checkAge(recovered: Recovered, options: CheckedOptions): void {
  const { expectAtLeast } = options;
  if (expectAtLeast === undefined) return;
  const { sequence } = recovered.state;
  const isOlder = sequence < expectAtLeast.sequence;
  const isOther =
    sequence === expectAtLeast.sequence &&
    expectAtLeast.chain !== undefined &&
    expectAtLeast.chain !== toHex(recovered.chain);
  if (!isOlder && !isOther) return;
  const found = isOlder ? `ends at commit ${sequence}` : 'has another history';
  throw new CorruptionError(
    'ROLLED_BACK',
    `the store ${found}, where commit ${expectAtLeast.sequence} was expected: it was restored from ` +
      'an older copy, or its newest files are gone. Nothing was changed',
    {
      report: refusalOf(
        { file: '', offset: 0, reason: `the store ${found}` },
        { firstLost: sequence + 1, lastSeen: expectAtLeast.sequence },
      ),
    },
  );
}

function register(engine: Engine, recovered: Recovered): void {
  const { files } = engine;
  for (const name of [...recovered.names, ...recovered.headNames]) files.addName(name);
  for (const wal of recovered.wals) files.addWal({ ...wal });
  files.setBase(recovered.state.snapshots);
  files.forgetPrevious();
  engine.hasReserve = recovered.hasReserve;
  for (const reader of recovered.state.snapshots) engine.handles.watch(reader);
}

interface Publication {
  readonly engine: Engine;
  readonly recovered: Recovered;
  readonly maintenance: Maintenance;
  readonly manner: Manner;
}

function* publish({ engine, recovered, maintenance, manner }: Publication): Task<void> {
  engine.requireGeneration();
  const loss = yield* keepEvidence(engine, recovered, manner);
  engine.state = { ...engine.state, loss };
  if (!recovered.isBaseNamed) yield* syncBase(engine, manner);
  if (recovered.needsSnapshot) yield* maintenance.writeStateAtOpen(manner);
  const writer = yield* startOnFullDisk(engine, () =>
    startGeneration(
      engine.fs,
      {
        store: engine.store,
        generation: engine.takeGeneration(),
        key: engine.environment.randomBytes(32),
        predecessor: recovered.predecessor,
        logAgain: recovered.logAgain,
        commitChain: recovered.chain,
        snapshot: engine.manifest?.footer.generation,
        loss: encodeLoss(loss),
      },
      manner,
    ),
  );
  engine.writer = writer;
  engine.files.addWal({
    name: walName(writer.header.generation),
    generation: writer.header.generation,
    baseSequence: recovered.predecessor?.sequence ?? 0,
    lastSequence: writer.tip.sequence,
  });
  yield* leaveHead(engine, writer);
  yield* removeUseless(engine, recovered);
  yield* makeReserve(engine, manner);
  yield* tidy(engine, maintenance, manner);
}

/** What fails here is tried again by the next checkpoint, or the next open. Throws ABORTED. */
function* tidy(engine: Engine, maintenance: Maintenance, manner: Manner): Task<void> {
  const { replayedWalCount, walCount } = engine.files;
  let message = 'the open wrote no checkpoint';
  try {
    if (replayedWalCount > REPLAYED_WAL_COUNT_MAX || walCount > WAL_COUNT_MAX) {
      yield* maintenance.checkpointAtOpen(manner);
    }
    message = 'the open folded no snapshots';
    yield* maintenance.foldAtOpen(manner);
  } catch (error) {
    checkSignal(engine.options.signal);
    engine.report({ type: 'error', message, error });
  }
}

/** The reserve is there for this too: without a new WAL nothing could be deleted either. */
function* startOnFullDisk<T>(engine: Engine, start: () => Task<T>): Task<T> {
  try {
    return yield* start();
  } catch (error) {
    if (!isDiskFull(error) || !engine.hasReserve) throw error;
    yield* removeReserve(engine);
    return yield* start();
  }
}

/** A kill before its sync may have left it to the memory of the system; the new WAL will name it. */
function* syncBase({ fs, manifest }: Engine, manner: Manner): Task<void> {
  if (manifest === undefined) return;
  yield* wait(manifest.makeDurable(manner.sync));
  yield* wait(fs.syncDirectory());
}

/** They must not come back either: a later open may look less closely. */
function* removeUseless(engine: Engine, { useless }: Recovered): Task<void> {
  for (const name of useless) yield* removeLeftover(engine, name);
  if (useless.length === 0) return;
  try {
    yield* wait(engine.fs.syncDirectory());
  } catch (error) {
    engine.report({ type: 'error', message: 'the directory could not be synced', error });
  }
}

function* removeLeftover(engine: Engine, name: string): Task<void> {
  if (name === walName(engine.writer?.header.generation ?? 0)) return;
  try {
    yield* wait(engine.fs.remove(name));
    engine.files.forget(name);
  } catch (error) {
    engine.report({ type: 'error', message: `${name} could not be removed`, error });
  }
}

function loseLock(engine: Engine, cause: unknown): void {
  engine.failure = engine.lockLost();
  engine.report({ type: 'lost', message: engine.failure.message, error: cause });
}

function announce(engine: Engine, recovered: Recovered): void {
  const { decision, wal, snapshot, replayedCommits, droppedBytes } = recovered.report;
  if (decision === 'create') return;
  engine.report({
    type: 'recovered',
    message:
      `${decision}: snapshot ${snapshot}, WAL ${wal}, ${replayedCommits} commits replayed, ` +
      `${droppedBytes} bytes of a torn tail dropped`,
  });
}
