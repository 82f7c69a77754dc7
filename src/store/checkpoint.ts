/**
 * Writes the memtable as a new snapshot over those beneath.
 *
 * First the WAL is rotated, so that the one before holds exactly what the snapshot will; commits go
 * on in the new one. Then the snapshot is written in slices, footer last, synced, read back and
 * verified, and only then put in place of the frozen memtable. A crash at any point leaves either
 * the old snapshot with both WALs, or the new one with the new WAL.
 */
import { assert } from '../assert.ts';
import type { Cursor } from '../bytes/cursor.ts';
import { CorruptionError, type Damage, StorageError } from '../errors.ts';
import { closeQuietly, type File } from '../fs/file-system.ts';
import { type Task, wait } from '../fs/task.ts';
import { Memtable } from '../memtable/memtable.ts';
import { MemtableCursor } from '../memtable/memtable-cursor.ts';
import { checkSignal, type WorkOptions } from '../options.ts';
import type { SnapshotToken } from '../snapshot/footer.ts';
import { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import { type PlannedMap, type SnapshotPlan, writeSnapshot } from '../snapshot/snapshot-writer.ts';
import type { WriteSteps } from '../snapshot/steps.ts';
import type { Catalog } from './catalog.ts';
import type { Engine } from './engine.ts';
import type { Manner } from './environment.ts';
import { snapshotName } from './file-names.ts';
import { toStorageError } from './host-error.ts';
import { removeQuietly } from './remove-quietly.ts';
import type { UsageTable } from './usage.ts';

/** What the frozen memtable leads to: all that the snapshot's footer says beside its entries. */
export interface FrozenState {
  readonly sequence: number;
  readonly chain: Uint8Array;
  /** Generation of the WAL that goes on from here. */
  readonly wal: number;
  readonly catalog: Catalog;
  readonly usage: ReadonlyMap<number, { readonly count: number; readonly bytes: number }>;
  readonly tokens: readonly SnapshotToken[];
}

/** Blocking work has taken over: whoever was overtaken stops, and leaves nothing behind. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError';
}

/** How a piece of work lets others go first, and is stopped. */
export interface Work {
  readonly manner: Manner;
  readonly options: WorkOptions;
  /** Throws OvertakenError. */
  check(): void;
  pause(): ReturnType<Manner['pause']>;
}

/** In the step in which commits move to a new WAL: the memtable becomes the frozen one. */
export function freeze(engine: Engine, nextWal: number): FrozenState {
  const { state } = engine;
  assert(state.frozen === undefined, 'one memtable is frozen at a time');
  const maps = [...state.catalog.maps];
  engine.state = { ...state, frozen: state.memtable, memtable: new Memtable() };
  return {
    sequence: state.sequence,
    chain: engine.chain,
    wal: nextWal,
    catalog: state.catalog,
    usage: usageOf(engine.usage, maps),
    tokens: engine.tokens.list(),
  };
}

function usageOf(
  usage: UsageTable,
  maps: readonly { readonly id: number }[],
): FrozenState['usage'] {
  return new Map(maps.map(({ id }) => [id, usage.of(id)]));
}

/** Writes the frozen memtable. Throws StorageError, ABORTED; the memtable then stays frozen. */
export function* writeFrozen(
  engine: Engine,
  frozen: FrozenState,
  work: Work,
): Task<SnapshotReader> {
  const { snapshots, frozen: memtable } = engine.state;
  assert(memtable !== undefined, 'there is a frozen memtable');
  const kind = snapshots.length === 0 ? 'full' : 'incremental';
  const reader = yield* writeAndVerify(
    engine,
    {
      ...planOf(engine, frozen, (map) => new MemtableCursor(memtable, map)),
      kind,
      beneath: beneath(snapshots),
    },
    work,
  );
  const { state } = engine;
  engine.state = { ...state, frozen: undefined, snapshots: [reader, ...state.snapshots] };
  engine.files.setBase(engine.state.snapshots);
  engine.counters.checkpoints++;
  return reader;
}

export function beneath(snapshots: readonly SnapshotReader[]): SnapshotPlan['beneath'] {
  return snapshots.map(({ footer: { generation, root } }) => ({ generation, root }));
}

function planOf(
  engine: Engine,
  frozen: FrozenState,
  cursorOf: (map: number) => Cursor,
): Omit<SnapshotPlan, 'kind' | 'beneath'> {
  const { sequence, chain, wal, catalog, usage, tokens } = frozen;
  const maps = [...catalog.maps].map(
    ({ id, name, keyEncoding, valueEncoding, quota }): PlannedMap => {
      const { count, bytes } = usage.get(id) ?? { count: 0, bytes: 0 };
      const fixed = { id, name, keyEncoding, valueEncoding, count, bytes, cursor: cursorOf(id) };
      return quota === undefined ? fixed : { ...fixed, quota };
    },
  );
  const { quota, nextMapId } = catalog;
  return {
    store: engine.store,
    generation: engine.takeGeneration(),
    sequence,
    chain,
    wal,
    nextMapId,
    maps,
    ...(quota === undefined ? {} : { quota }),
    ...(tokens.length === 0 ? {} : { tokens }),
  };
}

/**
 * Writes a snapshot file, syncs it and its name, reads it back. If any of it fails the file is
 * removed and the store is as it was. Throws StorageError, ABORTED.
 */
export function* writeAndVerify(
  engine: Engine,
  plan: SnapshotPlan,
  work: Work,
): Task<SnapshotReader> {
  const name = snapshotName(plan.generation);
  let file: File | undefined;
  try {
    engine.unfinished.add(name);
    file = yield* wait(engine.fs.open(name, 'create'));
    const steps = stepsOf(work, 'write');
    const footer = yield* writeSnapshot(file, plan, steps);
    yield* wait(engine.fs.syncDirectory());
    const reader = openWritten(engine, file, name);
    const [damage] = yield* reader.verify(stepsOf(work, 'read back'));
    if (damage !== undefined) throw notAsWritten(damage);
    work.check();
    engine.unfinished.delete(name);
    engine.counters.snapshotBytes += footer.length;
    engine.handles.watch(reader);
    return reader;
  } catch (error) {
    if (file !== undefined) closeQuietly(file);
    yield* removeQuietly(engine, name);
    if (error instanceof OvertakenError) throw error;
    if (error instanceof CorruptionError) throw notAsWritten(error.report.damage[0]);
    throw toStorageError(error, { doing: 'the snapshot could not be written' });
  }
}

function openWritten(engine: Engine, file: File, name: string): SnapshotReader {
  const opened = SnapshotReader.open(file, name, engine.cache);
  if (opened.state === 'valid') return opened.reader;
  throw notAsWritten({ file: name, offset: 0, reason: opened.state });
}

function notAsWritten(damage: Damage | undefined): StorageError {
  const { file = '', offset = 0, reason = '' } = damage ?? {};
  return new StorageError(
    'IO',
    `${file} does not read back as it was written (offset ${offset}: ${reason}): it was removed, nothing is lost`,
    { retryable: true },
  );
}

function stepsOf(work: Work, phase: string): WriteSteps {
  const { manner, options } = work;
  return {
    sync: (file) => manner.sync(file),
    pause: () => work.pause(),
    check: () => {
      checkSignal(options.signal);
      work.check();
    },
    onProgress: ({ bytes }) => options.onProgress?.({ phase, done: bytes, unit: 'bytes' }),
  };
}
