/**
 * Every error a caller can meet: one class per reaction of the caller, one stable code per cause.
 * docs/errors.md has a paragraph per code. Expected outcomes (a missing key, a torn tail) are
 * values, not errors.
 */

/** What is true of the write that failed: nothing of it is stored, all of it, or nobody knows yet. */
export type Committed = 'no' | 'yes' | 'unknown';

export type UsageCode =
  | 'CLOSED' // the store is closed
  | 'INVALID_ARGUMENT'
  | 'KEY_INVALID'
  | 'VALUE_INVALID'
  | 'MAP_ENCODING_MISMATCH'
  | 'READ_ONLY'
  | 'SYNC_UNAVAILABLE' // this host cannot block
  | 'NOT_FOUND' // no store here, and `create` is false
  | 'EXISTS' // a store is here, and `create` is 'new'
  | 'UNKNOWN_FAMILY' // of a storage backend: not among those it was opened with
  | 'VIEW_RELEASED'
  | 'TRANSACTION_ENDED'
  | 'NESTED_TRANSACTION' // a transaction within another one's callback
  | 'SAVEPOINT_RELEASED' // or of another transaction
  | 'TOKEN_USED' // an earlier commit carried it
  | 'IN_LISTENER' // blocking work in a listener
  | 'NOT_ALLOWED' // the owner of a served store does not let this side do it
  | 'ABORTED'; // the caller's own signal
export type LockedCode = 'LOCKED' | 'LOCK_LOST';
export type CorruptionCode =
  | 'CORRUPT' // bytes that were acknowledged do not verify
  | 'MISSING_FILE' // a file that another file names is not there
  | 'ROLLED_BACK'; // the state is older than `expectAtLeast`
export type FormatCode = 'FORMAT_TOO_NEW' | 'FOREIGN_FILE' | 'PROTOCOL'; // the other side of a port says what this one does not understand
export type StorageCode =
  | 'IO'
  | 'DISK_FULL'
  | 'COMMIT_IN_DOUBT'
  | 'WRITES_DISABLED'
  | 'PERMISSION'
  | 'PORT_CLOSED' // nobody is at the other side of the port any more
  | 'OVERLOADED'; // this side asks for more than its owner gives it at once
export type ConflictCode =
  | 'CONFLICT' // somebody else has changed what was read or written
  | 'DEADLOCK' // to wait for this lock would be to wait for ever
  | 'LOCK_TIMEOUT';
export type ErrorCode =
  | UsageCode
  | LockedCode
  | CorruptionCode
  | FormatCode
  | StorageCode
  | ConflictCode
  | 'QUOTA_EXCEEDED'
  | 'LIMIT';

export interface ErrorDetails {
  readonly cause?: unknown;
  readonly committed?: Committed;
}

export class OnewalError extends Error {
  readonly code: ErrorCode;
  /** For writes: whether the commit is stored. Absent when the call was no write. */
  readonly committed?: Committed;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    if (details.committed !== undefined) this.committed = details.committed;
  }
}

/** The program is wrong: fix it. */
export class UsageError extends OnewalError {
  declare readonly code: UsageCode;

  constructor(code: UsageCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}

/** Somebody else changed what this write relied on: run it again. Nothing was stored. */
export class ConflictError extends OnewalError {
  declare readonly code: ConflictCode;
  readonly map: string;
  /** Undefined where it was a range that somebody removed. */
  readonly key: unknown;

  constructor(
    message: string,
    details: { readonly map: string; readonly key: unknown; readonly code?: ConflictCode },
  ) {
    super(details.code ?? 'CONFLICT', message, { committed: 'no' });
    this.map = details.map;
    this.key = details.key;
  }
}

/** The byte quota would be passed: delete something or raise the quota. Nothing was stored. */
export class QuotaError extends OnewalError {
  /** Bytes the quota's scope would hold after the commit. */
  readonly needed: number;
  readonly quota: number;
  /** The map whose quota it is; absent for the quota of the whole store. */
  readonly map?: string;

  constructor(details: { readonly needed: number; readonly quota: number; readonly map?: string }) {
    const scope = details.map === undefined ? 'the store' : `map ${JSON.stringify(details.map)}`;
    super(
      'QUOTA_EXCEEDED',
      `${scope} would hold ${details.needed} bytes and its quota is ${details.quota}: delete entries or raise the quota`,
      { committed: 'no' },
    );
    this.needed = details.needed;
    this.quota = details.quota;
    if (details.map !== undefined) this.map = details.map;
  }
}

/** A declared limit (docs/format.md, "Limits") would be passed. Nothing was stored. */
export class LimitError extends OnewalError {
  constructor(message: string) {
    super('LIMIT', message, { committed: 'no' });
  }
}

/** Who holds a lock, as far as the holder wrote it down. Diagnostic text: it decides nothing. */
export interface LockHolder {
  readonly pid?: number;
  readonly host?: string;
  /** ISO 8601. */
  readonly since?: string;
}

/** Another owner has the store (`LOCKED`), or has taken it from us (`LOCK_LOST`). */
export class LockedError extends OnewalError {
  declare readonly code: LockedCode;
  readonly holder?: LockHolder;

  constructor(
    code: LockedCode,
    message: string,
    details: ErrorDetails & { readonly holder?: LockHolder | undefined } = {},
  ) {
    super(code, message, details);
    if (details.holder !== undefined) this.holder = details.holder;
  }
}

/** What was lost, or would be lost, by opening a damaged store. Sequence ids are inclusive. */
export interface LossReport {
  /** Names the report; `Store.acknowledgeLoss` takes it. */
  readonly id: string;
  /** What was done: nothing (`refused`), the tail dropped, or damaged commits skipped. */
  readonly action: 'refused' | 'cut' | 'skipped';
  readonly damage: readonly Damage[];
  /** The first commit that is not there, and the last one that some witness names. */
  readonly firstLost: number;
  readonly lastSeen: number;
  /** Commits that were found damaged and could be counted. */
  readonly commitsLost: number;
  readonly bytesLost: number;
  /** Keys known to be written by lost or later commits: they may be stale. At most 64. */
  readonly suspectKeys: readonly { readonly map: string; readonly key: Uint8Array }[];
  /** Where copies of the damaged bytes are, empty while nothing was copied. */
  readonly quarantine: readonly string[];
}

export interface Damage {
  readonly file: string;
  readonly offset: number;
  readonly reason: string;
}

/** The report of damage that was met, with what it loses as far as that is known. */
export function refusalOf(
  damage: Damage,
  commits: { readonly firstLost: number; readonly lastSeen: number } = {
    firstLost: 0,
    lastSeen: 0,
  },
): LossReport {
  const { firstLost, lastSeen } = commits;
  return {
    id: `${damage.file}@${damage.offset}`,
    action: 'refused',
    damage: [damage],
    firstLost,
    lastSeen,
    commitsLost: Math.max(0, lastSeen - firstLost + 1),
    bytesLost: 0,
    suspectKeys: [],
    quarantine: [],
  };
}

/** Acknowledged data is damaged or missing. Nothing was changed on disk. */
export class CorruptionError extends OnewalError {
  declare readonly code: CorruptionCode;
  readonly file: string;
  readonly offset: number;
  readonly report: LossReport;

  constructor(
    code: CorruptionCode,
    message: string,
    details: ErrorDetails & { readonly report: LossReport },
  ) {
    super(code, message, details);
    this.file = details.report.damage[0]?.file ?? '';
    this.offset = details.report.damage[0]?.offset ?? 0;
    this.report = details.report;
  }
}

/** A file of a newer format, or of another store; messages of another protocol. Untouched. */
export class FormatError extends OnewalError {
  declare readonly code: FormatCode;

  constructor(code: FormatCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}

/** The host failed: `writesDisabled` says whether the store still takes writes. */
export class StorageError extends OnewalError {
  declare readonly code: StorageCode;
  readonly writesDisabled: boolean;
  /** The same call may succeed later without a restart. */
  readonly retryable: boolean;

  constructor(
    code: StorageCode,
    message: string,
    details: ErrorDetails & {
      readonly writesDisabled?: boolean;
      readonly retryable?: boolean;
    } = {},
  ) {
    super(code, message, details);
    this.writesDisabled = details.writesDisabled ?? false;
    this.retryable = details.retryable ?? false;
  }
}
