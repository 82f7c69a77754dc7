import type { Engine } from './engine.ts';

export interface CheckpointReport {
  /** The state that is in snapshots now reaches up to this commit. */
  readonly sequence: number;
  /** Snapshot files that make up the state, and their size. */
  readonly snapshots: number;
  readonly snapshotBytes: number;
  /** WAL files that an open would still replay. */
  readonly wals: number;
  /** Hash over all entries; of one full snapshot, equal for equal states of any history. */
  readonly root: Uint8Array | undefined;
}

export function reportOf({ state, files }: Engine): CheckpointReport {
  return {
    sequence: state.snapshots[0]?.footer.sequence ?? 0,
    snapshots: state.snapshots.length,
    snapshotBytes: state.snapshots.reduce((size, reader) => size + reader.footer.length, 0),
    wals: files.replayedWalCount,
    root: state.snapshots[0]?.footer.root,
  };
}
