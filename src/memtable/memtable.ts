/**
 * The ordered in-memory changes that no snapshot holds yet: a B+tree that copies the nodes it
 * changes when somebody else still sees them.
 *
 * `fork` is O(1) and gives two memtables that share all nodes; each then copies what it changes.
 * So a view is a memtable that nobody changes any more, and a refused commit is a fork dropped.
 * Nothing is ever taken out: a deletion is a tombstone.
 */
import { compareToRange } from '../bytes/cursor.ts';

/** What one commit says about one key. Offsets are into `bytes`, the body of the commit. */
export interface Entry {
  readonly map: number;
  readonly bytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly isTombstone: boolean;
  readonly sequence: number;
}

/** Names the fork that may change a node in place. */
type Owner = object;

export interface Leaf {
  readonly owner: Owner;
  readonly entries: Entry[];
}

export interface Branch {
  readonly owner: Owner;
  readonly children: Node[];
  /** The first entry below each child. */
  readonly firsts: Entry[];
}

export type Node = Leaf | Branch;

const NODE_COUNT_MAX = 32;

/** What an entry costs beside its bytes: the entry, its share of the nodes. Measured, rounded up. */
const ENTRY_OVERHEAD_SIZE = 160;

export class Memtable {
  #owner: Owner = {};
  #root: Node = { owner: this.#owner, entries: [] };
  #count = 0;
  #size = 0;
  #lineage: object = {};

  get root(): Node {
    return this.#root;
  }

  /** Entries, tombstones included. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of memory, about: what was put in, also if it was replaced since. */
  get size(): number {
    return this.#size;
  }

  /** The same for all memtables that were forked from one: they share what none has changed. */
  get lineage(): object {
    return this.#lineage;
  }

  fork(): Memtable {
    const fork = new Memtable();
    fork.#lineage = this.#lineage;
    fork.#root = this.#root;
    fork.#count = this.#count;
    fork.#size = this.#size;
    this.#owner = {};
    return fork;
  }

  get(map: number, key: Uint8Array): Entry | undefined {
    let node = this.#root;
    while (isBranch(node)) node = node.children[childAt(node, map, key)] as Node;
    const { index, isFound } = placeIn(node.entries, map, key);
    return isFound ? node.entries[index] : undefined;
  }

  /** Adds the entry, in place of an older one of the same map and key. */
  put(entry: Entry): void {
    const key = entry.bytes.subarray(entry.keyStart, entry.keyEnd);
    this.#size += key.length + (entry.valueEnd - entry.valueStart) + ENTRY_OVERHEAD_SIZE;
    const root = this.#owned(this.#root);
    const sibling = this.#insert(root, entry, key);
    this.#root =
      sibling === undefined
        ? root
        : {
            owner: this.#owner,
            children: [root, sibling],
            firsts: [firstOf(root), firstOf(sibling)],
          };
  }

  /** Requires: `node` is owned. Returns the right half of `node` if it had to be split. */
  #insert(node: Node, entry: Entry, key: Uint8Array): Node | undefined {
    if (!isBranch(node)) return this.#insertIntoLeaf(node, entry, key);
    const index = childAt(node, entry.map, key);
    const child = this.#owned(node.children[index] as Node);
    node.children[index] = child;
    const sibling = this.#insert(child, entry, key);
    node.firsts[index] = firstOf(child);
    if (sibling === undefined) return undefined;
    node.children.splice(index + 1, 0, sibling);
    node.firsts.splice(index + 1, 0, firstOf(sibling));
    if (node.children.length <= NODE_COUNT_MAX) return undefined;
    const at = splitAt(index + 1, node.children.length);
    const children = node.children.splice(at);
    return { owner: this.#owner, children, firsts: node.firsts.splice(at) };
  }

  #insertIntoLeaf(leaf: Leaf, entry: Entry, key: Uint8Array): Leaf | undefined {
    const { entries } = leaf;
    const { index, isFound } = placeIn(entries, entry.map, key);
    if (isFound) {
      entries[index] = entry;
      return undefined;
    }
    this.#count++;
    entries.splice(index, 0, entry);
    if (entries.length <= NODE_COUNT_MAX) return undefined;
    return { owner: this.#owner, entries: entries.splice(splitAt(index, entries.length)) };
  }

  #owned(node: Node): Node {
    if (node.owner === this.#owner) return node;
    if (!isBranch(node)) return { owner: this.#owner, entries: node.entries.slice() };
    const { children, firsts } = node;
    return { owner: this.#owner, children: children.slice(), firsts: firsts.slice() };
  }
}

export function isBranch(node: Node): node is Branch {
  return 'children' in node;
}

/** The child in which the key is, if it is anywhere. */
export function childAt(branch: Branch, map: number, key: Uint8Array): number {
  const { index, isFound } = placeIn(branch.firsts, map, key);
  return isFound ? index : Math.max(0, index - 1);
}

/** The first index whose entry is not below the key, and whether it is the key itself. */
export function placeIn(
  entries: readonly Entry[],
  map: number,
  key: Uint8Array,
): { readonly index: number; readonly isFound: boolean } {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compareToEntry(map, key, entries[middle] as Entry);
    if (order === 0) return { index: middle, isFound: true };
    if (order > 0) low = middle + 1;
    else high = middle;
  }
  return { index: low, isFound: false };
}

function compareToEntry(map: number, key: Uint8Array, entry: Entry): number {
  if (map !== entry.map) return map - entry.map;
  return compareToRange(key, { bytes: entry.bytes, start: entry.keyStart, end: entry.keyEnd });
}

/** Keys that arrive in order leave full nodes behind them. */
function splitAt(insertedAt: number, count: number): number {
  return insertedAt === count - 1 ? count - 1 : count >> 1;
}

function firstOf(node: Node): Entry {
  return (isBranch(node) ? node.firsts[0] : node.entries[0]) as Entry;
}
