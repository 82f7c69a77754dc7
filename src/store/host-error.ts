/** Turns what a host throws into the error that tells a caller what to do. */
import { type Committed, OnewalError, type StorageCode, StorageError } from '../errors.ts';

const DISK_FULL_CODES = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'QuotaExceededError']);
const PERMISSION_CODES = new Set(['EACCES', 'EPERM', 'EROFS', 'ELOOP']);
const RETRYABLE_CODES = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'EBUSY', 'EINTR']);

function hostErrorCode(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : '';
}

export function isDiskFull(error: unknown): boolean {
  return DISK_FULL_CODES.has(hostErrorCode(error)) || codeOf(error) === 'DISK_FULL';
}

export function isMissing(error: unknown): boolean {
  return hostErrorCode(error) === 'ENOENT';
}

/** Errors of ours pass untouched; a host's becomes DISK_FULL, PERMISSION or IO. */
export function toStorageError(
  error: unknown,
  situation: {
    readonly doing: string;
    readonly committed?: Committed;
    readonly writesDisabled?: boolean;
  },
): OnewalError {
  if (error instanceof OnewalError) return error;
  const host = hostErrorCode(error);
  const code = storageCode(host);
  const { doing, committed, writesDisabled } = situation;
  const reason = error instanceof Error ? error.message : String(error);
  return new StorageError(code, `${doing}: ${reason}${ADVICE[code]}`, {
    cause: error,
    retryable: code === 'DISK_FULL' || RETRYABLE_CODES.has(host),
    ...(committed === undefined ? {} : { committed }),
    ...(writesDisabled === undefined ? {} : { writesDisabled }),
  });
}

const ADVICE = {
  DISK_FULL: '. Delete entries or free space, then try again: no restart is needed',
  PERMISSION: '. Check owner and permissions of the directory and its files',
  IO: '',
} satisfies { readonly [code in StorageCode]?: string };

function storageCode(host: string): keyof typeof ADVICE {
  if (DISK_FULL_CODES.has(host)) return 'DISK_FULL';
  return PERMISSION_CODES.has(host) ? 'PERMISSION' : 'IO';
}

function codeOf(error: unknown): string | undefined {
  return error instanceof OnewalError ? error.code : undefined;
}

/** The same error for a commit of which nothing was logged. */
export function notCommitted(error: unknown): OnewalError {
  const failure = toStorageError(error, { doing: 'the commit was not begun', committed: 'no' });
  if (failure.committed !== undefined || !(failure instanceof StorageError)) return failure;
  const { code, message, retryable, writesDisabled } = failure;
  return new StorageError(code as StorageCode, message, {
    ...{ cause: failure, committed: 'no', retryable, writesDisabled },
  });
}
