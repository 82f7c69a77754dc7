/**
 * What `npm run prove` runs: gates, each of them very many cases of one kind, cut into pieces. The
 * runner spreads the pieces over worker processes; a gate knows nothing of it.
 */

/** `ci` takes seconds a gate, `full` is what `npm run prove` shows, `long` is meant for a night. */
export type Scale = 'ci' | 'full' | 'long';

export interface Gate {
  /** As in `npm run prove -- --only rot`. */
  readonly name: string;
  /** One line: what holds. */
  readonly promise: string;
  /** The pieces do not depend on each other: a run that was stopped goes on behind those it finished. */
  pieceCount(scale: Scale): number;
  /** The same cases each time for the same piece, scale and seed. An error thrown is a failure too. */
  run(piece: number, scale: Scale, tally: Tally): Promise<void>;
}

/** Where a piece writes down what it did. */
export interface Tally {
  /** Shifts the seeds of whatever is chosen by chance: 0 unless `--seed` says otherwise. */
  readonly seed: number;
  /** True when this piece had no case of this digest yet: it must be checked then, and counted. */
  isNew(digest: string): boolean;
  /** A case that was checked: a crash image, a fault, a damage. `kind` groups them in the summary. */
  count(kind: string, count?: number): void;
  /** Something false was found. `replay` says how to make it again, within the piece. */
  fail(message: string, replay: string): void;
}
