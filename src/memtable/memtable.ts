/**
 * The ordered in-memory changes that no snapshot holds yet: a B+tree that copies the nodes it
 * changes when somebody else still sees them.
 *
 * `fork` is O(1) and gives two memtables that share all nodes; each then copies what it changes.
 * So a view is a memtable that nobody changes any more, and a refused commit is a fork dropped.
 * Nothing is ever taken out: a deletion is a tombstone.
 */
import { compareToRange } from '../bytes/cursor.ts';
import { keyMark } from '../bytes/key-mark.ts';

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

/** Entries in order, each with a number that says most of its order: see `Place`. */
interface Run {
  readonly entries: Entry[];
  readonly marks: number[];
}

/** Leaves and branches have the same fields, so that V8 takes them for one kind of object. */
export interface Leaf extends Run {
  readonly owner: Owner;
  readonly children: undefined;
}

/** Its entries are the first below each child. */
export interface Branch extends Run {
  readonly owner: Owner;
  readonly children: Node[];
}

export type Node = Leaf | Branch;

/**
 * Where an entry is looked for. Marks never fall in the order of maps and keys, so only entries of
 * an equal mark have to be looked at, which costs three lines of memory each.
 */
export interface Place {
  readonly map: number;
  readonly key: Uint8Array;
  readonly mark: number;
}

export function placeOf(map: number, key: Uint8Array): Place {
  // Rounded in maps of huge numbers, which keeps the order and makes more marks equal.
  return { map, key, mark: map * MARK_COUNT + keyMark(key, 0, key.length) };
}

const MARK_COUNT = 2 ** 32;
const NODE_COUNT_MAX = 32;

/** What an entry costs beside its bytes: the entry, its share of the nodes. Measured, rounded up. */
const ENTRY_OVERHEAD_SIZE = 160;

export class Memtable {
  #owner: Owner = {};
  #root: Node = { owner: this.#owner, entries: [], marks: [], children: undefined };
  #count = 0;
  #size = 0;
  #lineage: object = {};
  /** By the `put` that is under way. */
  #replaced: Entry | undefined;

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
    const place = placeOf(map, key);
    let node = this.#root;
    while (isBranch(node)) node = node.children[childAt(node, place)] as Node;
    return node.entries[indexIn(node, place)];
  }

  /** Adds the entry, in place of an older one of the same map and key, which it returns. */
  put(entry: Entry): Entry | undefined {
    const key = entry.bytes.subarray(entry.keyStart, entry.keyEnd);
    this.#size += key.length + (entry.valueEnd - entry.valueStart) + ENTRY_OVERHEAD_SIZE;
    const root = this.#owned(this.#root);
    const sibling = this.#insert(root, entry, placeOf(entry.map, key));
    this.#root = sibling === undefined ? root : this.#branchOver(root, sibling);
    const replaced = this.#replaced;
    this.#replaced = undefined;
    return replaced;
  }

  #branchOver(left: Node, right: Node): Branch {
    return {
      owner: this.#owner,
      entries: [left.entries[0] as Entry, right.entries[0] as Entry],
      marks: [left.marks[0] as number, right.marks[0] as number],
      children: [left, right],
    };
  }

  /** Requires: `node` is owned. Returns the right half of `node` if it had to be split. */
  #insert(node: Node, entry: Entry, place: Place): Node | undefined {
    if (!isBranch(node)) return this.#insertIntoLeaf(node, entry, place);
    const index = childAt(node, place);
    const child = this.#owned(node.children[index] as Node);
    node.children[index] = child;
    const sibling = this.#insert(child, entry, place);
    node.entries[index] = child.entries[0] as Entry;
    node.marks[index] = child.marks[0] as number;
    if (sibling === undefined) return undefined;
    node.children.splice(index + 1, 0, sibling);
    node.entries.splice(index + 1, 0, sibling.entries[0] as Entry);
    node.marks.splice(index + 1, 0, sibling.marks[0] as number);
    if (node.children.length <= NODE_COUNT_MAX) return undefined;
    const at = splitAt(index + 1, node.children.length);
    const { owner, entries, marks } = this.#rightOf(node, at);
    return { owner, entries, marks, children: node.children.splice(at) };
  }

  #insertIntoLeaf(leaf: Leaf, entry: Entry, place: Place): Leaf | undefined {
    const { entries, marks } = leaf;
    const found = indexIn(leaf, place);
    if (found >= 0) {
      this.#replaced = entries[found];
      entries[found] = entry;
      return undefined;
    }
    const index = ~found;
    this.#count++;
    entries.splice(index, 0, entry);
    marks.splice(index, 0, place.mark);
    if (entries.length <= NODE_COUNT_MAX) return undefined;
    return this.#rightOf(leaf, splitAt(index, entries.length));
  }

  /** Takes what is from `at` on out of a run. */
  #rightOf({ entries, marks }: Run, at: number): Leaf {
    return {
      owner: this.#owner,
      entries: entries.splice(at),
      marks: marks.splice(at),
      children: undefined,
    };
  }

  #owned(node: Node): Node {
    if (node.owner === this.#owner) return node;
    return {
      owner: this.#owner,
      entries: node.entries.slice(),
      marks: node.marks.slice(),
      children: node.children?.slice(),
    } as Node;
  }
}

export function isBranch(node: Node): node is Branch {
  return node.children !== undefined;
}

/** The child in which the key is, if it is anywhere. */
export function childAt(branch: Branch, place: Place): number {
  const found = indexIn(branch, place);
  return found >= 0 ? found : Math.max(0, ~found - 1);
}

/** The index of the key, or the complement (~) of the index where it would stand. */
export function indexIn({ entries, marks }: Run, place: Place): number {
  const { mark } = place;
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = marks[middle] as number;
    const order = mark === other ? compareToEntry(place, entries[middle] as Entry) : mark - other;
    if (order === 0) return middle;
    if (order > 0) low = middle + 1;
    else high = middle;
  }
  return ~low;
}

function compareToEntry({ map, key }: Place, entry: Entry): number {
  if (map !== entry.map) return map - entry.map;
  return compareToRange(key, { bytes: entry.bytes, start: entry.keyStart, end: entry.keyEnd });
}

/** Keys that arrive in order leave full nodes behind them. */
function splitAt(insertedAt: number, count: number): number {
  return insertedAt === count - 1 ? count - 1 : count >> 1;
}
