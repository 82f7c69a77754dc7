/** onewal: one atomic store for every delta map. This entry is for hosts without paths. */
export type { KeyCodec, KeyEncoding } from './codec/key-codec.ts';
export type { ValueCodec, ValueEncoding } from './codec/value-codec.ts';
export {
  type Committed,
  ConflictError,
  CorruptionError,
  type Damage,
  type ErrorCode,
  FormatError,
  LimitError,
  LockedError,
  type LockHolder,
  type LossReport,
  OnewalError,
  QuotaError,
  StorageError,
  UsageError,
} from './errors.ts';
export type { File, FileSystem, FileSystemFacts, Lock } from './fs/file-system.ts';
export type { Awaitable } from './fs/task.ts';
export type {
  Durability,
  Progress,
  PutOptions,
  QuotaOptions,
  RangeOptions,
  RecoveryMode,
  StoreEvent,
  StoreOptions,
  TransactionOptions,
  WorkOptions,
  WriteOptions,
} from './options.ts';
export type { Change } from './store/change.ts';
export type { CheckpointReport } from './store/checkpoint-report.ts';
export type { Commit } from './store/commit-request.ts';
export type { CommitEvent } from './store/listeners.ts';
export type { MapOptions, MapReference, Write } from './store/map-handles.ts';
export type { Outcome } from './store/outcomes.ts';
export type { Range } from './store/range.ts';
export type { Reads } from './store/reads.ts';
export type { RecoveryReport } from './store/recovered.ts';
export type { MapStats, StoreInfo, StoreStats } from './store/store-facts.ts';
export type { StoreMap } from './store/store-map.ts';
export type { VerifyReport } from './store/verify.ts';
export type { View } from './store/view.ts';
export { Store } from './store.ts';
export type {
  Savepoint,
  Transaction,
  TransactionState,
} from './transaction/transaction.ts';
export type { TransactionMap } from './transaction/transaction-map.ts';
