/**
 * The commits that became visible while a transaction was open: what its own commit is checked
 * against. Kept only as far back as the oldest open transaction began.
 */
import type { LoggedCommit } from '../wal/wal-writer.ts';

export class RecentCommits {
  /** In the order in which they began, so the first is the oldest. */
  readonly #readers = new Map<object, number>();
  #commits: LoggedCommit[] = [];
  #size = 0;

  /** From now on commits above `sequence`, the newest there is, are kept for `reader`. */
  keepFor(reader: object, sequence: number): void {
    this.drop(reader);
    this.#readers.set(reader, sequence);
  }

  drop(reader: object): void {
    if (this.#readers.delete(reader)) this.#trim();
  }

  append(commits: readonly LoggedCommit[]): void {
    if (this.#readers.size === 0) return;
    for (const commit of commits) {
      this.#commits.push(commit);
      this.#size += sizeOf(commit);
    }
  }

  /** Requires: they are kept for somebody who began at `sequence`, or before. */
  above(sequence: number): readonly LoggedCommit[] {
    return this.#commits.slice(this.#placeBehind(sequence));
  }

  /** Bytes of memory that they take, about. */
  get size(): number {
    return this.#size;
  }

  #trim(): void {
    const [oldest] = this.#readers.values();
    const count = oldest === undefined ? this.#commits.length : this.#placeBehind(oldest);
    if (count === 0) return;
    for (const commit of this.#commits.splice(0, count)) this.#size -= sizeOf(commit);
  }

  #placeBehind(sequence: number): number {
    let low = 0;
    let high = this.#commits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#commits[middle] as LoggedCommit).sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Of the objects that hold a commit and a body of it. */
const COMMIT_OVERHEAD_SIZE = 200;
const BODY_OVERHEAD_SIZE = 200;

function sizeOf({ bodies }: LoggedCommit): number {
  return bodies.reduce(
    (size, body) => size + body.length + BODY_OVERHEAD_SIZE,
    COMMIT_OVERHEAD_SIZE,
  );
}
