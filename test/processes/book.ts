/**
 * The oracle beside a store whose processes are killed: it has heard what was acknowledged and what
 * was refused, finds out from the journal which commits are there, in which order, does the same in
 * memory, and compares.
 */
import type { Store } from '../../src/index.ts';
import type { Report } from './report.ts';
import {
  ACCOUNT_COUNT,
  type Action,
  actionOf,
  FIRST_BALANCE,
  FIRST_IDLE,
  FIRST_PLANNED,
  type Maps,
  openMaps,
  type Refusal,
  tokenOf,
} from './workload.ts';

interface Stored {
  readonly value: string | bigint | Uint8Array;
  readonly sequence: number;
}

interface JournalCommit {
  readonly life: number;
  readonly number: number;
  readonly sequence: number;
}

/** The first commit of a store sets a quota, and has no entry in the journal. */
const QUOTA_SEQUENCE = 1;
const CODE_OF: { readonly [refusal in Refusal]: string } = {
  'over quota': 'QUOTA_EXCEEDED',
  'invalid key': 'KEY_INVALID',
  'token used': 'TOKEN_USED',
  conflict: 'CONFLICT',
};

export class Book {
  readonly #seed: number;
  readonly #acknowledged = new Map<number, number>();
  readonly #refused = new Map<number, Report>();
  readonly #maps = {
    texts: new Map<number, Stored>(),
    blobs: new Map<number, Stored>(),
    accounts: new Map<number, Stored>(),
  };
  #life = 0;
  #sequence = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The last commit that was found and compared. */
  get sequence(): number {
    return this.#sequence;
  }

  get acknowledgedCount(): number {
    return this.#acknowledged.size;
  }

  get refusedCount(): number {
    return this.#refused.size;
  }

  /** Lives are told in the order of their numbers; each is checked before the next one begins. */
  beginLife(life: number): void {
    this.#life = life;
    this.#acknowledged.clear();
    this.#refused.clear();
  }

  hear(report: Report): void {
    if (report.kind === 'acknowledged') {
      this.#acknowledged.set(Number(report.number), Number(report.sequence));
    }
    if (report.kind === 'refused' || report.kind === 'accepted') {
      this.#refused.set(Number(report.number), report);
    }
  }

  /** What is wrong with the store as this life has left it. */
  *faultsIn(store: Store): Iterable<string> {
    const maps = openMaps(store);
    const commits = this.#newCommitsIn(maps);
    yield* this.#orderFaults(commits, store.info.sequence);
    yield* this.#answerFaults(commits);
    yield* this.#tokenFaults(store, commits);
    for (const commit of commits) this.#apply(commit);
    this.#sequence = store.info.sequence;
    yield* this.#contentFaults(maps);
  }

  #newCommitsIn({ journal }: Maps): JournalCommit[] {
    const commits: JournalCommit[] = [];
    for (const { key, value } of journal.getRange({ start: [this.#life, 0] })) {
      const sequence = journal.getEntry(key)?.sequence ?? 0;
      commits.push({ life: key[0], number: value, sequence });
    }
    return commits.sort((left, right) => left.sequence - right.sequence);
  }

  *#orderFaults(commits: readonly JournalCommit[], last: number): Iterable<string> {
    let expected = Math.max(this.#sequence, Math.min(last, QUOTA_SEQUENCE));
    for (const { sequence, number } of commits) {
      expected += 1;
      if (sequence === expected) continue;
      yield `commit ${number} has the sequence id ${sequence}, where ${expected} is expected`;
      return;
    }
    if (last !== expected) yield `the store ends at ${last}, its journal at ${expected}`;
  }

  *#answerFaults(commits: readonly JournalCommit[]): Iterable<string> {
    const found = new Map(commits.map((commit) => [commit.number, commit]));
    if (commits.some(({ life }) => life !== this.#life)) yield 'a life that never was is there';
    for (const [number, sequence] of this.#acknowledged) {
      const present = found.get(number)?.sequence;
      if (present === sequence) continue;
      yield present === undefined
        ? `LOST: commit ${number} was acknowledged as ${sequence} and is not there`
        : `commit ${number} was acknowledged as ${sequence} and is there as ${present}`;
    }
    for (const [number, { kind, code, committed, refusal }] of this.#refused) {
      if (found.has(number)) yield `PHANTOM: commit ${number} was refused (${code}) and is there`;
      const isCommitted = committed !== 'no' && refusal !== 'invalid key';
      if (kind === 'accepted' || code !== CODE_OF[refusal as Refusal] || isCommitted) {
        yield `commit ${number}, ${refusal}, was ${kind} with ${code}, committed ${committed}`;
      }
    }
  }

  *#tokenFaults(store: Store, commits: readonly JournalCommit[]): Iterable<string> {
    const found = new Set(commits.map(({ number }) => number));
    const numbers = [...found, ...this.#acknowledged.keys()].filter(
      (number) => number < FIRST_IDLE,
    );
    const last = Math.max(FIRST_PLANNED, ...numbers);
    for (let number = 0; number <= last; number++) {
      const name = { seed: this.#seed, life: this.#life, number };
      const action = actionOf(name);
      if (!action.hasToken || action.kind === 'refused') continue;
      const outcome = store.outcomeOf(tokenOf(name));
      const expected = found.has(number) ? 'committed' : 'absent';
      if (outcome !== expected) yield `the token of ${number} is ${outcome}, it is ${expected}`;
    }
  }

  #apply({ life, number, sequence }: JournalCommit): void {
    const action = actionOf({ seed: this.#seed, life, number });
    const { texts, accounts } = this.#maps;
    switch (action.kind) {
      case 'found':
        for (let key = 0; key < ACCOUNT_COUNT; key++) {
          accounts.set(key, { value: FIRST_BALANCE, sequence });
        }
        break;
      case 'clear':
        for (let key = action.start; key < action.end; key++) texts.delete(key);
        break;
      case 'change':
        for (const { map, key, value } of action.changes) {
          if (value === undefined) this.#maps[map].delete(key);
          else this.#maps[map].set(key, { value, sequence });
        }
        break;
      case 'transfer':
        this.#transfer(action, sequence);
        break;
    }
  }

  #transfer({ from, to, amount }: Action & { readonly kind: 'transfer' }, sequence: number): void {
    const { accounts } = this.#maps;
    const balanceOf = (key: number) => BigInt(String(accounts.get(key)?.value ?? 0));
    accounts.set(from, { value: balanceOf(from) - amount, sequence });
    accounts.set(to, { value: balanceOf(to) + amount, sequence });
  }

  *#contentFaults(maps: Maps): Iterable<string> {
    for (const name of ['texts', 'blobs', 'accounts'] as const) {
      const present = maps[name];
      const expected = this.#maps[name];
      const count = present.getCount();
      if (count !== expected.size) yield `HALF: ${count} ${name}, where ${expected.size} must be`;
      for (const [key, stored] of expected) {
        const entry = present.getEntry(key);
        if (entry !== undefined && isSame(entry, stored)) continue;
        const where = `${name} ${key} of commit ${stored.sequence}`;
        yield entry === undefined
          ? `HALF: ${where} is not there`
          : `HALF: ${where} has another value, of commit ${entry.sequence}`;
      }
    }
    const total = [...maps.accounts.getRange()].reduce((sum, { value }) => sum + value, 0n);
    const expected = this.#maps.accounts.size > 0 ? FIRST_BALANCE * BigInt(ACCOUNT_COUNT) : 0n;
    if (total !== expected) yield `the money is ${total}, where ${expected} must be`;
  }
}

function isSame(entry: Stored, expected: Stored): boolean {
  if (entry.sequence !== expected.sequence) return false;
  if (!(expected.value instanceof Uint8Array)) return entry.value === expected.value;
  return entry.value instanceof Uint8Array && isSameBytes(entry.value, expected.value);
}

function isSameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
