/** What a transaction would change, in map and key order, with the values before. */
import { compareBytes } from '../bytes/bytes.ts';
import type { RawChange } from '../store/change.ts';
import type { State } from '../store/draft.ts';
import { entriesCursor, findEntry, isAtOrAbove, type KeyBounds } from '../store/layers.ts';
import type { MapTarget } from '../store/pending-write.ts';
import type { Delta, DeltaEntry } from './delta.ts';

/** Removing what is not there is no change. */
export function* rawChanges(delta: Delta, view: State): Generator<RawChange, void, void> {
  for (const target of delta.targets()) yield* changesOfMap(delta, view, target);
}

function* changesOfMap(
  delta: Delta,
  view: State,
  target: MapTarget,
): Generator<RawChange, void, void> {
  const map = view.catalog.named(target.name)?.id;
  const cleared = clearedEntries(view, map, delta.clearedIn(target.name).bounds);
  let next = cleared.next();
  for (const entry of delta.entriesOf(target.name)) {
    while (next.done !== true && compareBytes(next.value.key, entry.key) < 0) {
      yield { target, ...next.value, after: undefined };
      next = cleared.next();
    }
    const isCleared = next.done !== true && compareBytes(next.value.key, entry.key) === 0;
    if (isCleared) next = cleared.next();
    const change = changeOf(view, map, entry);
    if (change !== undefined) yield { target, ...change };
  }
  for (; next.done !== true; next = cleared.next()) {
    yield { target, ...next.value, after: undefined };
  }
}

function changeOf(
  view: State,
  map: number | undefined,
  { key, value: after }: DeltaEntry,
): Omit<RawChange, 'target'> | undefined {
  const slot = map === undefined ? undefined : findEntry(view, map, key);
  const before = slot?.bytes.subarray(slot.valueStart, slot.valueEnd);
  return before === undefined && after === undefined ? undefined : { key, before, after };
}

function* clearedEntries(
  view: State,
  map: number | undefined,
  ranges: readonly KeyBounds[],
): Generator<{ readonly key: Uint8Array; readonly before: Uint8Array }, undefined, void> {
  if (map === undefined) return;
  for (const { start, end } of ranges) {
    const cursor = entriesCursor(view, map);
    if (start === undefined) cursor.toFirst();
    else cursor.seek(start);
    for (; cursor.isValid && !isAtOrAbove(cursor, end); cursor.next()) {
      const { bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor;
      yield {
        key: bytes.subarray(keyStart, keyEnd),
        before: bytes.subarray(valueStart, valueEnd),
      };
    }
  }
}
