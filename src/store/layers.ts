/**
 * Where entries are, newest first: the memtable, the frozen memtable that a checkpoint is writing,
 * and the snapshots. Reading through all of them is done here and nowhere else.
 */
import type { Cursor, Slot } from '../bytes/cursor.ts';
import type { Memtable } from '../memtable/memtable.ts';
import { MemtableCursor } from '../memtable/memtable-cursor.ts';
import { hashKey } from '../snapshot/filter.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import { MergedCursor } from './merged-cursor.ts';

export interface Layers {
  readonly memtable: Memtable;
  readonly frozen: Memtable | undefined;
  /** Newest first. */
  readonly snapshots: readonly SnapshotReader[];
}

/** Keys at or above `start` and below `end`; an absent bound is no bound. */
export interface KeyBounds {
  readonly start: Uint8Array | undefined;
  readonly end: Uint8Array | undefined;
}

export const ALL_KEYS: KeyBounds = { start: undefined, end: undefined };

/** The newest entry of a key; undefined where there is none or it is a tombstone. */
export function findEntry(layers: Layers, map: number, key: Uint8Array): Slot | undefined {
  const slot = layers.memtable.get(map, key) ?? newestBeneath(layers, map, key);
  return slot?.isTombstone === true ? undefined : slot;
}

/** As `findEntry`, of what stands beneath the memtable. */
export function findBeneath(layers: Layers, map: number, key: Uint8Array): Slot | undefined {
  const slot = newestBeneath(layers, map, key);
  return slot?.isTombstone === true ? undefined : slot;
}

function newestBeneath(layers: Layers, map: number, key: Uint8Array): Slot | undefined {
  const recent = layers.frozen?.get(map, key);
  if (recent !== undefined || layers.snapshots.length === 0) return recent;
  const hash = hashKey(key, 0, key.length);
  for (const snapshot of layers.snapshots) {
    const slot = snapshot.get(map, key, hash);
    if (slot !== undefined) return slot;
  }
  return undefined;
}

/** The commit that wrote the entry which `findEntry` gives. */
export function findSequence(layers: Layers, map: number, key: Uint8Array): number | undefined {
  const recent = layers.memtable.get(map, key) ?? layers.frozen?.get(map, key);
  if (recent !== undefined) return recent.isTombstone ? undefined : recent.sequence;
  for (const snapshot of layers.snapshots) {
    const slot = snapshot.get(map, key);
    if (slot !== undefined) return slot.isTombstone ? undefined : snapshot.sequenceOf(map, key);
  }
  return undefined;
}

/** The live entries of a map. */
export function entriesCursor(layers: Layers, map: number): Cursor {
  return wholeCursor(layers, map) ?? new MergedCursor(sourcesOf(layers, map));
}

/** Where a full snapshot is all there is: it has no tombstones, and there is nothing to merge. */
function wholeCursor({ memtable, frozen, snapshots }: Layers, map: number): Cursor | undefined {
  const [snapshot] = snapshots;
  const isAlone = memtable.count === 0 && frozen === undefined && snapshots.length === 1;
  return isAlone && snapshot?.footer.kind === 'full' ? snapshot.cursor(map) : undefined;
}

function sourcesOf({ memtable, frozen, snapshots }: Layers, map: number): Cursor[] {
  const sources: Cursor[] = [];
  if (memtable.count > 0) sources.push(new MemtableCursor(memtable, map));
  if (frozen !== undefined) sources.push(new MemtableCursor(frozen, map));
  return [...sources, ...snapshots.flatMap((snapshot) => snapshot.cursor(map) ?? [])];
}

/** Moves `cursor` over the entries within `bounds`, calling `visit` for each until it says stop. */
export function walk(
  cursor: Cursor,
  bounds: KeyBounds,
  visit: (cursor: Cursor) => 'go on' | 'stop',
): void {
  if (bounds.start === undefined) cursor.toFirst();
  else cursor.seek(bounds.start);
  while (cursor.isValid && !isAtOrAbove(cursor, bounds.end)) {
    if (visit(cursor) === 'stop') return;
    cursor.next();
  }
}

export function isAtOrAbove(cursor: Cursor, bound: Uint8Array | undefined): boolean {
  return bound !== undefined && compareKey(cursor, bound) >= 0;
}

export function isBelow(cursor: Cursor, bound: Uint8Array | undefined): boolean {
  return bound !== undefined && compareKey(cursor, bound) < 0;
}

function compareKey(cursor: Cursor, bound: Uint8Array): number {
  const { bytes, keyStart, keyEnd } = cursor;
  const size = Math.min(keyEnd - keyStart, bound.length);
  for (let i = 0; i < size; i++) {
    const difference = (bytes[keyStart + i] as number) - (bound[i] as number);
    if (difference !== 0) return difference;
  }
  return keyEnd - keyStart - bound.length;
}
