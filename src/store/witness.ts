/**
 * Which snapshots may be believed. A file that looks whole may be in the memory of the system alone:
 * its sync failed, and the process died before it could remove the file. So a snapshot counts where
 * something that was written after its sync names it, or where nothing else leads to its state: what
 * it supersedes is only removed when it is on the medium.
 */

import { bytesEqual } from '../bytes/bytes.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import { WAL_AT_OPEN } from './history.ts';
import type { Replay } from './replay.ts';
import type { Survey } from './survey.ts';

/** WAL headers, newer footers and, as far as they were replayed, Sync records name it. */
export function isWitnessed(reader: SnapshotReader, survey: Survey, replay: Replay): boolean {
  const { generation } = reader.footer;
  return isNamed(reader, survey) || replay.namedSnapshots.includes(generation);
}

function isNamed({ footer: { generation } }: SnapshotReader, survey: Survey): boolean {
  return (
    survey.wals.some((wal) => wal.header.snapshot === generation) ||
    survey.snapshots.some(({ footer }) =>
      footer.beneath.some((named) => named.generation === generation),
    )
  );
}

/** Without those that an open wrote for a WAL which it did not come to start. */
export function withoutOrphans(survey: Survey): Survey {
  const orphans = survey.snapshots.filter(
    (reader) => reader.footer.wal === WAL_AT_OPEN && !isNamed(reader, survey),
  );
  return orphans.reduce(withoutSnapshot, survey);
}

/** The snapshot counts as one that was never finished. */
export function withoutSnapshot(survey: Survey, reader: SnapshotReader): Survey {
  const { name, footer } = reader;
  return {
    ...survey,
    snapshots: survey.snapshots.filter((other) => other !== reader),
    unfinished: [...survey.unfinished, { name, kind: 'snap', generation: footer.generation }],
  };
}

/** Both lead to the same state by the same commits. */
export function isSameState(left: Replay, right: Replay): boolean {
  return left.draft.sequence === right.draft.sequence && bytesEqual(left.chain, right.chain);
}
