/** What was asked of the owner and is not answered yet, and what becomes of it without its port. */
import { type OnewalError, StorageError } from '../errors.ts';
import type { Progress } from '../options.ts';
import type { AnsweredRequest, AnsweredType, Request } from './protocol.ts';

export interface PendingCall {
  readonly request: AnsweredRequest;
  readonly items: number;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  resolve(answer: never): void;
  reject(error: OnewalError): void;
  /** On the present port; otherwise it waits for one. */
  isSent: boolean;
  /** Ends its patience. */
  stopTimer: () => void;
}

/** Of these nobody knows what became of them when the port ends before the answer. */
const WRITES: ReadonlySet<AnsweredType> = new Set(['commit', 'drop', 'quota', 'settle'] as const);
/** These leave nothing behind that outlives a port: asked twice, they come to the same. */
const REPEATABLE: ReadonlySet<AnsweredType> = new Set([
  ...(['get', 'entry', 'has', 'many', 'count', 'range', 'view', 'begin'] as const),
  ...(['outcome', 'maps', 'stats', 'info', 'subscribe'] as const),
]);

export function isWrite({ request }: PendingCall): boolean {
  return WRITES.has(request.type);
}

export function isRepeatable({ request }: PendingCall): boolean {
  return REPEATABLE.has(request.type) && handleOf(request) === 0;
}

/** What the request is about that was made by an earlier one, and is gone with its port. 0: nothing. */
export function handleOf(request: Request): number {
  if ('at' in request) return request.at;
  if ('transaction' in request) return request.transaction;
  if ('iteration' in request) return request.iteration;
  return 'target' in request ? request.target : 0;
}

/** What a call is told whose port has ended. */
export function endOf(call: PendingCall, why: OnewalError): StorageError {
  if (!call.isSent) return unsent(why);
  return new StorageError('PORT_CLOSED', why.message, {
    ...{ cause: why, retryable: true },
    ...(isWrite(call) ? { committed: 'unknown' } : {}),
  });
}

export function unsent(why: OnewalError): StorageError {
  return new StorageError('PORT_CLOSED', why.message, {
    ...{ cause: why, retryable: true, committed: 'no' },
  });
}

/** What it needs was made at an owner who is gone. */
export function leftBehind(): StorageError {
  return new StorageError(
    'PORT_CLOSED',
    'the store has another owner now, or none, and what was open at the one before has ended: begin ' +
      'a new transaction, take a new view, iterate again',
    { committed: 'no', retryable: true },
  );
}
