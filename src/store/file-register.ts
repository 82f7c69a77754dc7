/**
 * Which files of the store are needed, and which may go. Kept are: what the newest snapshot and
 * the WALs since need, and the same for the generation before it, so that one rotten snapshot can
 * be rebuilt without loss.
 */
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import { parseFileName } from './file-names.ts';

export interface WalFile {
  readonly name: string;
  readonly generation: number;
  readonly baseSequence: number;
  lastSequence: number;
}

/** What opening the state of one snapshot needs. */
interface Base {
  readonly snapshots: readonly string[];
  readonly sequence: number;
}

const NOTHING: Base = { snapshots: [], sequence: 0 };

export class FileRegister {
  readonly #names = new Set<string>();
  readonly #wals = new Map<number, WalFile>();
  #head: string | undefined;
  #current: Base = NOTHING;
  #previous: Base = NOTHING;

  /** WALs that an open would replay now, the one that is written included. */
  get replayedWalCount(): number {
    return [...this.#wals.values()].filter((wal) => wal.lastSequence > this.#current.sequence)
      .length;
  }

  /** WAL files of any use, those included that nobody needs any more. */
  get walCount(): number {
    return [...this.#names].filter((name) => parseFileName(name)?.kind === 'wal').length;
  }

  addName(name: string): void {
    if (parseFileName(name) !== undefined) this.#names.add(name);
  }

  /** Commits up to this one are in the WAL of this generation. */
  reached(generation: number, sequence: number): void {
    const wal = this.#wals.get(generation);
    if (wal !== undefined) wal.lastSequence = sequence;
  }

  addWal(wal: WalFile): void {
    this.#wals.set(wal.generation, wal);
    this.#names.add(wal.name);
  }

  /** The witness of the WAL that is written; older ones are not needed any more. */
  setHead(name: string): void {
    this.#head = name;
    this.#names.add(name);
  }

  /** Witnesses of older WALs. */
  get staleHeads(): string[] {
    return [...this.#names].filter(
      (name) => name !== this.#head && parseFileName(name)?.kind === 'head',
    );
  }

  /** The store's snapshots are these from now on, newest first. */
  setBase(stack: readonly SnapshotReader[]): void {
    const names = stack.map((reader) => reader.name);
    for (const name of names) this.#names.add(name);
    this.#previous = this.#current;
    this.#current = { snapshots: names, sequence: stack[0]?.footer.sequence ?? 0 };
  }

  /** Where a checkpoint has not happened since the open, there is no generation before. */
  forgetPrevious(): void {
    this.#previous = this.#current;
  }

  /** Files that neither generation needs; with `room`, those that only the older one needs too. */
  superseded(
    writing: { readonly wal: number | undefined },
    retention: 'both generations' | 'newest only' = 'both generations',
  ): string[] {
    const bases =
      retention === 'both generations' ? [this.#current, this.#previous] : [this.#current];
    const needed = new Set(bases.flatMap((base) => this.#neededBy(base)));
    const written = this.#wals.get(writing.wal ?? 0);
    if (written !== undefined) needed.add(written.name);
    if (this.#head !== undefined) needed.add(this.#head);
    return [...this.#names].filter((name) => !needed.has(name));
  }

  forget(name: string): void {
    this.#names.delete(name);
    for (const wal of this.#wals.values()) if (wal.name === name) this.#wals.delete(wal.generation);
  }

  #neededBy(base: Base): string[] {
    const wals = [...this.#wals.values()].filter((wal) => wal.lastSequence > base.sequence);
    return [...base.snapshots, ...wals.map((wal) => wal.name)];
  }
}
