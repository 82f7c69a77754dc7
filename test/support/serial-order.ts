/**
 * Transactions against a serial model: what each was shown, done again one behind the other in the
 * order in which they committed.
 */

/** Of one map. */
export type Content = Map<string, number>;
/** One read or write, on the maps of the model: what it shows, as text. */
export type Step = (content: readonly Content[]) => string;

export interface Range {
  readonly start?: string;
  readonly end?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly offset?: number;
}

/** What a transaction did, and what each step of it was shown. */
export interface Life {
  readonly steps: Step[];
  readonly seen: string[];
}

export interface Ended {
  readonly life: Life;
  readonly sequence: number;
  readonly wrote: boolean;
}

/** One that changed nothing stands behind the commit that it saw last. */
export function sortByCommit(ended: Ended[]): void {
  ended.sort(
    (left, right) => left.sequence - right.sequence || Number(right.wrote) - Number(left.wrote),
  );
}

/** Of the first step that was shown something else than the order gives; undefined where none was. */
export function firstDifference(ended: readonly Ended[], mapCount: number): string | undefined {
  const content = empty(mapCount);
  for (const [n, { life, sequence }] of ended.entries()) {
    for (const [i, step] of life.steps.entries()) {
      const expected = step(content);
      if (expected !== life.seen[i]) {
        return `transaction ${n}, commit ${sequence}, step ${i}: ${life.seen[i]}, not ${expected}`;
      }
    }
  }
  return undefined;
}

/** What the maps hold behind all of them, sorted. */
export function replayed(ended: readonly Ended[], mapCount: number): Content[] {
  const content = empty(mapCount);
  for (const { life } of ended) for (const step of life.steps) step(content);
  return content.map((map) => new Map([...map].sort(byKey)));
}

/** What a store gives for the range. */
export function select(content: Content | undefined, range: Range): [string, number][] {
  const { start, end, reverse, limit, offset = 0 } = range;
  const entries = [...(content ?? [])]
    .filter(([key]) => (start === undefined || key >= start) && (end === undefined || key < end))
    .sort(byKey);
  if (reverse === true) entries.reverse();
  return entries.slice(offset, limit === undefined ? undefined : offset + limit);
}

/** A range of any kind: with and without bounds, backwards, limited. `value` decides. */
export function anyRange(key: string, end: string, value: number): Range {
  return {
    ...(value % 3 === 0 ? {} : { start: key }),
    ...(value % 4 === 0 ? {} : { end }),
    reverse: value % 2 === 0,
    ...(value % 5 < 2 ? { limit: 1 + (value % 3) } : {}),
    ...(value % 7 === 0 ? { offset: 1 } : {}),
  };
}

function empty(mapCount: number): Content[] {
  return Array.from({ length: mapCount }, () => new Map());
}

function byKey([left]: [string, number], [right]: [string, number]): number {
  return left < right ? -1 : 1;
}
