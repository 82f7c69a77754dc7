/** Commits that are written together, synced together, and become visible together. */
import type { OnewalError } from '../errors.ts';
import type { WalPosition } from '../wal/wal-header.ts';
import type { LoggedCommit, WalWriter } from '../wal/wal-writer.ts';
import type { RawChange } from './change.ts';
import { type CommitRequest, prepareCommit, refusal } from './commit-request.ts';
import { Draft } from './draft.ts';
import type { Engine } from './engine.ts';
import { toStorageError } from './host-error.ts';
import { onlyDeletes } from './pending-write.ts';

/** A group is closed when its commits have grown to this many bytes. */
const GROUP_SIZE_TARGET = 4 << 20;
/** The same for their number: what logs nothing has no size, and waits for the group all the same. */
const GROUP_COUNT_MAX = 1 << 16;
/** Buffered commits are synced at the latest when there are this many bytes of them. */
const UNSYNCED_SIZE_MAX = 4 << 20;

export interface Group {
  readonly writer: WalWriter;
  readonly members: readonly { readonly request: CommitRequest; readonly sequence: number }[];
  readonly commits: readonly LoggedCommit[];
  /** Of each commit; undefined where nobody wanted to know. */
  readonly changes: readonly (readonly RawChange[])[] | undefined;
  /**
   * Refused, it may be because of a commit of this very group: the answer holds when that has become
   * visible. If it never does, they are to be decided anew.
   */
  readonly refused: readonly { readonly request: CommitRequest; readonly error: OnewalError }[];
  readonly draft: Draft;
  isSettled: boolean;
  /** Where the WAL ends behind the group; set when it is written. */
  tip: WalPosition;
  chain: Uint8Array;
  needsSync: boolean;
}

/** Applies the requests, one over the other, to a draft. Nothing is written yet. */
export function prepareGroup(
  engine: Engine,
  writer: WalWriter,
  requests: readonly CommitRequest[],
): Group {
  const draft = new Draft(engine.state, engine);
  const members: { request: CommitRequest; sequence: number }[] = [];
  const refused: { request: CommitRequest; error: OnewalError }[] = [];
  const commits: LoggedCommit[] = [];
  const changes: RawChange[][] = [];
  const isHeard = engine.listeners.areCommitsHeard;
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
      const why = refusal(error);
      if (commits.length > 0) refused.push({ request, error: why });
      else request.reject(why);
    }
  }
  const { tip, commitChain: chain } = writer;
  return {
    ...{ writer, members, commits, refused, draft, tip, chain },
    changes: isHeard ? changes : undefined,
    needsSync: false,
    isSettled: false,
  };
}

/**
 * Writes the commits of the group. Throws what the write threw; then nothing has changed but the
 * file, which must be cut.
 */
export function writeGroup(engine: Engine, group: Group): void {
  const { writer, commits, members } = group;
  const start = writer.tip.offset;
  for (const commit of commits) writer.stage(commit);
  if (commits.length > 0) writer.writeStaged();
  count(engine, commits.length, writer.tip.offset - start);
  group.tip = writer.tip;
  group.chain = writer.commitChain;
  group.needsSync = isSyncNeeded(writer, members);
  // Without the reserve what room there is belongs to that.
  if (group.needsSync && engine.hasReserve) writer.layZerosAhead();
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

/**
 * Without the reserve only deletions are taken, so that they never find the disk filled up by what
 * came before them. `error`: why there is none.
 */
export function acceptable(
  requests: readonly CommitRequest[],
  error: unknown,
): readonly CommitRequest[] {
  if (error === undefined) return requests;
  const doing = 'there is no room for the reserve that deletions need';
  for (const request of requests) {
    if (!isDeletion(request)) request.reject(toStorageError(error, { doing, committed: 'no' }));
  }
  return requests.filter(isDeletion);
}

/**
 * How many of the waiting requests make up the next group. Without the reserve deletions that are
 * first in line go alone: what room there is has been made for them.
 */
export function groupEnd(
  waiting: readonly CommitRequest[],
  { hasReserve }: { readonly hasReserve: boolean },
): number {
  const end = groupEndBySize(waiting);
  if (hasReserve) return end;
  const deletions = waiting.slice(0, end).findIndex((request) => !isDeletion(request));
  return deletions > 0 ? deletions : end;
}

function groupEndBySize(waiting: readonly CommitRequest[]): number {
  const endMax = Math.min(waiting.length, GROUP_COUNT_MAX);
  let size = 0;
  let end = 0;
  while (end < endMax && size < GROUP_SIZE_TARGET) {
    size += (waiting[end] as CommitRequest).size;
    end++;
  }
  return end;
}
