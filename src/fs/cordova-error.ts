/** What the plugin calls its errors, as the port calls them. */
import { errorName } from './browser.ts';

/** Numbers of `FileError`, which are not those of `DOMException`: there 8 is "not found". */
export const INVALID_MODIFICATION = 9;
export const QUOTA_EXCEEDED = 10;
const CODES_BY_NUMBER: { readonly [number: number]: string } = {
  1: 'ENOENT',
  2: 'EACCES',
  3: 'EINTR',
  4: 'EIO',
  5: 'EINVAL',
  6: 'EACCES',
  7: 'EBUSY',
  8: 'EINVAL',
  [INVALID_MODIFICATION]: 'EIO',
  [QUOTA_EXCEEDED]: 'ENOSPC',
  11: 'EISDIR',
  12: 'EEXIST',
};
const CODES_BY_NAME: { readonly [name: string]: string } = {
  NotFoundError: 'ENOENT',
  SecurityError: 'EACCES',
  AbortError: 'EINTR',
  EncodingError: 'EINVAL',
  NoModificationAllowedError: 'EACCES',
  InvalidStateError: 'EBUSY',
  QuotaExceededError: 'ENOSPC',
  TypeMismatchError: 'EISDIR',
  PathExistsError: 'EEXIST',
};

/** With what the plugin gave as its `cause`. */
export function pluginError(action: string, cause: unknown): Error {
  const number = numberOf(cause);
  const code =
    (number === undefined ? CODES_BY_NAME[errorName(cause)] : CODES_BY_NUMBER[number]) ?? 'EIO';
  const told = number === undefined ? String(cause) : `error ${number} of cordova-plugin-file`;
  return Object.assign(new Error(`${code}: ${action}: ${told}`), { code, cause });
}

/** The number of a `FileError`; a `DOMException` tells by its name. */
export function numberOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'number' && !(error instanceof Error) ? code : undefined;
}
