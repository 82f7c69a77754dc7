/** What a Level database throws: the codes that users of abstract-level know, with our error as cause. */
import { type ErrorCode, OnewalError } from '../errors.ts';

export class LevelError extends Error {
  /** Of abstract-level, where it has one for this; else the code of the cause. */
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    // abstract-level promises this name to whoever aborts.
    this.name = code === 'LEVEL_ABORTED' ? 'AbortError' : 'LevelError';
    this.code = code;
  }
}

/** Those that abstract-level has; the others stand for themselves. */
const LEVEL_CODES: { readonly [code in ErrorCode]?: string } = {
  CLOSED: 'LEVEL_DATABASE_NOT_OPEN',
  KEY_INVALID: 'LEVEL_INVALID_KEY',
  VALUE_INVALID: 'LEVEL_INVALID_VALUE',
  MAP_ENCODING_MISMATCH: 'LEVEL_NOT_SUPPORTED',
  VIEW_RELEASED: 'LEVEL_SNAPSHOT_NOT_OPEN',
  READ_ONLY: 'LEVEL_READONLY',
  SYNC_UNAVAILABLE: 'LEVEL_NOT_SUPPORTED',
  ABORTED: 'LEVEL_ABORTED',
  LOCKED: 'LEVEL_LOCKED',
  LOCK_LOST: 'LEVEL_LOCKED',
  CORRUPT: 'LEVEL_CORRUPTION',
  MISSING_FILE: 'LEVEL_CORRUPTION',
  ROLLED_BACK: 'LEVEL_CORRUPTION',
  FORMAT_TOO_NEW: 'LEVEL_NOT_SUPPORTED',
  FOREIGN_FILE: 'LEVEL_CORRUPTION',
  IO: 'LEVEL_IO_ERROR',
  DISK_FULL: 'LEVEL_IO_ERROR',
  COMMIT_IN_DOUBT: 'LEVEL_IO_ERROR',
  WRITES_DISABLED: 'LEVEL_IO_ERROR',
  PERMISSION: 'LEVEL_IO_ERROR',
};

/** The words that users of Level look for, in the absence of a code. */
const FOREWORDS: { readonly [code in ErrorCode]?: string } = {
  NOT_FOUND: 'the database does not exist: ',
  EXISTS: 'the database exists already: ',
};

/** Errors that are not ours pass untouched. */
export function toLevelError(error: unknown): unknown {
  if (!(error instanceof OnewalError)) return error;
  const { code, message } = error;
  const text = `${FOREWORDS[code] ?? ''}${message}`;
  return new LevelError(LEVEL_CODES[code] ?? code, text, { cause: error });
}

export function notOpen(): LevelError {
  return new LevelError('LEVEL_DATABASE_NOT_OPEN', 'the database is not open');
}

export function aborted(signal: AbortSignal): LevelError {
  const message = 'the caller aborted the operation';
  return new LevelError('LEVEL_ABORTED', message, { cause: signal.reason });
}
