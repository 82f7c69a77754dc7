/** What an open found, and what it did about it. */
import type { LossReport } from '../errors.ts';
import type { WalPosition } from '../wal/wal-header.ts';
import type { LoggedCommit } from '../wal/wal-writer.ts';
import type { State } from './draft.ts';
import type { WalFile } from './file-register.ts';
import type { Decision, SnapshotState, WalState } from './recovery.ts';
import type { TokenTable } from './tokens.ts';
import type { UsageTable } from './usage.ts';

/** In `store.info.recovery`. */
export interface RecoveryReport {
  readonly snapshot: SnapshotState;
  readonly wal: WalState;
  readonly decision: Decision;
  /** Commits replayed from WALs. */
  readonly replayedCommits: number;
  /** Bytes of a torn tail that were dropped: never acknowledged. */
  readonly droppedBytes: number;
  /** What was repaired or is worth a word; empty after a clean close. */
  readonly notes: readonly string[];
}

export interface Recovered {
  readonly store: Uint8Array;
  readonly isNew: boolean;
  readonly state: State;
  readonly usage: UsageTable;
  readonly tokens: TokenTable;
  readonly nextGeneration: number;
  /** Where the next generation takes over. */
  readonly predecessor: WalPosition | undefined;
  readonly logAgain: readonly LoggedCommit[];
  readonly wals: readonly WalFile[];
  /** Every file of ours that was there. */
  readonly names: readonly string[];
  /** Witnesses of WALs that were started: those that were there. */
  readonly headNames: readonly string[];
  /** Nothing can be had from these: unfinished files and damaged snapshots. */
  readonly useless: readonly string[];
  /** False: nothing says that the newest snapshot was synced, and nothing else leads to its state. */
  readonly isBaseNamed: boolean;
  /** The state cannot be had from the WALs again: write a snapshot before anything else. */
  readonly needsSnapshot: boolean;
  readonly chain: Uint8Array;
  readonly hasReserve: boolean;
  readonly report: RecoveryReport;
  readonly loss: LossReport | undefined;
  /** What must be copied to quarantine before a new generation is published. */
  readonly evidence: readonly Evidence[] | undefined;
}

/** A file from this offset on. */
export interface Evidence {
  readonly file: string;
  readonly offset: number;
}
