/**
 * The commits that became visible while a transaction was open: what its own commit is checked
 * against. Kept only as far back as the oldest open transaction began.
 */
import type { LoggedCommit } from '../wal/wal-writer.ts';

export class RecentCommits {
  /** In the order in which they began, so the first is the oldest. */
  readonly #readers = new Map<object, number>();
  #commits: LoggedCommit[] = [];

  /** From now on commits above `sequence`, the newest there is, are kept for `reader`. */
  keepFor(reader: object, sequence: number): void {
    this.drop(reader);
    this.#readers.set(reader, sequence);
  }

  drop(reader: object): void {
    if (this.#readers.delete(reader)) this.#trim();
  }

  append(commits: readonly LoggedCommit[]): void {
    if (this.#readers.size > 0) this.#commits.push(...commits);
  }

  /** Requires: they are kept for somebody who began at `sequence`, or before. */
  above(sequence: number): readonly LoggedCommit[] {
    return this.#commits.slice(this.#placeBehind(sequence));
  }

  /** Bytes of the bodies that are kept. */
  get size(): number {
    let size = 0;
    for (const { bodies } of this.#commits) for (const body of bodies) size += body.length;
    return size;
  }

  #trim(): void {
    const [oldest] = this.#readers.values();
    if (oldest === undefined) this.#commits = [];
    else this.#commits.splice(0, this.#placeBehind(oldest));
  }

  #placeBehind(sequence: number): number {
    const place = this.#commits.findIndex((commit) => commit.sequence > sequence);
    return place < 0 ? this.#commits.length : place;
  }
}
