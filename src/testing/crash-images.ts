/**
 * What a power cut may leave of a disk: any subset of the sectors and directory entries that were
 * not synced, file sizes between old and new, and sectors damaged where they were being written.
 */
import type { GrowingBytes } from '../fs/growing-bytes.ts';
import {
  allArrived,
  damagedOutcomes,
  everyOutcome,
  type FileOutcome,
  nothingArrived,
  outcomeContent,
  outcomeCount,
  randomOutcome,
  subsetOutcomes,
  subsets,
  uncutOutcomes,
} from './file-outcome.ts';
import { SeededRandom } from './seeded-random.ts';
import type { SimulatedInode } from './simulated-inode.ts';

type Directory = ReadonlyMap<string, SimulatedInode>;

/** A creation, or the removal of a name where there is no inode. */
export interface NameOperation {
  readonly name: string;
  readonly inode?: SimulatedInode;
}

export interface CrashState {
  readonly durableNames: Directory;
  /** Since the last sync of the directory, in order. */
  readonly operations: readonly NameOperation[];
}

export interface CrashImageOptions {
  /** How many images at most, where they are too many to enumerate. Default 1000. */
  readonly limit?: number;
  /** Decides which. Default 1. */
  readonly seed?: number;
}

/** What of the unsynced is there after a power cut. */
export interface Remainder {
  /** Those of the state's that arrived, in their order. */
  readonly operations: readonly NameOperation[];
  /** Files that are not in it are whole. */
  readonly outcomes: ReadonlyMap<SimulatedInode, FileOutcome>;
}

export type ImageContent = Map<string, GrowingBytes>;

/** Up to this many sectors and directory operations, every subset of them is tried. */
const COMPLETE_UNIT_COUNT_MAX = 12;
/** Up to this many images, every subset is tried with every combination of file sizes. */
const COMPLETE_IMAGE_COUNT_MAX = 2 ** 13;

/** The first is that in which nothing arrived. */
export function* crashRemainders(
  state: CrashState,
  options: CrashImageOptions,
): Generator<Remainder> {
  const limit = options.limit ?? 1000;
  const random = new SeededRandom(options.seed ?? 1);
  if (unitCount(state) > COMPLETE_UNIT_COUNT_MAX) {
    yield* sampledRemainders(state, limit, random);
    return;
  }
  if (remainderCount(state) <= COMPLETE_IMAGE_COUNT_MAX) {
    yield* everyRemainder(state, everyOutcome);
  } else {
    yield* everyRemainder(state, (inode) => subsetOutcomes(inode, 'shortest'));
    yield* everyRemainder(state, (inode) => subsetOutcomes(inode, 'new'));
    yield* randomRemainders(state, limit, random);
  }
  yield* specialRemainders(state, (inode) => damagedOutcomes(inode, random));
  yield* specialRemainders(state, uncutOutcomes);
}

export function imageContent(state: CrashState, { operations, outcomes }: Remainder): ImageContent {
  const image: ImageContent = new Map();
  for (const [name, inode] of directoryAfter(state, operations)) {
    image.set(name, cachedContent(inode, outcomes.get(inode) ?? allArrived(inode)));
  }
  return image;
}

/** Many remainders share an outcome: their images share its bytes. */
const contents = new WeakMap<FileOutcome, GrowingBytes>();

function cachedContent(inode: SimulatedInode, outcome: FileOutcome): GrowingBytes {
  const content = contents.get(outcome) ?? outcomeContent(inode, outcome);
  contents.set(outcome, content);
  return content.fork();
}

/**
 * How many remainders `crashRemainders` yields at most where it yields every subset with every
 * combination of sizes; undefined where there are too many for that.
 */
export function completeCount(state: CrashState): number | undefined {
  if (unitCount(state) > COMPLETE_UNIT_COUNT_MAX) return undefined;
  const count = remainderCount(state);
  if (count > COMPLETE_IMAGE_COUNT_MAX) return undefined;
  const specials = [...inodesOf(state)].map(
    (inode) => 3 * inode.differingSectors().size + inode.cutSectors.size + 1,
  );
  return specials.reduce((sum, special) => sum + special, count);
}

/** Every file that a name leads, or led, to since the last sync of the directory. */
export function inodesOf(state: CrashState): ReadonlySet<SimulatedInode> {
  const inodes = new Set(state.durableNames.values());
  for (const { inode } of state.operations) if (inode !== undefined) inodes.add(inode);
  return inodes;
}

function unitCount(state: CrashState): number {
  const sectorCounts = [...inodesOf(state)].map((inode) => inode.differingSectors().size);
  return sectorCounts.reduce((sum, count) => sum + count, state.operations.length);
}

function remainderCount(state: CrashState): number {
  return everyOperations(state).reduce((sum, operations) => {
    const counts = [...directoryAfter(state, operations).values()].map(outcomeCount);
    return sum + counts.reduce((product, count) => product * count, 1);
  }, 0);
}

/** Subsets of the operations, one for each directory that they may give. */
function everyOperations(state: CrashState): (readonly NameOperation[])[] {
  const found = new Map<string, readonly NameOperation[]>();
  const inodes = [...inodesOf(state)];
  for (const operations of subsets(state.operations)) {
    const entries = [...directoryAfter(state, operations)].map(
      ([name, inode]) => `${name} ${inodes.indexOf(inode)}`,
    );
    const directory = entries.sort().join();
    if (!found.has(directory)) found.set(directory, operations);
  }
  return [...found.values()];
}

export function directoryAfter(state: CrashState, operations: readonly NameOperation[]): Directory {
  const names = new Map(state.durableNames);
  for (const { name, inode } of operations) {
    if (inode === undefined) names.delete(name);
    else names.set(name, inode);
  }
  return names;
}

type Outcomes = (inode: SimulatedInode) => Iterable<FileOutcome>;

/** Every directory, with every combination of what `outcomes` says of its files. */
function* everyRemainder(state: CrashState, outcomes: Outcomes): Generator<Remainder> {
  for (const operations of everyOperations(state)) {
    const files = [...directoryAfter(state, operations).values()];
    const choices = files.map((inode) => [inode, [...outcomes(inode)]] as const);
    for (const combination of combinations(choices)) yield { operations, outcomes: combination };
  }
}

type Choices = readonly (readonly [SimulatedInode, readonly FileOutcome[]])[];

function* combinations([choice, ...rest]: Choices): Generator<Map<SimulatedInode, FileOutcome>> {
  if (choice === undefined) {
    yield new Map();
    return;
  }
  const [inode, outcomes] = choice;
  for (const outcome of outcomes) {
    for (const combination of combinations(rest)) yield combination.set(inode, outcome);
  }
}

/** Everything arrives, but one file at a time in each of its `outcomes`. */
function* specialRemainders(state: CrashState, outcomes: Outcomes): Generator<Remainder> {
  const { operations } = state;
  for (const inode of new Set(directoryAfter(state, operations).values())) {
    for (const outcome of outcomes(inode)) {
      yield { operations, outcomes: new Map([[inode, outcome]]) };
    }
  }
}

function* sampledRemainders(
  state: CrashState,
  limit: number,
  random: SeededRandom,
): Generator<Remainder> {
  let count = 0;
  for (const remainder of cornerRemainders(state)) {
    count += 1;
    yield remainder;
  }
  yield* randomRemainders(state, limit - count, random);
}

/** Nothing arrived; all did; all but one. */
export function* cornerRemainders(state: CrashState): Generator<Remainder> {
  yield nothing(state);
  yield { operations: state.operations, outcomes: new Map() };
  yield* specialRemainders(state, allButOne);
  for (const missing of state.operations) {
    const operations = state.operations.filter((operation) => operation !== missing);
    yield { operations, outcomes: new Map() };
  }
}

function nothing(state: CrashState): Remainder {
  const outcomes = [...inodesOf(state)].map((inode) => [inode, nothingArrived(inode)] as const);
  return { operations: [], outcomes: new Map(outcomes) };
}

export function* randomRemainders(
  state: CrashState,
  count: number,
  random: SeededRandom,
): Generator<Remainder> {
  for (let index = 0; index < count; index++) {
    const operations = state.operations.filter(() => random.isHeads());
    const outcomes = new Map<SimulatedInode, FileOutcome>();
    for (const inode of directoryAfter(state, operations).values()) {
      outcomes.set(inode, randomOutcome(inode, random));
    }
    yield { operations, outcomes };
  }
}

function* allButOne(inode: SimulatedInode): Generator<FileOutcome> {
  const { size, survivors } = allArrived(inode);
  for (const missing of survivors) {
    yield { size, survivors: survivors.filter((sector) => sector !== missing) };
  }
}
