/** The errors that callers of a kvstore know by name. What the store threw is in `cause`. */
import { OnewalError } from '../errors.ts';

type Kind = 'OpenError' | 'ReadError' | 'WriteError';

export class KvstoreError extends Error {
  readonly type: Kind;
  /** Of the store, where the error is its. */
  readonly code?: OnewalError['code'];
  readonly committed?: OnewalError['committed'];

  constructor(type: Kind, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = type;
    this.type = type;
    if (!(cause instanceof OnewalError)) return;
    this.code = cause.code;
    if (cause.committed !== undefined) this.committed = cause.committed;
  }
}

export function asKvstoreError(type: Kind, error: unknown): KvstoreError {
  return error instanceof KvstoreError ? error : new KvstoreError(type, error);
}

/** What level answers to reads and single writes alike. */
export function notOpen(): KvstoreError {
  return new KvstoreError('ReadError', new Error('Database is not open'));
}
