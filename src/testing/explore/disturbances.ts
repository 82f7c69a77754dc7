/** Everything that can go wrong in a run, by kind, and a choice of it where it is too much. */
import type { PortCall, SyncPersonality } from '../fault.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { ExploredFault } from './plan.ts';
import type { Recording } from './recording.ts';
import { type Disturbance, isSync } from './trial.ts';

/** Disturbances of one place, by number: there may be far too many to list. */
export interface Group {
  readonly size: number;
  at(index: number): Disturbance;
}

const PERSONALITIES: readonly SyncPersonality[] = ['ext4', 'btrfs', 'delayed', 'lying'];
const REPETITIONS = ['once', 'for ever'] as const;

export function groupsOf(fault: ExploredFault, recording: Recording): Group[] {
  const { calls } = recording;
  switch (fault) {
    case 'crash':
      return [...momentGroups(fault, recording), ...calls.map(crashesInside)];
    case 'power-loss':
      return momentGroups(fault, recording);
    case 'io-error':
      return calls.map((call) => listed(ioErrorsAt(call)));
    case 'sync-failure':
      return calls.filter(isSync).map(({ index }) => listed(syncFailuresAt(index)));
    case 'disk-full':
      return fullDisks(recording);
    case 'rot':
      return rottenFiles(recording);
  }
}

function listed(disturbances: readonly Disturbance[]): Group {
  return { size: disturbances.length, at: (index) => disturbances[index] as Disturbance };
}

function momentGroups(fault: 'crash' | 'power-loss', { moments }: Recording): Group[] {
  return moments.map(({ ordinal }) => listed([{ fault, moment: ordinal }]));
}

function crashesInside({ index: call, kind, byteCount = 0 }: PortCall): Group {
  const size = kind === 'write' ? Math.max(0, byteCount - 1) : 0;
  return { size, at: (index) => ({ fault: 'crash', call, afterBytes: index + 1 }) };
}

function ioErrorsAt({ index: call, kind, byteCount = 0 }: PortCall): Disturbance[] {
  const errors = REPETITIONS.map((repetition): Disturbance => {
    return { fault: 'io-error', call, repetition };
  });
  if (kind !== 'read' && kind !== 'write') return errors;
  const half = Math.floor(byteCount / 2);
  const counts = kind === 'read' ? [half] : [0, half, byteCount - 1];
  const short = [...new Set(counts)].filter((count) => count >= 0 && count < byteCount);
  return [
    ...errors,
    ...short.map((count): Disturbance => ({ fault: 'io-error', call, byteCount: count })),
  ];
}

function syncFailuresAt(call: number): Disturbance[] {
  return PERSONALITIES.flatMap((personality) =>
    REPETITIONS.map((repetition) => {
      return { fault: 'sync-failure' as const, call, personality, repetition };
    }),
  );
}

/** Every size from that of the start to the largest, each at the first write that it cuts short. */
function fullDisks({ calls, usedBytes }: Recording): Group[] {
  let covered = usedBytes[0] ?? 0;
  return calls.map(({ kind, index: call, byteCount = 0 }) => {
    const start = covered;
    if (kind === 'write') covered = Math.max(covered, (usedBytes[call] ?? 0) + byteCount);
    return {
      size: covered - start,
      at: (index) => ({ fault: 'disk-full', capacity: start + index }),
    };
  });
}

function rottenFiles({ end: { disk } }: Recording): Group[] {
  return disk
    .names()
    .sort()
    .map((file) => ({
      size: disk.readFile(file).length * 8,
      at: (index) => ({ fault: 'rot', file, offset: Math.floor(index / 8), bit: index % 8 }),
    }));
}

/** All of them, or as many as may be, spread over the groups, and in a group from end to end. */
export function chooseDisturbances(
  groups: readonly Group[],
  countMax: number,
  random: SeededRandom,
): Disturbance[] {
  const filled = groups.filter(({ size }) => size > 0);
  const chosen = chooseIndexes(filled.length, countMax, random).map((at) => filled[at] as Group);
  const shares = evenShares(
    chosen.map(({ size }) => size),
    countMax,
  );
  return chosen.flatMap((group, index) =>
    chooseIndexes(group.size, shares[index] ?? 0, random).map((at) => group.at(at)),
  );
}

/** How much of each is had when what one does not need goes to the others. */
export function evenShares(sizes: readonly number[], total: number): number[] {
  const shares = sizes.map(() => 0);
  const order = [...sizes.keys()].sort((a, b) => (sizes[a] ?? 0) - (sizes[b] ?? 0));
  let left = total;
  for (const [place, index] of order.entries()) {
    const share = Math.min(sizes[index] ?? 0, Math.ceil(left / (order.length - place)));
    shares[index] = Math.min(share, left);
    left -= shares[index];
  }
  return shares;
}

/** The first and the last are among them; one is chosen out of each of as many equal parts. */
function chooseIndexes(size: number, count: number, random: SeededRandom): number[] {
  if (count >= size) return Array.from({ length: size }, (_, index) => index);
  if (count === 1) return [random.below(size)];
  const part = size / count;
  return Array.from({ length: count }, (_, index) => {
    if (index === 0) return 0;
    if (index === count - 1) return size - 1;
    const start = Math.floor(index * part);
    return start + random.below(Math.max(1, Math.floor((index + 1) * part) - start));
  });
}
