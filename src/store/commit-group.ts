/** Commits that are written together, synced together, and become visible together. */
import { ConflictError } from '../errors.ts';
import type { WalPosition } from '../wal/wal-header.ts';
import type { LoggedCommit, WalWriter } from '../wal/wal-writer.ts';
import type { RawChange } from './change.ts';
import { type CommitRequest, prepareCommit, refusal } from './commit-request.ts';
import { Draft } from './draft.ts';
import type { Engine } from './engine.ts';
import { onlyDeletes } from './pending-write.ts';

/** A group is closed when its commits have grown to this many bytes. */
const GROUP_SIZE_TARGET = 4 << 20;
/** Buffered commits are synced at the latest when there are this many bytes of them. */
const UNSYNCED_SIZE_MAX = 4 << 20;

export interface Group {
  readonly writer: WalWriter;
  readonly members: readonly { readonly request: CommitRequest; readonly sequence: number }[];
  readonly commits: readonly LoggedCommit[];
  /** Of each commit; undefined where nobody wanted to know. */
  readonly changes: readonly (readonly RawChange[])[] | undefined;
  /**
   * Answers for when the group is settled: who has met a conflict with a commit of the group and runs
   * again at once must find it visible, or would meet it again.
   */
  readonly refusals: readonly (() => void)[];
  readonly draft: Draft;
  readonly tip: WalPosition;
  readonly chain: Uint8Array;
  readonly needsSync: boolean;
  isSettled: boolean;
}

/**
 * Prepares the requests and writes those that are not refused. Throws what the write threw; then
 * nothing has changed but the file, which must be cut.
 */
export function writeGroup(
  engine: Engine,
  writer: WalWriter,
  requests: readonly CommitRequest[],
): Group {
  const draft = new Draft(engine.state, engine);
  const members: { request: CommitRequest; sequence: number }[] = [];
  const commits: LoggedCommit[] = [];
  const changes: RawChange[][] = [];
  const refusals: (() => void)[] = [];
  const isHeard = engine.listeners.has('commit');
  for (const request of requests) {
    const changed: RawChange[] = [];
    const onChange = isHeard ? (change: RawChange) => changed.push(change) : undefined;
    try {
      const commit = prepareCommit(request, draft, { earlier: commits, onChange });
      if (commit !== undefined) {
        commits.push(commit);
        changes.push(changed);
      }
      members.push({ request, sequence: draft.sequence });
    } catch (error) {
      if (error instanceof ConflictError) refusals.push(() => request.reject(error));
      else request.reject(refusal(error));
    }
  }
  const start = writer.tip.offset;
  for (const commit of commits) writer.stage(commit);
  if (commits.length > 0) writer.writeStaged();
  count(engine, commits.length, writer.tip.offset - start);
  const { tip, commitChain: chain } = writer;
  const needsSync = isSyncNeeded(writer, members);
  return {
    ...{ writer, members, commits, refusals, draft, tip, chain, needsSync },
    changes: isHeard ? changes : undefined,
    isSettled: false,
  };
}

function isSyncNeeded(writer: WalWriter, members: Group['members']): boolean {
  if (writer.unsynced.length === 0) return false;
  const isAnySynced = members.some(({ request }) => request.durability === 'synced');
  return isAnySynced || writer.unsyncedSize > UNSYNCED_SIZE_MAX;
}

function count({ counters }: Engine, commitCount: number, walBytes: number): void {
  counters.commits += commitCount;
  counters.walBytes += walBytes;
  if (commitCount === 0) return;
  counters.groups++;
  counters.largestGroup = Math.max(counters.largestGroup, commitCount);
}

export function isDeletion(request: CommitRequest): boolean {
  return onlyDeletes(request.writes);
}

/** How many of the waiting requests make up the next group. */
export function groupEnd(waiting: readonly CommitRequest[]): number {
  let size = 0;
  let end = 0;
  while (end < waiting.length && size < GROUP_SIZE_TARGET) {
    size += (waiting[end] as CommitRequest).size;
    end++;
  }
  return end;
}
