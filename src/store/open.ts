/**
 * The life of an open: lock, recover, keep evidence, publish a new generation. Until it publishes,
 * nothing is changed on disk; if it fails, the lock is released and nothing stays open.
 */
import { toHex, utf8Encode } from '../bytes/bytes.ts';
import { CorruptionError, LockedError, type LossReport } from '../errors.ts';
import {
  closeQuietly,
  type File,
  type FileSystem,
  type Lock,
  readFully,
  writeFully,
} from '../fs/file-system.ts';
import { type Task, wait } from '../fs/task.ts';
import { type CheckedOptions, checkSignal } from '../options.ts';
import { BlockCache } from '../snapshot/block-cache.ts';
import { CommitQueue } from './commit-queue.ts';
import { Engine } from './engine.ts';
import type { Environment, Manner } from './environment.ts';
import { FencedFiles } from './fenced-files.ts';
import { quarantineName, quarantineReportName, walName } from './file-names.ts';
import { startGeneration } from './generation.ts';
import { isDiskFull, isMissing, toStorageError } from './host-error.ts';
import { encodeLoss, lossToJson, reportOf } from './loss.ts';
import { Maintenance } from './maintenance.ts';
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
const LOCK_RETRY_INTERVAL_MS = 20;

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
  const lock = parts.options.readOnly ? undefined : yield* takeLock(parts);
  try {
    return yield* openLocked(parts, lock);
  } catch (error) {
    parts.fs.shut();
    if (lock !== undefined) yield* wait(lock.release());
    throw toStorageError(error, {
      doing: `the store at ${parts.fs.facts.location} could not be opened`,
    });
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
    yield environment.sleep(LOCK_RETRY_INTERVAL_MS);
    waited += LOCK_RETRY_INTERVAL_MS;
  }
}

function* openLocked(parts: OpenParts, lock: Lock | undefined): Task<OpenStore> {
  const { fs, options, environment, manner } = parts;
  const cache = new BlockCache(options.cacheBytes);
  const recovered = yield* recoverPatiently({ fs, options, environment, manner, cache });
  try {
    checkAge(recovered, options);
    const engine = new Engine({ fs, options, environment, cache, lock, recovered });
    const queue = new CommitQueue(engine);
    const maintenance = new Maintenance(engine, queue);
    register(engine, recovered);
    if (lock !== undefined) {
      yield* publish(engine, maintenance, manner);
      lock.onLost((cause) => loseLock(engine, cause));
    }
    announce(engine, recovered);
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
      report: reportOf(
        { file: '', offset: 0, reason: `the store ${found}` },
        { firstLost: sequence + 1, lastSeen: expectAtLeast.sequence },
      ),
    },
  );
}

function register(engine: Engine, recovered: Recovered): void {
  const { files } = engine;
  for (const name of recovered.names) files.addName(name);
  for (const wal of recovered.wals) files.addWal({ ...wal });
  files.setBase(recovered.state.snapshots);
  files.forgetPrevious();
  engine.hasReserve = recovered.hasReserve;
  for (const reader of recovered.state.snapshots) engine.handles.watch(reader);
}

function* publish(engine: Engine, maintenance: Maintenance, manner: Manner): Task<void> {
  const { recovered, state } = engine;
  const loss = yield* keepEvidence(engine, manner);
  engine.state = { ...state, loss };
  // Those beneath were made durable before it was written.
  const newest = engine.manifest;
  if (newest !== undefined) yield* wait(newest.makeDurable(manner.sync));
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
  for (const name of recovered.unfinished) yield* removeLeftover(engine, name);
  yield* makeReserve(engine, manner);
  const { replayedWalCount, walCount } = engine.files;
  if (replayedWalCount > REPLAYED_WAL_COUNT_MAX || walCount > WAL_COUNT_MAX) {
    yield* maintenance.atOpen(manner);
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

function* removeLeftover(engine: Engine, name: string): Task<void> {
  if (name === walName(engine.writer?.header.generation ?? 0)) return;
  try {
    yield* wait(engine.fs.remove(name));
    engine.files.forget(name);
  } catch (error) {
    engine.report({ type: 'error', message: `${name} could not be removed`, error });
  }
}

/** Copies the damaged bytes and the report to quarantine, before anything else is written. */
function* keepEvidence(engine: Engine, manner: Manner): Task<LossReport | undefined> {
  const { recovered, fs } = engine;
  const { loss, evidence } = recovered;
  const isFresh = loss !== undefined && loss.action !== 'refused' && loss.quarantine.length === 0;
  if (loss === undefined || !isFresh) return loss;
  const generation = engine.nextGeneration;
  const quarantine: string[] = [];
  for (const damage of evidence) {
    const source = yield* wait(fs.open(damage.file, 'read'));
    const bytes = readTail(source, damage.offset);
    quarantine.push(
      yield* writeCopy(engine, { name: quarantineName(generation, damage), bytes }, manner),
    );
  }
  const report = { ...loss, quarantine: [...quarantine, quarantineReportName(generation)] };
  const text = utf8Encode(lossToJson(report));
  yield* writeCopy(engine, { name: quarantineReportName(generation), bytes: text }, manner);
  yield* wait(fs.syncDirectory());
  return report;
}

function readTail(source: File, offset: number): Uint8Array {
  try {
    return readFully(source, offset, source.size() - offset);
  } finally {
    closeQuietly(source);
  }
}

function* writeCopy(
  { fs }: Engine,
  copied: { readonly name: string; readonly bytes: Uint8Array },
  manner: Manner,
): Task<string> {
  const { name, bytes } = copied;
  // An open that was cut short may have left a copy of this name: it is made anew.
  yield* wait(fs.remove(name));
  const copy = yield* wait(fs.open(name, 'create'));
  try {
    writeFully(copy, bytes, 0);
    yield* wait(manner.sync(copy));
  } finally {
    closeQuietly(copy);
  }
  return name;
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
