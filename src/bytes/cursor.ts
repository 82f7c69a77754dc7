/**
 * A position in a sorted run of entries: what the memtable, a snapshot file and their merge have
 * in common. Keys are unique within a run and sorted by their bytes.
 *
 * Nothing is allocated per step: the current entry is described by offsets into `bytes`, which
 * nobody ever changes, so a caller may keep them after the cursor has moved on.
 */
export interface Cursor {
  /** False before the first move, and after a move past either end. */
  readonly isValid: boolean;
  /** Where the current entry stands. Meaningless unless `isValid`. */
  readonly bytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** The entry says that the key is deleted here; it has no value. */
  readonly isTombstone: boolean;
  /** The commit that wrote the current entry. May read a block of its own. */
  sequence(): number;

  toFirst(): void;
  toLast(): void;
  /** To the first entry whose key is at or above `key`. */
  seek(key: Uint8Array): void;
  /** To the last entry whose key is below `key`. */
  seekBelow(key: Uint8Array): void;
  next(): void;
  previous(): void;
}

/** The entry of one key in one run. `undefined` where the run does not know the key. */
export interface Slot {
  readonly bytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly isTombstone: boolean;
}

/** Compares `key` with the bytes [start, end) of `bytes`, as `compareBytes` does. */
export function compareToRange(
  key: Uint8Array,
  range: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
): number {
  const { bytes, start, end } = range;
  const size = Math.min(key.length, end - start);
  for (let i = 0; i < size; i++) {
    const difference = (key[i] as number) - (bytes[start + i] as number);
    if (difference !== 0) return difference;
  }
  return key.length - (end - start);
}

/** Compares the current keys of two valid cursors. */
export function compareCursors(left: Cursor, right: Cursor): number {
  const leftBytes = left.bytes;
  const rightBytes = right.bytes;
  const leftStart = left.keyStart;
  const rightStart = right.keyStart;
  const leftSize = left.keyEnd - leftStart;
  const rightSize = right.keyEnd - rightStart;
  const size = Math.min(leftSize, rightSize);
  for (let i = 0; i < size; i++) {
    const difference =
      (leftBytes[leftStart + i] as number) - (rightBytes[rightStart + i] as number);
    if (difference !== 0) return difference;
  }
  return leftSize - rightSize;
}
