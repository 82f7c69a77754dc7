/**
 * What the callers of a store were told, and what must be true of it for that. Every commit leaves a
 * mark: so what is there tells which commits are, and these, replayed one behind the other, what
 * every map must hold to the last entry.
 */
import type { Commit, Store } from '../../../src/index.ts';
import { type Content, contentOf, Model, type ScriptedWrite } from '../../support/workload.ts';

export interface Told {
  readonly number: number;
  readonly writes: readonly ScriptedWrite[];
  readonly mark: Mark;
  readonly asked: Durability;
  answer: 'pending' | 'yes' | 'no' | 'unknown';
  /** Promised to survive a power cut. */
  isDurable: boolean;
  /** 0 until it is known. */
  sequence: number;
}

/** What a store that has the commit shows, and one without it does not. */
export type Mark =
  | { readonly is: 'there'; readonly map: string; readonly key: string }
  /** Of an entry that the commit with the mark `behind` had put there. */
  | { readonly is: 'gone'; readonly map: string; readonly key: string; readonly behind?: Mark }
  | { readonly is: 'quota'; readonly bytes: number };

export type Durability = 'synced' | 'buffered';

export type ToldThen = readonly Readonly<Told>[];

/** What the store has been through: decides what may be missing. */
export type Aftermath =
  /** The same process: nothing unknown may be visible. */
  | 'memory'
  /** All that was written is there. */
  | 'kill'
  | 'power'
  /** The disk has said that it had synced, and had not: what was promised may be missing. */
  | 'lied to';

/** The two maps into which commits put their numbers. */
const MARKED = ['left', 'right'] as const;

export class Ledger {
  readonly #told: Told[] = [];
  readonly #expected = new Map<string, Content>();

  get told(): readonly Told[] {
    return this.#told;
  }

  /** A commit that puts its number into two maps, beside its own writes. */
  begin(writes: readonly ScriptedWrite[], asked: Durability = 'synced'): Told {
    const number = this.#told.length + 1;
    const marks = MARKED.map((map) => markOf(number, map));
    const mark: Mark = { is: 'there', map: 'left', key: keyOf(number) };
    return this.beginAlone([...writes, ...marks], mark, asked);
  }

  /** One that is known by a mark that its own writes leave. */
  beginAlone(writes: readonly ScriptedWrite[], mark: Mark, asked: Durability = 'synced'): Told {
    const number = this.#told.length + 1;
    const told: Told = {
      ...{ number, writes, mark, asked },
      ...{ answer: 'pending', isDurable: false, sequence: 0 },
    };
    this.#told.push(told);
    return told;
  }

  acknowledge(told: Told, commit: Commit): void {
    told.answer = 'yes';
    told.isDurable = commit.durable;
    told.sequence = commit.sequence;
  }

  refuse(told: Told, committed: string | undefined): void {
    told.answer = committed === 'no' ? 'no' : 'unknown';
  }

  /** A checkpoint, a flush, a close: whatever was acknowledged before is durable. */
  noteDurable(): void {
    for (const told of this.#told) if (told.answer === 'yes') told.isDurable = true;
  }

  /** What was in doubt was rolled back: the store has said so. */
  noteResolved(): void {
    for (const told of this.#told) if (told.answer === 'unknown') told.answer = 'no';
  }

  noteOpened(store: Store): void {
    for (const told of this.#told) Object.assign(told, decidedBy(store, told));
  }

  clone(): Ledger {
    const copy = new Ledger();
    copy.#told.push(...this.#told.map((told) => ({ ...told })));
    return copy;
  }

  /** As it is now. */
  snapshot(): ToldThen {
    return this.#told.map((told) => ({ ...told }));
  }

  /** What is false of `store`, in words; empty where all is true. */
  problemsOf(store: Store, told: ToldThen, aftermath: Aftermath): string[] {
    const present = told.filter(({ mark }) => isIn(store, mark)).map(({ number }) => number);
    return [
      ...falseAnswers(told, new Set(present), aftermath),
      ...this.#otherContent(store, present),
      ...otherSequences(store, told, present),
    ];
  }

  #otherContent(store: Store, present: readonly number[]): string[] {
    const expected = this.#expectedContent(present);
    const found = contentOf(store);
    return found === expected ? [] : [`holds ${found} instead of ${expected}`];
  }

  #expectedContent(present: readonly number[]): Content {
    const name = present.join();
    const known = this.#expected.get(name);
    if (known !== undefined) return known;
    const model = new Model();
    for (const number of present) model.apply(this.#told[number - 1]?.writes ?? []);
    const content = model.content();
    this.#expected.set(name, content);
    return content;
  }
}

/** What a store shows when it is opened is decided: it stays, and what it does not show never comes. */
export function decidedBy(store: Store, told: Readonly<Told>): Readonly<Told> {
  const isThere = isIn(store, told.mark);
  return { ...told, answer: isThere ? 'yes' : 'no', isDurable: isThere };
}

/** Equal where the same was promised: an image needs no second look then. */
export function promiseOf(told: ToldThen): string {
  return told.map(({ answer, isDurable }) => `${answer[0]}${isDurable ? '!' : ''}`).join('');
}

/** As it stands among the writes of its commit. */
function markOf(number: number, map: string): ScriptedWrite & { readonly type: 'put' } {
  return { type: 'put', map, key: keyOf(number), value: number };
}

function keyOf(number: number): string {
  return `n${String(number).padStart(5, '0')}`;
}

function isIn(store: Store, mark: Mark): boolean {
  if (mark.is === 'quota') return store.stats().byteQuota === mark.bytes;
  const isThere = store.map(mark.map).has(mark.key);
  if (mark.is === 'there') return isThere;
  return !isThere && (mark.behind === undefined || isIn(store, mark.behind));
}

function falseAnswers(
  told: ToldThen,
  present: ReadonlySet<number>,
  aftermath: Aftermath,
): string[] {
  const problems: string[] = [];
  let missing: number | undefined;
  for (const { number, answer, isDurable } of told) {
    const isThere = present.has(number);
    const isPromised =
      answer === 'yes' && aftermath !== 'lied to' && (isDurable || aftermath !== 'power');
    if (isPromised && !isThere) problems.push(`commit ${number} is lost`);
    const isHidden = answer === 'no' || (aftermath === 'memory' && answer === 'unknown');
    if (isHidden && isThere) problems.push(`commit ${number} was answered ${answer}, and is there`);
    if (answer === 'yes' && !isThere) missing ??= number;
    if (isThere && missing !== undefined && missing < number) {
      problems.push(`commit ${number} is there, and ${missing} before it is not`);
    }
  }
  return problems;
}

/** Ids are consecutive, and each commit keeps the one it was answered with. */
function otherSequences(store: Store, told: ToldThen, present: readonly number[]): string[] {
  const { sequence } = store.info;
  if (sequence !== present.length) {
    return [`is at commit ${sequence} and holds ${present.length} commits`];
  }
  return present.flatMap((number, index) => {
    const known = told[number - 1];
    const found = known?.mark.is === 'there' ? idOf(store, known.mark) : index + 1;
    const isAnswered = known?.sequence === 0 || known?.sequence === index + 1;
    if (found === index + 1 && isAnswered) return [];
    return [
      `commit ${number} is the ${index + 1}th, has id ${found}, and was told ${known?.sequence}`,
    ];
  });
}

function idOf(store: Store, { map, key }: { readonly map: string; readonly key: string }) {
  return store.map(map).getEntry(key)?.sequence;
}
