/** A commit that waits for its turn, and what it becomes. */
import { CorruptionError, LimitError, type OnewalError, UsageError } from '../errors.ts';
import type { Durability } from '../options.ts';
import type { LoggedCommit } from '../wal/wal-writer.ts';
import type { Draft, OnChange } from './draft.ts';
import { toStorageError } from './host-error.ts';
import { encodeBodies, type PendingWrite, resolveWrites } from './pending-write.ts';
import { checkQuotas } from './quota.ts';

export interface Commit {
  /** The number of the commit; of an empty one, that of the last commit before it. */
  readonly sequence: number;
  /** Whether it is known to be on the medium, as far as the host can tell. */
  readonly durable: boolean;
}

export type Precondition = (head: Draft, earlier: readonly LoggedCommit[]) => void;

export interface CommitRequest {
  readonly writes: readonly PendingWrite[];
  readonly durability: Durability;
  /** What it takes in the WAL, about, in bytes. */
  readonly size: number;
  readonly token?: Uint8Array | undefined;
  /**
   * Called when its turn comes: throws where it must not be committed any more. `earlier` are the
   * commits of its group, which are in `head` and not visible yet.
   */
  readonly precondition?: Precondition | undefined;
  resolve(commit: Commit): void;
  reject(error: unknown): void;
}

/** The error for a request that was refused before anything of it was logged. */
export function refusal(error: unknown): OnewalError {
  if (error instanceof CorruptionError) {
    const { code, message, report, cause } = error;
    return new CorruptionError(code, message, { report, cause, committed: 'no' });
  }
  return toStorageError(error, {
    doing: 'what the commit would replace could not be read',
    committed: 'no',
  });
}

/**
 * Applies the request to `draft` and gives what must be logged; undefined where it changes
 * nothing. Throws TOKEN_USED, QUOTA_EXCEEDED, LIMIT, MAP_ENCODING_MISMATCH or what the precondition throws, and
 * leaves `draft` as it was.
 */
export function prepareCommit(
  request: CommitRequest,
  draft: Draft,
  context: { readonly earlier: readonly LoggedCommit[]; readonly onChange: OnChange | undefined },
): LoggedCommit | undefined {
  const { token } = request;
  if (token !== undefined) requireUnused(token, draft);
  request.precondition?.(draft, context.earlier);
  const operations = resolveWrites(request.writes, draft.catalog);
  if (token !== undefined) operations.push({ type: 'token', token });
  if (operations.length === 0) return undefined;
  if (draft.sequence >= Number.MAX_SAFE_INTEGER) {
    throw new LimitError('there is no sequence id left: dump the store and load it into a new one');
  }
  const commit = { sequence: draft.sequence + 1, bodies: encodeBodies(operations) };
  const fork = draft.fork();
  fork.apply(commit, context.onChange);
  checkQuotas(draft, fork);
  draft.absorb(fork);
  return commit;
}

function requireUnused(token: Uint8Array, draft: Draft): void {
  const sequence = draft.tokens.sequenceOf(token);
  if (sequence === undefined) return;
  throw new UsageError(
    'TOKEN_USED',
    `commit ${sequence} carried this token: it is committed already`,
    { committed: 'no' },
  );
}
