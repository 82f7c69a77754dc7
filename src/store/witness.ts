/**
 * Which snapshots may be believed. A file that looks whole may be in the memory of the system alone:
 * its sync failed, and the process died before it could remove the file. Or an open has given it up,
 * because of damage deep in it. So a snapshot counts where something names it that was written after
 * its sync, and that still counts itself; or where nothing else leads to its state.
 */
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import { scanWal } from '../wal/wal-reader.ts';
import { WAL_AT_OPEN } from './history.ts';
import type { SoundWal, Survey } from './survey.ts';

/** The newest WAL, in its header or in its last Sync record, or a newer footer names it. */
export function isWitnessed(
  reader: SnapshotReader,
  survey: Survey,
  newestWal: SoundWal | undefined,
): boolean {
  const { generation } = reader.footer;
  if (newestWal?.header.snapshot === generation || isBeneath(reader, survey)) return true;
  if (newestWal === undefined) return false;
  return scanWal(newestWal.file, newestWal.header).namedSnapshot === generation;
}

function isBeneath({ footer: { generation } }: SnapshotReader, { snapshots }: Survey): boolean {
  return snapshots.some(({ footer }) =>
    footer.beneath.some((named) => named.generation === generation),
  );
}

/** Without those that an open wrote for a WAL which it did not come to start. */
export function withoutOrphans(survey: Survey): Survey {
  const { wals, damagedWals, head } = survey;
  const started = [
    head,
    ...wals.map((wal) => wal.header.generation),
    ...damagedWals.map((wal) => wal.generation),
  ];
  const newest = Math.max(...started);
  const orphans = survey.snapshots.filter(
    ({ footer }) => footer.wal === WAL_AT_OPEN && footer.generation > newest,
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
