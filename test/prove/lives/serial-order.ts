/**
 * What committed transactions have shown and done, run again one behind the other in the order of
 * their commits: each must be shown the same as when it ran beside the others.
 */

/** Of each map, by number. */
export type Entries = readonly Map<string, number>[];

/** Changes `entries`, and returns what it shows of them. */
export type Operation = (entries: Entries) => string;

/** A transaction, or a batch. */
export interface Story {
  readonly name: string;
  readonly operations: Operation[];
  /** By each operation, when it ran. */
  readonly shown: string[];
}

interface Committed {
  readonly story: Story;
  /** Of its commit; of its view, if it has written nothing. */
  readonly sequence: number;
  readonly hasWritten: boolean;
}

export class SerialOrder {
  readonly #mapCount: number;
  readonly #committed: Committed[] = [];

  constructor(mapCount: number) {
    this.#mapCount = mapCount;
  }

  add(committed: Committed): void {
    this.#committed.push(committed);
  }

  /** `states[k]` is what the maps hold behind commit k. `problems`: who was shown something else. */
  replay(): { readonly states: readonly string[]; readonly problems: readonly string[] } {
    const entries = Array.from({ length: this.#mapCount }, () => new Map<string, number>());
    const states = [textOf(entries)];
    const problems: string[] = [];
    for (const { story, sequence, hasWritten } of this.#inOrder()) {
      const seen = hasWritten ? entries : copyOf(entries);
      const shown = story.operations.map((operation) => operation(seen));
      if (shown.join('|') !== story.shown.join('|')) {
        problems.push(`${story.name} was shown ${story.shown}, and alone would be ${shown}`);
      }
      if (!hasWritten) continue;
      if (sequence !== states.length) problems.push(`commit ${sequence} is the ${states.length}th`);
      states.push(textOf(entries));
    }
    return { states, problems };
  }

  /** Who only reads comes behind the commit that made its view. */
  #inOrder(): Committed[] {
    return [...this.#committed].sort(
      (one, other) =>
        one.sequence - other.sequence || Number(other.hasWritten) - Number(one.hasWritten),
    );
  }
}

export function copyOf(entries: Entries): Entries {
  return entries.map((map) => new Map(map));
}

function textOf(entries: readonly Iterable<readonly [string, number]>[]): string {
  return JSON.stringify(entries.map((map) => [...map].sort(([one], [other]) => order(one, other))));
}

function order(one: string, other: string): number {
  return one < other ? -1 : 1;
}
