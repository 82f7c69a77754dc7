/** Errors on a port: with class, code, message, outcome, what belongs to the class, and the cause's text. */
import {
  type Committed,
  type ConflictCode,
  ConflictError,
  type CorruptionCode,
  CorruptionError,
  type FormatCode,
  FormatError,
  LimitError,
  type LockedCode,
  LockedError,
  type LossReport,
  OnewalError,
  QuotaError,
  type StorageCode,
  StorageError,
  type UsageCode,
  UsageError,
} from '../errors.ts';
import { KEY_SIZE_MAX, NAME_SIZE_MAX } from '../store/limits.ts';
import { choice, flag, optional, ownBytes, record, text, unsigned, type ValueOf } from './wire.ts';

const TEXT_SIZE_MAX = 1 << 16;
const CODE_SIZE_MAX = 64;

export const errorField = record({
  kind: choice('usage', 'conflict', 'quota', 'limit', 'locked', 'corrupt', 'format', 'storage'),
  code: text(CODE_SIZE_MAX),
  message: text(TEXT_SIZE_MAX),
  committed: optional(choice('no', 'yes', 'unknown')),
  cause: optional(text(TEXT_SIZE_MAX)),
  map: optional(text(NAME_SIZE_MAX)),
  /** Encoded, as the map has it. */
  key: optional(ownBytes(2 * KEY_SIZE_MAX)),
  needed: unsigned,
  quota: unsigned,
  writesDisabled: flag,
  retryable: flag,
});
export type WireFailure = ValueOf<typeof errorField>;

/** An error of any kind, as it crosses. */
export function toFailure(error: unknown): WireFailure {
  const known = error instanceof OnewalError ? error : ownersFault(error);
  return {
    kind: kindOf(known),
    code: known.code,
    message: shortened(known.message),
    committed: known.committed,
    cause: known.cause === undefined ? undefined : shortened(textOf(known.cause)),
    map: known instanceof ConflictError || known instanceof QuotaError ? known.map : undefined,
    key: known instanceof ConflictError && known.key instanceof Uint8Array ? known.key : undefined,
    needed: known instanceof QuotaError ? known.needed : 0,
    quota: known instanceof QuotaError ? known.quota : 0,
    writesDisabled: known instanceof StorageError && known.writesDisabled,
    retryable: known instanceof StorageError && known.retryable,
  };
}

/** The same error again. `decodeKey`: of a conflict. */
export function fromFailure(
  failure: WireFailure,
  decodeKey: (map: string, key: Uint8Array) => unknown = (_, key) => key,
): OnewalError {
  const { kind, code, message } = failure;
  const details = detailsOf(failure);
  switch (kind) {
    case 'conflict': {
      const { map = '', key } = failure;
      const decoded = key === undefined ? undefined : decodeKey(map, key);
      return new ConflictError(message, { map, key: decoded, code: code as ConflictCode });
    }
    case 'quota': {
      const { needed, quota, map } = failure;
      return new QuotaError({ needed, quota, ...(map === undefined ? {} : { map }) });
    }
    case 'limit':
      return new LimitError(message);
    case 'locked':
      return new LockedError(code as LockedCode, message, details);
    case 'corrupt':
      return corruption(failure);
    case 'format':
      return new FormatError(code as FormatCode, message, details);
    case 'storage': {
      const { writesDisabled, retryable } = failure;
      return new StorageError(code as StorageCode, message, {
        ...details,
        ...{ writesDisabled, retryable },
      });
    }
    case 'usage':
      return new UsageError(code as UsageCode, message, details);
  }
}

/** The report stays with the owner: it names keys of maps that the other side may not read. */
function corruption(failure: WireFailure): CorruptionError {
  const report: LossReport = {
    ...{ id: '', action: 'refused' as const, damage: [], firstLost: 0, lastSeen: 0 },
    ...{ commitsLost: 0, bytesLost: 0, suspectKeys: [], quarantine: [] },
  };
  return new CorruptionError(failure.code as CorruptionCode, failure.message, {
    ...detailsOf(failure),
    report,
  });
}

function detailsOf({ committed, cause }: WireFailure): {
  readonly committed?: Committed;
  readonly cause?: unknown;
} {
  return {
    ...(committed === undefined ? {} : { committed }),
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  };
}

function kindOf(error: OnewalError): WireFailure['kind'] {
  if (error instanceof ConflictError) return 'conflict';
  if (error instanceof QuotaError) return 'quota';
  if (error instanceof LimitError) return 'limit';
  if (error instanceof LockedError) return 'locked';
  if (error instanceof CorruptionError) return 'corrupt';
  if (error instanceof FormatError) return 'format';
  return error instanceof StorageError ? 'storage' : 'usage';
}

function ownersFault(cause: unknown): StorageError {
  return new StorageError('IO', `the owner of the store failed: ${textOf(cause)}`, { cause });
}

function textOf(cause: unknown): string {
  try {
    return cause instanceof Error ? cause.message : String(cause);
  } catch {
    return 'something that has no text';
  }
}

const CHARACTER_COUNT_MAX = 10_000;

export function shortened(text: string): string {
  return text.length <= CHARACTER_COUNT_MAX ? text : `${text.slice(0, CHARACTER_COUNT_MAX)}...`;
}
