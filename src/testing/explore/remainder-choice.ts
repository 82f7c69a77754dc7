/** What a power cut leaves: chosen, written down, and made simpler. */
import {
  type CrashState,
  completeCount,
  cornerRemainders,
  crashRemainders,
  directoryAfter,
  inodesOf,
  type Remainder,
  randomRemainders,
} from '../crash-images.ts';
import { allArrived, type FileOutcome } from '../file-outcome.ts';
import { SeededRandom } from '../seeded-random.ts';
import type { SimulatedInode } from '../simulated-inode.ts';
import { wrongPlan } from './plan.ts';
import type { WrittenRemainder } from './trial.ts';

/** Of these, at least nothing and everything. */
const SAMPLED_COUNT_MIN = 2;
/** Many samples give an image that was seen: how many more are drawn than are wanted. */
const SURPLUS = 3;

export interface RemainderChoice {
  readonly remainders: Iterable<Remainder>;
  readonly isComplete: boolean;
}

/** Every remainder where there are at most `countMax`, else more than enough samples. */
export function chooseRemainders(
  state: CrashState,
  countMax: number,
  seed: number,
): RemainderChoice {
  const count = completeCount(state);
  if (count !== undefined && count <= countMax) {
    return { remainders: crashRemainders(state, { seed }), isComplete: true };
  }
  return {
    remainders: samples(state, Math.max(SAMPLED_COUNT_MIN, countMax), seed),
    isComplete: false,
  };
}

/** Nothing arrived, everything did, then in turn: all but one, and chance. */
function* samples(state: CrashState, count: number, seed: number): Generator<Remainder> {
  const random = new SeededRandom(seed);
  const corners = [...cornerRemainders(state)];
  yield* corners.splice(0, SAMPLED_COUNT_MIN);
  for (const sample of randomRemainders(state, count * SURPLUS, random)) {
    yield* corners.splice(random.below(corners.length), 1);
    yield sample;
  }
}

export function writeRemainder(state: CrashState, remainder: Remainder): WrittenRemainder {
  const arrived = new Set(remainder.operations);
  const lostNames = [...state.operations.keys()].filter((index) => {
    const operation = state.operations[index];
    return operation !== undefined && !arrived.has(operation);
  });
  const inodes = [...inodesOf(state)];
  const files: { [file: string]: FileOutcome } = {};
  for (const [inode, outcome] of remainder.outcomes) {
    if (!isWhole(inode, outcome)) files[inodes.indexOf(inode)] = outcome;
  }
  return { lostNames, files };
}

/** Throws INVALID_ARGUMENT when it is not of this state. */
export function readRemainder(state: CrashState, written: WrittenRemainder): Remainder {
  const inodes = [...inodesOf(state)];
  const outcomes = new Map<SimulatedInode, FileOutcome>();
  for (const [file, outcome] of Object.entries(written.files)) {
    const inode = inodes[Number(file)];
    if (inode === undefined) throw wrongPlan('replay is of another run');
    outcomes.set(inode, outcome);
  }
  const lost = new Set(written.lostNames);
  return { operations: state.operations.filter((_, index) => !lost.has(index)), outcomes };
}

function isWhole(inode: SimulatedInode, outcome: FileOutcome): boolean {
  const whole = allArrived(inode);
  const isDamaged = outcome.damage !== undefined || (outcome.uncut ?? []).length > 0;
  return (
    !isDamaged && outcome.size === whole.size && outcome.survivors.length === whole.survivors.length
  );
}

/** A name or a sector that did not arrive. */
export type LostUnit =
  | { readonly operation: number }
  | { readonly file: number; readonly sector: number };

export function lostUnits(state: CrashState, { lostNames, files }: WrittenRemainder): LostUnit[] {
  const inodes = [...inodesOf(state)];
  const sectors = Object.entries(files).flatMap(([file, { survivors }]) => {
    const differing = [...(inodes[Number(file)]?.differingSectors().keys() ?? [])];
    const lost = differing.filter((sector) => !survivors.includes(sector));
    return lost.map((sector) => ({ file: Number(file), sector }));
  });
  return [...lostNames.map((operation) => ({ operation })), ...sectors];
}

/** The same, but these have arrived. */
export function withRestored(
  state: CrashState,
  written: WrittenRemainder,
  units: readonly LostUnit[],
): WrittenRemainder {
  const names = new Set(units.map((unit) => ('operation' in unit ? unit.operation : -1)));
  const files = Object.entries(written.files).map(([file, outcome]) => {
    const sectors = units.flatMap((unit) => {
      return 'file' in unit && unit.file === Number(file) ? [unit.sector] : [];
    });
    return [file, { ...outcome, survivors: [...outcome.survivors, ...sectors] }] as const;
  });
  return simplifiedRemainder(state, {
    lostNames: written.lostNames.filter((index) => !names.has(index)),
    files: Object.fromEntries(files),
  });
}

/** In another state, without what `written` is without: names and sectors go by their file's name. */
export function sameLosses(
  from: { readonly state: CrashState; readonly written: WrittenRemainder },
  state: CrashState,
): WrittenRemainder {
  const units = lostUnits(from.state, from.written).map((unit) => unitName(from.state, unit));
  const lost = new Set(units);
  const everything = lostUnits(state, nothingLeft(state));
  const restored = everything.filter((unit) => !lost.has(unitName(state, unit)));
  return withRestored(state, nothingLeft(state), restored);
}

/** Nothing arrives but the sizes of the files. */
export function nothingLeft(state: CrashState): WrittenRemainder {
  const files = [...inodesOf(state)].map((inode, index): [number, FileOutcome] => {
    return [index, { size: inode.live.size, survivors: [] }];
  });
  return { lostNames: [...state.operations.keys()], files: Object.fromEntries(files) };
}

export function unitName(state: CrashState, unit: LostUnit): string {
  if ('sector' in unit) return `sector ${unit.sector} of ${fileName(state, unit.file)}`;
  const operation = state.operations[unit.operation];
  const what = operation?.inode === undefined ? 'removal' : 'creation';
  return `the ${what} of ${operation?.name}`;
}

export function fileName(state: CrashState, index: number): string {
  const inode = [...inodesOf(state)][index];
  const created = state.operations.map(({ name, inode: file }) => [name, file] as const);
  const names = [...state.durableNames, ...created];
  return names.find(([, candidate]) => candidate === inode)?.[0] ?? `file ${index}`;
}

/** Each with one file less damaged, or of its full size. */
export function lessDamaged(state: CrashState, written: WrittenRemainder): WrittenRemainder[] {
  const inodes = [...inodesOf(state)];
  return Object.entries(written.files).flatMap(([file, { size, survivors, damage, uncut }]) => {
    const fullSize = inodes[Number(file)]?.live.size ?? size;
    const isDamaged = damage !== undefined || (uncut ?? []).length > 0;
    const simpler: FileOutcome[] = [];
    if (isDamaged && size !== fullSize) simpler.push({ size: fullSize, survivors });
    if (isDamaged) simpler.push({ size, survivors });
    else if (size !== fullSize) simpler.push({ size: fullSize, survivors });
    return simpler.map((outcome) =>
      simplifiedRemainder(state, { ...written, files: { ...written.files, [file]: outcome } }),
    );
  });
}

/** Without files that are whole, or have no name. */
export function simplifiedRemainder(
  state: CrashState,
  written: WrittenRemainder,
): WrittenRemainder {
  const remainder = readRemainder(state, written);
  const named = new Set(directoryAfter(state, remainder.operations).values());
  const outcomes = [...remainder.outcomes].filter(([inode]) => named.has(inode));
  return writeRemainder(state, { ...remainder, outcomes: new Map(outcomes) });
}
