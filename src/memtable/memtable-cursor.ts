/** Walks the entries of one map in a memtable, both ways. The memtable must not change meanwhile. */
import { EMPTY_BYTES } from '../bytes/bytes.ts';
import type { Cursor } from '../bytes/cursor.ts';
import {
  type Branch,
  childAt,
  type Entry,
  indexIn,
  isBranch,
  type Leaf,
  type Memtable,
  type Node,
  placeOf,
} from './memtable.ts';

export class MemtableCursor implements Cursor {
  readonly #root: Node;
  readonly #map: number;
  /** The branches above the leaf, each with the child that was taken. */
  #path: { readonly branch: Branch; index: number }[] = [];
  #leaf: Leaf | undefined;
  #index = 0;
  #entry: Entry | undefined;

  constructor(memtable: Memtable, map: number) {
    this.#root = memtable.root;
    this.#map = map;
  }

  get isValid(): boolean {
    return this.#entry !== undefined;
  }
  get bytes(): Uint8Array {
    return this.#entry?.bytes ?? EMPTY_BYTES;
  }
  get keyStart(): number {
    return this.#entry?.keyStart ?? 0;
  }
  get keyEnd(): number {
    return this.#entry?.keyEnd ?? 0;
  }
  get valueStart(): number {
    return this.#entry?.valueStart ?? 0;
  }
  get valueEnd(): number {
    return this.#entry?.valueEnd ?? 0;
  }
  get isTombstone(): boolean {
    return this.#entry?.isTombstone ?? false;
  }
  sequence(): number {
    return this.#entry?.sequence ?? 0;
  }

  toFirst(): void {
    this.seek(EMPTY_BYTES);
  }

  toLast(): void {
    this.#descend(this.#map + 1, EMPTY_BYTES);
    this.#index--;
    this.#settleBackward();
  }

  seek(key: Uint8Array): void {
    this.#descend(this.#map, key);
    this.#settleForward();
  }

  seekBelow(key: Uint8Array): void {
    this.#descend(this.#map, key);
    this.#index--;
    this.#settleBackward();
  }

  next(): void {
    this.#index++;
    this.#settleForward();
  }

  previous(): void {
    this.#index--;
    this.#settleBackward();
  }

  /** To the place of the key in its leaf, which may be one behind the last entry. */
  #descend(map: number, key: Uint8Array): void {
    const place = placeOf(map, key);
    this.#path = [];
    let node = this.#root;
    while (isBranch(node)) {
      const index = childAt(node, place);
      this.#path.push({ branch: node, index });
      node = node.children[index] as Node;
    }
    this.#leaf = node;
    const found = indexIn(node, place);
    this.#index = found < 0 ? ~found : found;
  }

  #settleForward(): void {
    const leaf = this.#leaf;
    if (leaf !== undefined && this.#index >= leaf.entries.length && !this.#moveLeaf(1)) {
      this.#entry = undefined;
      return;
    }
    this.#settle();
  }

  #settleBackward(): void {
    if (this.#index < 0 && !this.#moveLeaf(-1)) {
      this.#entry = undefined;
      return;
    }
    this.#settle();
  }

  #settle(): void {
    const entry = this.#leaf?.entries[this.#index];
    this.#entry = entry?.map === this.#map ? entry : undefined;
  }

  /** To the leaf beside this one; false, and no leaf, where there is none. */
  #moveLeaf(step: 1 | -1): boolean {
    let depth = this.#path.length - 1;
    while (depth >= 0 && !hasChild(this.#path[depth], step)) depth--;
    if (depth < 0) {
      this.#leaf = undefined;
      return false;
    }
    this.#path.length = depth + 1;
    const turn = this.#path[depth] as { readonly branch: Branch; index: number };
    turn.index += step;
    let node = turn.branch.children[turn.index] as Node;
    while (isBranch(node)) {
      const index = step === 1 ? 0 : node.children.length - 1;
      this.#path.push({ branch: node, index });
      node = node.children[index] as Node;
    }
    this.#leaf = node;
    this.#index = step === 1 ? 0 : node.entries.length - 1;
    return true;
  }
}

function hasChild(
  level: { readonly branch: Branch; readonly index: number } | undefined,
  step: 1 | -1,
): boolean {
  if (level === undefined) return false;
  const index = level.index + step;
  return index >= 0 && index < level.branch.children.length;
}
