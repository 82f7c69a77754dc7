/**
 * What an open does, as two total tables without I/O. test/store/recovery.test.ts walks every
 * combination of both. Gathering the facts is survey.ts's and replay.ts's business.
 */
import type { RecoveryMode } from '../options.ts';

/** What is known at the first place where a WAL does not go on. */
export interface BreakFacts {
  /** The frame there has a sound header, a sound body, and continues the chain. */
  readonly isHeaderSound: boolean;
  readonly isBodySound: boolean;
  readonly isChained: boolean;
  /** It is of a type that this version neither knows nor may skip. */
  readonly isNewerType: boolean;
  readonly isZeroToEnd: boolean;
  readonly hasLaterFrames: boolean;
  /** Some witness says that a commit at or behind the break was durable. */
  readonly isAcknowledged: boolean;
  /** An End record, or the successor, says that this file was complete beyond or up to here. */
  readonly isWitnessed: boolean;
}

/**
 * `clean`: nothing was written here. `torn`: a crash cut unsynced bytes. `leftover`: a sound frame
 * of an append that was undone. `corrupt`: acknowledged data is damaged. `newer`: a later format.
 */
export type BreakKind = 'clean' | 'torn' | 'leftover' | 'corrupt' | 'newer';

/** The first row that fits decides; the last one fits everything. */
const BREAK_ROWS: readonly { readonly when: Partial<BreakFacts>; readonly kind: BreakKind }[] = [
  { when: { isNewerType: true, isChained: true }, kind: 'newer' },
  { when: { isAcknowledged: true }, kind: 'corrupt' },
  { when: { isWitnessed: true }, kind: 'corrupt' },
  { when: { isZeroToEnd: true }, kind: 'clean' },
  // A sound frame in its place that means nothing: no crash writes that.
  { when: { isHeaderSound: true, isBodySound: true, isChained: true }, kind: 'corrupt' },
  { when: { isHeaderSound: true, isBodySound: true }, kind: 'leftover' },
  // Unsynced sectors may arrive in any order: sound frames behind the break prove nothing.
  { when: {}, kind: 'torn' },
];

export function classifyBreak(facts: BreakFacts): BreakKind {
  const row = BREAK_ROWS.find(({ when }) =>
    (Object.keys(when) as (keyof BreakFacts)[]).every((name) => when[name] === facts[name]),
  );
  return (row as { readonly kind: BreakKind }).kind;
}

/**
 * `none`: there never was a snapshot. `sound`: the newest one is whole. `older`: the newest is not,
 * but an older state and the WALs since rebuild the same. `lost`: no base for the WALs is left.
 */
export type SnapshotState = 'none' | 'sound' | 'older' | 'lost';

/**
 * `none`: no WAL at all. `unfinished`: only ones whose creation a crash cut short. `gap`: one that
 * others name is missing, or its header is damaged. The others: the kind of the first break.
 */
export type WalState = 'none' | 'unfinished' | 'clean' | 'torn' | 'corrupt' | 'gap';

/** `cut` drops a torn tail, `roll back` acknowledged commits, `skip` leaves damaged ones out. */
export type Decision = 'create' | 'open' | 'cut' | 'roll back' | 'skip' | 'refuse';

export const SNAPSHOT_STATES = ['none', 'sound', 'older', 'lost'] as const;
export const WAL_STATES = ['none', 'unfinished', 'clean', 'torn', 'corrupt', 'gap'] as const;

type Row = { readonly [wal in WalState]: Decision };
type Table = { readonly [snapshot in SnapshotState]: Row };

const REFUSE_ALL: Row = row('refuse', 'refuse', 'refuse', 'refuse', 'refuse', 'refuse');

//                none        unfinished   clean     torn      corrupt      gap
const SAFE: Table = {
  none: row('create', 'create', 'open', 'cut', 'refuse', 'refuse'),
  sound: row('refuse', 'refuse', 'open', 'cut', 'refuse', 'refuse'),
  older: row('refuse', 'refuse', 'open', 'cut', 'refuse', 'refuse'),
  lost: REFUSE_ALL,
};

const STRICT: Table = {
  none: row('create', 'create', 'open', 'refuse', 'refuse', 'refuse'),
  sound: row('refuse', 'refuse', 'open', 'refuse', 'refuse', 'refuse'),
  older: REFUSE_ALL,
  lost: REFUSE_ALL,
};

// Never an empty state over the ruins of a full one: without a base even these refuse.
const POINT_IN_TIME: Table = {
  none: row('create', 'create', 'open', 'cut', 'roll back', 'roll back'),
  sound: row('roll back', 'roll back', 'open', 'cut', 'roll back', 'roll back'),
  older: row('roll back', 'roll back', 'open', 'cut', 'roll back', 'roll back'),
  lost: REFUSE_ALL,
};

const SKIP_CORRUPT: Table = {
  none: row('create', 'create', 'open', 'cut', 'skip', 'roll back'),
  sound: row('roll back', 'roll back', 'open', 'cut', 'skip', 'roll back'),
  older: row('roll back', 'roll back', 'open', 'cut', 'skip', 'roll back'),
  lost: REFUSE_ALL,
};

const TABLES: { readonly [mode in RecoveryMode]: Table } = {
  strict: STRICT,
  safe: SAFE,
  'point-in-time': POINT_IN_TIME,
  'skip-corrupt': SKIP_CORRUPT,
  inspect: POINT_IN_TIME,
};

export function decide(
  mode: RecoveryMode,
  found: { readonly snapshot: SnapshotState; readonly wal: WalState },
): Decision {
  return TABLES[mode][found.snapshot][found.wal];
}

/** The modes that read every block of every snapshot before they trust one. */
export function readsEverything(mode: RecoveryMode): boolean {
  return mode === 'strict' || mode === 'point-in-time' || mode === 'skip-corrupt';
}

function row(...decisions: [Decision, Decision, Decision, Decision, Decision, Decision]): Row {
  const [none, unfinished, clean, torn, corrupt, gap] = decisions;
  return { none, unfinished, clean, torn, corrupt, gap };
}
