/**
 * What a power cut may leave of a disk: any subset of the sectors and directory entries that were
 * not synced, file sizes between old and new, and sectors damaged where they were being written.
 */
import type { GrowingBytes } from '../fs/growing-bytes.ts';
import {
  damagedOutcomes,
  everyOutcome,
  type FileOutcome,
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

export type ImageContent = Map<string, GrowingBytes>;

/** Up to this many sectors and directory operations, every subset of them is tried. */
const COMPLETE_UNIT_COUNT_MAX = 12;
/** Up to this many images, every subset is tried with every combination of file sizes. */
const COMPLETE_IMAGE_COUNT_MAX = 2 ** 13;

/** The first image is that in which nothing arrived. */
export function* crashImages(
  state: CrashState,
  options: CrashImageOptions,
): Generator<ImageContent> {
  const limit = options.limit ?? 1000;
  const random = new SeededRandom(options.seed ?? 1);
  if (unitCount(state) > COMPLETE_UNIT_COUNT_MAX) {
    yield* sampledImages(state, limit, random);
    return;
  }
  if (imageCount(state) <= COMPLETE_IMAGE_COUNT_MAX) {
    yield* everyImage(state, everyOutcome);
  } else {
    yield* everyImage(state, (inode) => subsetOutcomes(inode, 'shortest'));
    yield* everyImage(state, (inode) => subsetOutcomes(inode, 'new'));
    yield* randomImages(state, limit, random);
  }
  yield* specialImages(state, (inode) => damagedOutcomes(inode, random));
  yield* specialImages(state, uncutOutcomes);
}

function unitCount(state: CrashState): number {
  const inodes = new Set(state.durableNames.values());
  for (const { inode } of state.operations) if (inode !== undefined) inodes.add(inode);
  const sectorCounts = [...inodes].map((inode) => inode.differingSectors().size);
  return sectorCounts.reduce((sum, count) => sum + count, state.operations.length);
}

function imageCount(state: CrashState): number {
  return everyDirectory(state).reduce((sum, directory) => {
    const counts = [...directory.values()].map(outcomeCount);
    return sum + counts.reduce((product, count) => product * count, 1);
  }, 0);
}

/** The directories that subsets of the operations give, each once. */
function everyDirectory(state: CrashState): Directory[] {
  const directories = new Map<string, Directory>();
  const inodes = [...state.durableNames.values(), ...state.operations.map(({ inode }) => inode)];
  for (const operations of subsets(state.operations)) {
    const directory = directoryAfter(state, operations);
    const entries = [...directory].map(([name, inode]) => `${name} ${inodes.indexOf(inode)}`);
    directories.set(entries.sort().join(), directory);
  }
  return [...directories.values()];
}

function directoryAfter(state: CrashState, operations: readonly NameOperation[]): Directory {
  const names = new Map(state.durableNames);
  for (const { name, inode } of operations) {
    if (inode === undefined) names.delete(name);
    else names.set(name, inode);
  }
  return names;
}

type Outcomes = (inode: SimulatedInode) => Iterable<FileOutcome>;

/** Every directory, with every combination of what `outcomes` says of its files. */
function* everyImage(state: CrashState, outcomes: Outcomes): Generator<ImageContent> {
  for (const directory of everyDirectory(state)) yield* combinations([...directory], outcomes);
}

function* combinations(
  entries: readonly (readonly [string, SimulatedInode])[],
  outcomes: Outcomes,
): Generator<ImageContent> {
  const [entry, ...rest] = entries;
  if (entry === undefined) {
    yield new Map();
    return;
  }
  const [name, inode] = entry;
  for (const outcome of outcomes(inode)) {
    const content = outcomeContent(inode, outcome);
    for (const image of combinations(rest, outcomes)) yield image.set(name, content.fork());
  }
}

/** Everything arrives, but one file at a time in each of its `outcomes`. */
function* specialImages(state: CrashState, outcomes: Outcomes): Generator<ImageContent> {
  const directory = directoryAfter(state, state.operations);
  for (const [name, inode] of directory) {
    for (const outcome of outcomes(inode)) {
      yield imageOf(directory, allArrived).set(name, outcomeContent(inode, outcome));
    }
  }
}

function* sampledImages(
  state: CrashState,
  limit: number,
  random: SeededRandom,
): Generator<ImageContent> {
  let count = 0;
  for (const image of cornerImages(state)) {
    count += 1;
    yield image;
  }
  yield* randomImages(state, limit - count, random);
}

/** Nothing arrived; all did; all but one. */
function* cornerImages(state: CrashState): Generator<ImageContent> {
  const directory = directoryAfter(state, state.operations);
  yield imageOf(state.durableNames, ({ durable }) => ({ size: durable.size, survivors: [] }));
  yield imageOf(directory, allArrived);
  yield* specialImages(state, allButOne);
  for (const missing of state.operations) {
    const operations = state.operations.filter((operation) => operation !== missing);
    yield imageOf(directoryAfter(state, operations), allArrived);
  }
}

function* randomImages(
  state: CrashState,
  count: number,
  random: SeededRandom,
): Generator<ImageContent> {
  for (let index = 0; index < count; index++) {
    const operations = state.operations.filter(() => random.isHeads());
    yield imageOf(directoryAfter(state, operations), (inode) => randomOutcome(inode, random));
  }
}

function imageOf(
  directory: Directory,
  outcome: (inode: SimulatedInode) => FileOutcome,
): ImageContent {
  const image: ImageContent = new Map();
  for (const [name, inode] of directory) image.set(name, outcomeContent(inode, outcome(inode)));
  return image;
}

function allArrived(inode: SimulatedInode): FileOutcome {
  return { size: inode.live.size, survivors: inode.differingSectors().keys() };
}

function* allButOne(inode: SimulatedInode): Generator<FileOutcome> {
  const sectors = [...inode.differingSectors().keys()];
  for (const missing of sectors) {
    yield {
      size: inode.live.size,
      survivors: sectors.filter((sector) => sector !== missing),
    };
  }
}
