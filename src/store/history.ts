/**
 * Which files make up the store: a snapshot (or none) and the run of WALs that continues it. Pure.
 *
 * WALs name their predecessor, so the run is followed backwards from the newest one that counts.
 * Files beside it (an unfinished snapshot, a WAL that was superseded) are leftovers.
 */
import { bytesEqual } from '../bytes/bytes.ts';
import type { Damage } from '../errors.ts';
import type { SnapshotFooter } from '../snapshot/footer.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import { startOfWal } from '../wal/wal-header.ts';
import { headName, snapshotName, walName } from './file-names.ts';
import type { SnapshotState } from './recovery.ts';
import type { SoundWal, Survey } from './survey.ts';

/** In a footer: the snapshot was written by an open, for the WAL that it started right behind it. */
export const WAL_AT_OPEN = 0;

export interface History {
  /** The snapshot with those beneath it, newest first; empty where replay starts from nothing. */
  readonly stack: readonly SnapshotReader[];
  /** To be replayed over it, oldest first. */
  readonly wals: readonly SoundWal[];
  readonly snapshotState: SnapshotState;
  /** Undefined where the WALs decide: clean, torn or corrupt is known after the replay. */
  readonly walState: 'none' | 'unfinished' | 'gap' | undefined;
  /** What is missing or damaged, newest first. */
  readonly damage: readonly Damage[];
}

/** `wals`: those of the survey that count, newest first. */
export function chooseHistory(survey: Survey, wals: readonly SoundWal[]): History {
  const stacks = soundStacks(survey.snapshots);
  const gap = headGap(survey, wals, stacks[0]?.[0]);
  for (let top = 0; top < wals.length; top++) {
    const run = runFrom(wals, top);
    const found = chooseBase(run, stacks);
    if (found === undefined) continue;
    const isWhole = top === 0 && gap === undefined;
    return {
      ...found,
      snapshotState: snapshotStateOf(survey, found.stack),
      walState: isWhole ? undefined : 'gap',
      damage: [
        ...(gap === undefined ? [] : [gap]),
        ...missingBelow(wals, top),
        ...unsound(survey),
        ...missingSnapshots(survey, found.stack),
      ],
    };
  }
  return withoutWals(survey, { wals, stacks, gap });
}

/** Every snapshot whose whole stack is there, newest first. */
function soundStacks(snapshots: readonly SnapshotReader[]): SnapshotReader[][] {
  const byGeneration = new Map(snapshots.map((reader) => [reader.footer.generation, reader]));
  return snapshots.flatMap((top) => {
    const stack = [top];
    for (const { generation, root } of top.footer.beneath) {
      const reader = byGeneration.get(generation);
      if (reader === undefined || !bytesEqual(reader.footer.root, root)) return [];
      stack.push(reader);
    }
    return stack.at(-1)?.footer.kind === 'full' ? [stack] : [];
  });
}

/** The WAL at `top` and its predecessors as far as they are there, newest first. */
function runFrom(wals: readonly SoundWal[], top: number): SoundWal[] {
  const byGeneration = new Map(wals.map((wal) => [wal.header.generation, wal]));
  const run: SoundWal[] = [];
  let wal = wals[top];
  while (wal !== undefined) {
    run.push(wal);
    const { predecessor, generation } = wal.header;
    const isOlder = predecessor !== undefined && predecessor.generation < generation;
    wal = isOlder ? byGeneration.get(predecessor.generation) : undefined;
  }
  return run;
}

/** The newest snapshot from which the run goes on without a gap, and the part that follows it. */
function chooseBase(
  run: readonly SoundWal[],
  stacks: readonly SnapshotReader[][],
): Pick<History, 'stack' | 'wals'> | undefined {
  for (const stack of [...stacks, []]) {
    const reached = stack[0]?.footer.sequence ?? 0;
    const top = stack[0];
    if (top !== undefined && !isContinued(top.footer, run)) continue;
    const start = run.findIndex((wal) => startOfWal(wal.header).sequence <= reached);
    if (start >= 0) return { stack, wals: run.slice(0, start + 1).reverse() };
  }
  return undefined;
}

/** The generation from which on WALs go on from the snapshot. */
export function nextWalOf({ wal, generation }: SnapshotFooter): number {
  return wal === WAL_AT_OPEN ? generation + 1 : wal;
}

/**
 * False where the run took over from before the snapshot, or with another history: it was made by
 * an open that had given the snapshot up.
 */
function isContinued(footer: SnapshotFooter, run: readonly SoundWal[]): boolean {
  const next = run.filter((wal) => wal.header.generation >= nextWalOf(footer)).at(-1);
  if (next === undefined) return true;
  const { publishedAt, publishedChain } = next.header;
  if (publishedAt === footer.sequence) return bytesEqual(publishedChain, footer.chain);
  return publishedAt > footer.sequence;
}

/** A WAL that should be above the newest one that counts, and is missing or has no header. */
function headGap(
  survey: Survey,
  wals: readonly SoundWal[],
  newest: SnapshotReader | undefined,
): Damage | undefined {
  const top = wals[0]?.header.generation ?? 0;
  const damaged = survey.damagedWals.find((wal) => wal.generation > top);
  if (damaged !== undefined) {
    return { file: damaged.name, offset: damaged.offset, reason: damaged.reason };
  }
  const named = newest?.footer.wal ?? 0;
  if (named > top) return missing(named, newest?.name);
  return survey.head > top ? missing(survey.head, headName(survey.head)) : undefined;
}

function missing(generation: number, witness: string | undefined): Damage {
  const reason = `${witness} names it; it is missing`;
  return { file: walName(generation), offset: 0, reason };
}

/** What the runs from newer WALs lacked, where an older one had to be taken. */
function missingBelow(wals: readonly SoundWal[], top: number): Damage[] {
  return wals.slice(0, top).flatMap((_, i) => {
    const oldest = runFrom(wals, i).at(-1) as SoundWal;
    const named = oldest.header.predecessor?.generation;
    const reason = `${oldest.name} names it; it is missing or damaged`;
    return named === undefined ? [] : [{ file: walName(named), offset: 0, reason }];
  });
}

/** Snapshots that would be newer than what is used, if they, and all beneath them, were there. */
function missingSnapshots(survey: Survey, stack: readonly SnapshotReader[]): Damage[] {
  const used = stack[0]?.footer.generation ?? 0;
  const roots = new Map(survey.snapshots.map(({ footer }) => [footer.generation, footer.root]));
  const damaged = new Set(survey.damagedSnapshots.map(({ generation }) => generation));
  const found = new Map<number, Damage>();
  const note = (generation: number, reason: string): void => {
    if (damaged.has(generation) || found.has(generation)) return;
    found.set(generation, { file: snapshotName(generation), offset: 0, reason });
  };
  for (const { name, footer } of survey.snapshots.filter((top) => top.footer.generation > used)) {
    for (const { generation, root } of footer.beneath) {
      const there = roots.get(generation);
      if (there === undefined) note(generation, `${name} lies on it; it is missing`);
      else if (!bytesEqual(there, root)) note(generation, `${name} lies on another one`);
    }
  }
  for (const { name, header } of survey.wals) {
    const { snapshot = 0 } = header;
    if (snapshot > used && !roots.has(snapshot)) note(snapshot, `${name} names it; it is missing`);
  }
  return [...found.values()];
}

function snapshotStateOf(survey: Survey, stack: readonly SnapshotReader[]): SnapshotState {
  const used = stack[0]?.footer.generation ?? 0;
  const isNewerDamaged = survey.damagedSnapshots.some((file) => file.generation > used);
  const isNewerNamed = survey.wals.some((wal) => (wal.header.snapshot ?? 0) > used);
  const isNewerThere = survey.snapshots.some((reader) => reader.footer.generation > used);
  if (isNewerDamaged || isNewerNamed || isNewerThere) return 'older';
  return stack.length === 0 ? 'none' : 'sound';
}

function withoutWals(
  survey: Survey,
  found: {
    readonly wals: readonly SoundWal[];
    readonly stacks: readonly SnapshotReader[][];
    readonly gap: Damage | undefined;
  },
): History {
  const { wals, stacks, gap } = found;
  const stack = stacks[0] ?? [];
  const isUnfinished = survey.unfinished.some((file) => file.kind === 'wal');
  const isGap = survey.wals.length > 0 || survey.damagedWals.length > 0 || gap !== undefined;
  // An unfinished snapshot without a WAL is not what a crash leaves either.
  const isAnySnapshot =
    survey.snapshots.length > 0 ||
    survey.damagedSnapshots.length > 0 ||
    survey.unfinished.some((file) => file.kind === 'snap');
  const isLost = stack.length === 0 && (isGap || isAnySnapshot);
  const damage = [
    ...(gap === undefined ? [] : [gap]),
    ...missingSnapshots(survey, stack),
    ...unsound(survey),
  ];
  return {
    stack,
    wals: [],
    snapshotState: isLost ? 'lost' : snapshotStateOf(survey, stack),
    walState: isGap ? 'gap' : isUnfinished ? 'unfinished' : 'none',
    // Where nobody names the snapshot that was beneath the oldest WAL, its predecessor is missed.
    damage: damage.length > 0 ? damage : missingBelow(wals, 1),
  };
}

function unsound(survey: Survey): Damage[] {
  return [...survey.damagedWals, ...survey.damagedSnapshots].map(({ name, offset, reason }) => ({
    file: name,
    offset,
    reason,
  }));
}
