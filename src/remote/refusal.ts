/** How the owner of a store says no. */
import { FormatError, LimitError, StorageError, UsageError } from '../errors.ts';
import { PROTOCOL_VERSION } from './protocol.ts';

export function notAllowed(what: string): UsageError {
  return new UsageError('NOT_ALLOWED', `${what}: the owner of the store decides that`, {
    committed: 'no',
  });
}

export function tooLarge(sizeMax: number): LimitError {
  return new LimitError(`the answer would take more than ${sizeMax} bytes: ask for less at once`);
}

/** For what would be one request too many. */
export function overloaded(what: string): StorageError {
  return new StorageError('OVERLOADED', what, { committed: 'no', retryable: true });
}

export function portClosed(reason: string, cause?: unknown): StorageError {
  return new StorageError('PORT_CLOSED', reason, { retryable: true, cause });
}

/** Of a store that several share. */
export function nobodyAnswers(duration: number, cause?: unknown): StorageError {
  return portClosed(`for ${duration} ms nobody had the store open who could be reached`, cause);
}

export function otherVersion(version: number): FormatError {
  return new FormatError(
    'PROTOCOL',
    `one side speaks version ${version} of the protocol, the other version ${PROTOCOL_VERSION}: ` +
      'use the same version of onewal on both',
  );
}
