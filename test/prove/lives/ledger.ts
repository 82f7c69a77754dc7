/**
 * What the callers of a store were told, and what must be true of it for that. Every commit puts its
 * number into two maps beside its own writes: so what is there tells which commits are, whether they
 * are whole, and, replayed one behind the other, what every map must hold.
 */
import type { Commit, Store } from '../../../src/index.ts';
import { type Content, contentOf, Model, type ScriptedWrite } from '../../support/workload.ts';

export interface Told {
  readonly number: number;
  readonly writes: readonly ScriptedWrite[];
  answer: 'pending' | 'yes' | 'no' | 'unknown';
  /** Promised to survive a power cut. */
  isDurable: boolean;
  /** 0 until it is known. */
  sequence: number;
}

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

/** The two maps that every commit marks. */
const MARKS = ['left', 'right'] as const;

export class Ledger {
  readonly #told: Told[] = [];
  readonly #expected = new Map<string, Content>();

  get told(): readonly Told[] {
    return this.#told;
  }

  begin(writes: readonly ScriptedWrite[]): Told {
    const number = this.#told.length + 1;
    const marks = MARKS.map((map): ScriptedWrite => {
      return { type: 'put', map, key: keyOf(number), value: number };
    });
    const told: Told = {
      number,
      writes: [...writes, ...marks],
      answer: 'pending',
      isDurable: false,
      sequence: 0,
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

  /** What a store shows when it is opened is decided: it stays, and what it does not show never comes. */
  noteOpened(store: Store): void {
    const present = new Set(numbersIn(store, 'left'));
    for (const told of this.#told) {
      const isThere = present.has(told.number);
      told.answer = isThere ? 'yes' : 'no';
      told.isDurable = isThere;
    }
  }

  /** As it is now. */
  snapshot(): ToldThen {
    return this.#told.map((told) => ({ ...told }));
  }

  /** What is false of `store`, in words; empty where all is true. */
  problemsOf(store: Store, told: ToldThen, aftermath: Aftermath): string[] {
    const present = numbersIn(store, 'left');
    const right = numbersIn(store, 'right');
    if (present.join() !== right.join()) return [`half a commit: ${present} and ${right}`];
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

/** Equal where the same was promised: an image needs no second look then. */
export function promiseOf(told: ToldThen): string {
  return told.map(({ answer, isDurable }) => `${answer[0]}${isDurable ? '!' : ''}`).join('');
}

function keyOf(number: number): string {
  return `n${number}`.padStart(6, '0');
}

function numbersIn(store: Store, map: string): number[] {
  const numbers = [...store.map<string, number>(map).getRange()].map(({ value }) => value);
  return numbers.sort((one, other) => one - other);
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
  const map = store.map<string, number>('left');
  return present.flatMap((number, index) => {
    const found = map.getEntry(keyOf(number))?.sequence;
    const known = told[number - 1]?.sequence ?? 0;
    const isRight = found === index + 1 && (known === 0 || known === found);
    return isRight ? [] : [`commit ${number} has the id ${found}, and was answered ${known}`];
  });
}
