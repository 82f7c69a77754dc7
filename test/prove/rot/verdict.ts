/**
 * What an open of a damaged copy of a golden store may come to.
 *
 * Never other data, and never fewer commits without a word. The one exception is stated in `tornAt`.
 */
import { CorruptionError, OnewalError, type RecoveryMode, type Store } from '../../../src/index.ts';
import { WAL_HEADER_SIZE } from '../../../src/wal/wal-header.ts';
import { type Damage, matters } from './damage.ts';
import type { FramePlace, GoldenStore } from './golden-stores.ts';
import { type Files, filesOf, firstDifference, shown, writable } from './plain-files.ts';
import { headText, MISSING, readableEntries, readState } from './state-text.ts';

/** How a store is opened: another one can be planted, to see that the verdict notices. */
export type Opener = typeof Store.openSync;

/** `same`, `torn`: less, as `tornAt` allows. `refused`, also by reads of blocks. `less`: with a report. */
export type Outcome = 'same' | 'torn' | 'refused' | 'less';

/** Says what is false. */
export class FalseStateError extends Error {
  override readonly name = 'FalseStateError';
}

export interface Case {
  readonly store: GoldenStore;
  readonly damage: Damage;
  /** One fault only: the files that a fault took from the store cannot have borne witness of another. */
  readonly isSingle: boolean;
}

const REFUSALS: ReadonlySet<string> = new Set(['CORRUPT', 'MISSING_FILE']);

/**
 * The exception. Damage that takes the end of the WAL written last, and leaves behind it no frame
 * that knows of the commits it took, looks like the tail that a crash tears: nothing else was
 * written after them that could tell. It opens with all commits before the damage, never less.
 * Undefined where that is not what happened.
 */
export function tornAt({ store, damage }: Case): number | undefined {
  const { newestWal, files, frames } = store;
  const [before, after] = [files.get(newestWal), damage.files.get(newestWal)];
  if (before === undefined || after === undefined || before === after) return undefined;
  const start = firstDifference(before, after);
  const places = frames.get(newestWal) ?? [];
  const kept = places.filter(({ end }) => end <= start);
  const last = kept.filter(({ isCommit }) => isCommit).at(-1);
  const first = places[0];
  const reached = last?.sequence ?? (first === undefined ? store.sequence : baseOf(first));
  const behind = places.slice(kept.length).filter((place) => isIntact(place, before, after));
  const isKnown = [...kept, ...behind].some(({ durable }) => durable > reached);
  return isKnown || reached >= store.sequence ? undefined : reached;
}

function baseOf({ sequence, isCommit, isPart }: FramePlace): number {
  return isCommit || isPart ? sequence - 1 : sequence;
}

function isIntact({ offset, end }: FramePlace, before: Uint8Array, after: Uint8Array): boolean {
  if (end > after.length) return false;
  for (let at = offset; at < end; at++) if (before[at] !== after[at]) return false;
  return true;
}

/** Throws FalseStateError, and whatever an open must not throw. */
export function judgeReading(found: Case, recovery: RecoveryMode, open: Opener): Outcome {
  let store: Store;
  try {
    store = open(shown(found.damage.files), { readOnly: true, recovery });
  } catch (error) {
    return refusalOf(found, error);
  }
  try {
    return judgeState(found, store, recovery);
  } finally {
    store.closeSync();
  }
}

function refusalOf({ damage, isSingle }: Case, error: unknown): Outcome {
  if (!(error instanceof OnewalError)) throw error;
  const isDocumented =
    REFUSALS.has(error.code) ||
    (damage.isForeign && error.code === 'FOREIGN_FILE') ||
    (!isSingle && error.code === 'NOT_FOUND' && isHardlyBegun(damage.files));
  if (isDocumented) return 'refused';
  throw error;
}

/** What a crash within the creation leaves: it takes two faults to make that of a store. */
function isHardlyBegun(files: Files): boolean {
  return [...files].every(
    ([name, { length }]) => !matters(name) || (name.endsWith('.wal') && length < WAL_HEADER_SIZE),
  );
}

function judgeState(found: Case, opened: Store, recovery: RecoveryMode): Outcome {
  const { store } = found;
  let text: string;
  try {
    text = readState(opened).text;
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    requireLazy(recovery);
    requireEntriesOfStore(found, opened);
    return judgeSequence(found, opened, recovery) === 'less' ? 'less' : 'refused';
  }
  if (text === store.state) return 'same';
  const outcome = judgeSequence(found, opened, recovery);
  const known = store.states.get(opened.info.sequence);
  if (known === text) return outcome;
  const isReported = opened.info.loss !== undefined;
  if (!found.isSingle && isReported && store.inDoubt.has(text)) return 'less';
  if (recovery === 'skip-corrupt' && isReported) {
    requireKnownEntries(found, text);
    return 'less';
  }
  throw new FalseStateError(`holds ${differenceOf(text, known ?? store.state)}`);
}

/** Modes that read every block before they open meet no damaged one later. */
function requireLazy(recovery: RecoveryMode): void {
  if (recovery === 'safe' || recovery === 'inspect') return;
  throw new FalseStateError(`an open in mode ${recovery} leaves damaged blocks to reads`);
}

function judgeSequence(found: Case, opened: Store, recovery: RecoveryMode): Outcome {
  const { store, isSingle } = found;
  const { sequence, loss } = opened.info;
  if (sequence === store.sequence) return 'same';
  if (sequence > store.sequence) throw new FalseStateError(`commit ${sequence} never was`);
  const torn = tornAt(found);
  if (torn === sequence) return 'torn';
  // Two faults at once are beyond the promise; but the state is one that was.
  if (!isSingle) return 'less';
  const isReported = loss !== undefined && loss.firstLost <= sequence + 1;
  if (isReported && recovery !== 'safe' && recovery !== 'strict') return 'less';
  throw new FalseStateError(
    `opens at commit ${sequence} of ${store.sequence}` +
      (torn === undefined ? '' : `, where ${torn} are before the damage`),
  );
}

function requireEntriesOfStore({ store }: Case, opened: Store): void {
  if (opened.info.sequence === store.sequence) {
    const head = store.state.slice(0, store.state.indexOf('\n'));
    if (headText(opened) !== head) throw new FalseStateError('has other figures');
    const allowed = new Set(store.entries.map(({ text }) => text));
    requireAll(readableEntries(opened, store.entries), allowed);
    return;
  }
  // An earlier state need not have them all.
  requireAll(readableEntries(opened, store.entries), new Set([...store.entryTexts, MISSING]));
}

function requireKnownEntries({ store }: Case, text: string): void {
  requireAll(text.split('\n').slice(1), store.entryTexts);
}

function requireAll(texts: readonly string[], allowed: ReadonlySet<string>): void {
  const odd = texts.find((text) => !allowed.has(text));
  if (odd !== undefined) throw new FalseStateError(`holds ${odd}`);
}

function differenceOf(text: string, expected: string): string {
  const known = new Set(expected.split('\n'));
  const odd = text.split('\n').find((line) => !known.has(line));
  return odd ?? `only ${text.split('\n').length} of ${known.size} lines`;
}

/**
 * Opens for writing: what it finds is what a reader finds, one more commit holds, and so does the
 * next open. What is refused is left as it is, byte by byte.
 */
export function judgeWriting(found: Case, recovery: RecoveryMode, open: Opener): Outcome {
  const { files } = found.damage;
  const fs = writable(files);
  let store: Store;
  try {
    store = open(fs, { recovery });
  } catch (error) {
    requireUntouched(files, filesOf(fs));
    return refusalOf(found, error);
  }
  try {
    const outcome = judgeState(found, store, recovery);
    if (outcome === 'refused') return outcome;
    store.map('after', { key: 'utf8', value: 'utf8' }).putSync('key', 'value');
    const { text } = readState(store);
    store.closeSync();
    store = open(fs, { recovery });
    if (readState(store).text === text) return outcome;
    throw new FalseStateError(
      `after one more commit, ${differenceOf(readState(store).text, text)}`,
    );
  } finally {
    store.closeSync();
  }
}

export function requireUntouched(before: Files, after: Files): void {
  for (const [name, bytes] of before) {
    const now = after.get(name);
    const isSame =
      now !== undefined &&
      now.length === bytes.length &&
      firstDifference(now, bytes) === bytes.length;
    if (!isSame) throw new FalseStateError(`${name} was changed by an open that was refused`);
  }
  for (const name of after.keys()) {
    if (!before.has(name))
      throw new FalseStateError(`${name} was made by an open that was refused`);
  }
}
