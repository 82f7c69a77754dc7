/** What a store tells of itself: facts that do not change, and figures that do. */
import { toHex } from '../bytes/bytes.ts';
import type { LossReport } from '../errors.ts';
import type { FileSystemFacts } from '../fs/file-system.ts';
import type { MapDefinition } from './catalog.ts';
import type { Counters, Engine } from './engine.ts';
import type { RecoveryReport } from './recovered.ts';

export interface StoreInfo {
  readonly location: string;
  readonly uuid: string;
  readonly format: string;
  /** Of the WAL that is written now; that of the newest file for a reader. */
  readonly generation: number;
  /** The last commit that is visible. */
  readonly sequence: number;
  /** Stands for the whole history up to the end of the WAL; with `sequence` for `expectAtLeast`. */
  readonly chain: string;
  readonly durability: FileSystemFacts['durability'];
  readonly lock: FileSystemFacts['lock'] | 'none';
  /** Zeros, in bytes, that may stand ready behind the WAL; 0 where the host can only append. */
  readonly preallocation: number;
  readonly isNew: boolean;
  readonly readOnly: boolean;
  readonly recovery: RecoveryReport;
  /** Commits that were lost and that nobody has acknowledged yet. */
  readonly loss: LossReport | undefined;
}

export interface MapStats {
  readonly keyEncoding: string;
  readonly valueEncoding: string;
  readonly count: number;
  readonly bytesUsed: number;
  readonly byteQuota: number | undefined;
}

export interface StoreStats extends Readonly<Counters> {
  /** Bytes of encoded keys and values, exactly: what quotas count. */
  readonly bytesUsed: number;
  readonly byteQuota: number | undefined;
  readonly maps: Readonly<Record<string, MapStats>>;
  readonly cacheBytes: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly memtableEntries: number;
  readonly memtableBytes: number;
  readonly snapshots: number;
  /** Snapshot files held open, those included that only a range still reads. */
  readonly openSnapshots: number;
  readonly openViews: number;
  readonly openTransactions: number;
  /** The commit that the oldest view or open transaction shows; undefined where there is none. */
  readonly oldestView: number | undefined;
  /**
   * Bytes of memory that only views and open transactions hold, at most: estimated from the changes
   * in memory, with the commits that transactions will be checked against. Snapshot files that only
   * they read are in `openSnapshots`.
   */
  readonly viewBytes: number;
  readonly writesDisabled: boolean;
  readonly storage_disk_full_total: number;
  /** Opens, of this one, that found a WAL corrupt and went on. */
  readonly wal_corrupt_recovery_total: number;
}

export function infoOf(engine: Engine): StoreInfo {
  const { fs, store, state, writer, lock, options } = engine;
  return {
    location: fs.facts.location,
    uuid: uuidText(store),
    format: '1.0',
    generation: writer?.header.generation ?? engine.nextGeneration - 1,
    sequence: state.sequence,
    chain: toHex(engine.chain),
    durability: fs.facts.durability,
    lock: lock === undefined ? 'none' : fs.facts.lock,
    preallocation: fs.facts.preallocation ?? 0,
    isNew: engine.isNew,
    readOnly: options.readOnly,
    recovery: engine.recovery,
    loss: state.loss,
  };
}

export function statsOf(engine: Engine): StoreStats {
  const { state, usage, cache, counters, recovery, handles, held, failure } = engine;
  return {
    ...counters,
    bytesUsed: usage.totalBytes,
    byteQuota: state.catalog.quota,
    maps: Object.fromEntries(
      [...state.catalog.maps].map((map) => [map.name, mapStats(engine, map)]),
    ),
    cacheBytes: cache.bytes,
    cacheHits: cache.hits,
    cacheMisses: cache.misses,
    memtableEntries: state.memtable.count + (state.frozen?.count ?? 0),
    memtableBytes: state.memtable.size + (state.frozen?.size ?? 0),
    snapshots: state.snapshots.length,
    openSnapshots: handles.openCount,
    openViews: held.openViews,
    oldestView: held.oldestSequence,
    openTransactions: held.openTransactions,
    viewBytes: held.sizeBeside(state) + engine.recent.size,
    writesDisabled: failure !== undefined,
    storage_disk_full_total: counters.diskFullErrors,
    wal_corrupt_recovery_total: recovery.wal === 'corrupt' ? 1 : 0,
  };
}

function mapStats(engine: Engine, map: MapDefinition): MapStats {
  const { keyEncoding, valueEncoding, quota } = map;
  const { count, bytes } = engine.usage.of(map.id);
  return { keyEncoding, valueEncoding, count, bytesUsed: bytes, byteQuota: quota };
}

function uuidText(bytes: Uint8Array): string {
  const hex = toHex(bytes);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
