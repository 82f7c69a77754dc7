/** Reads a snapshot file: single keys, runs of entries, sequence ids. */
import type { Cursor, Slot } from '../bytes/cursor.ts';
import type { Damage } from '../errors.ts';
import type { File } from '../fs/file-system.ts';
import type { Awaitable, Task } from '../fs/task.ts';
import type { BlockCache } from './block-cache.ts';
import { BlockSource } from './block-source.ts';
import type { SnapshotFooter, SnapshotMap } from './footer.ts';
import { HEADER_SIZE } from './format.ts';
import { type ScannedBlock, scanBlocks, type UnreadableBytes } from './scan.ts';
import { SequenceReader } from './sequence-reader.ts';
import { readEnds, type UnusableSnapshot } from './snapshot-open.ts';
import { verifySnapshot } from './snapshot-verify.ts';
import type { SnapshotSteps } from './steps.ts';
import { Tree } from './tree.ts';
import { TreeCursor } from './tree-cursor.ts';

export type OpenedSnapshot =
  | { readonly state: 'valid'; readonly reader: SnapshotReader }
  | UnusableSnapshot;

/** The two trees of a map that this file holds something of. */
interface MapTrees {
  readonly entries: Tree;
  readonly sequenceTree: Tree;
  readonly sequences: SequenceReader;
}

/**
 * Every block is verified when it is read. Reads throw CORRUPT where the file is damaged, each time
 * they come to the place, and go on elsewhere.
 */
export class SnapshotReader {
  readonly name: string;
  readonly footer: SnapshotFooter;
  private readonly file: File;
  readonly footerOffset: number;
  private readonly source: BlockSource;
  private readonly maps: ReadonlyMap<number, MapTrees>;

  private constructor(
    file: File,
    source: BlockSource,
    ends: { footer: SnapshotFooter; footerOffset: number },
  ) {
    this.file = file;
    this.name = source.name;
    this.source = source;
    this.footer = ends.footer;
    this.footerOffset = ends.footerOffset;
    this.maps = treesOf(source, ends);
  }

  /**
   * Reads header and footer only, so it costs the same for any size. A valid reader owns `file`;
   * otherwise the caller closes it. Throws what the file throws.
   *
   * `unfinished` and `damaged` differ as far as the file's own bytes allow: a finished file that
   * lost its end looks unfinished. The store decides, with what other files say about this one.
   */
  static open(file: File, name: string, cache: BlockCache): OpenedSnapshot {
    const ends = readEnds(file);
    if (ends.state !== 'valid') return ends;
    const source = new BlockSource(file, name, cache.openShelf());
    return { state: 'valid', reader: new SnapshotReader(file, source, ends) };
  }

  /** The entry of `key`, whose hash may be known; undefined where this file does not know the key. */
  get(mapId: number, key: Uint8Array, hash?: number): Slot | undefined {
    const block = this.maps.get(mapId)?.entries.dataBlock(key, hash);
    if (block === undefined) return undefined;
    const index = block.search(key);
    if (index < 0) return undefined;
    return {
      bytes: block.bytes,
      valueStart: block.valueStart(index),
      valueEnd: block.end(index),
      isTombstone: block.isTombstone(index),
    };
  }

  /** The commit that wrote the entry of `key`, tombstones included. */
  sequenceOf(mapId: number, key: Uint8Array): number | undefined {
    const trees = this.maps.get(mapId);
    const block = trees?.entries.dataBlock(key);
    if (trees === undefined || block === undefined) return undefined;
    const index = block.search(key);
    return index < 0 ? undefined : trees.sequences.of(block, index);
  }

  /** Over the entries of a map in this file; undefined when it holds none. */
  cursor(mapId: number): Cursor | undefined {
    const trees = this.maps.get(mapId);
    if (trees === undefined) return undefined;
    return new TreeCursor(trees.entries, new SequenceReader(trees.sequenceTree), this);
  }

  /**
   * The same, past the cache: for walking all entries once, which would fill the cache with blocks
   * that nobody asks for again.
   */
  passingCursor(mapId: number): Cursor | undefined {
    const map = this.footer.maps.find(({ id }) => id === mapId);
    const source = new BlockSource(this.file, this.name);
    const trees = map === undefined ? undefined : treesOfMap(source, map, this.footerOffset);
    if (trees === undefined) return undefined;
    return new TreeCursor(trees.entries, new SequenceReader(trees.sequenceTree), this);
  }

  makeDurable(sync: (file: File) => Awaitable<void>): Awaitable<void> {
    return sync(this.file);
  }

  /** Reads the whole file anew and says what is wrong with it: nothing, if it is sound. */
  verify(steps: SnapshotSteps): Task<Damage[]> {
    return verifySnapshot(
      { file: this.file, name: this.name, footer: this.footer, footerOffset: this.footerOffset },
      steps,
    );
  }

  /** All blocks in the order of the file, fresh from it. */
  blocks(): Generator<ScannedBlock | UnreadableBytes, void, void> {
    return scanBlocks(this.file, { start: HEADER_SIZE, end: this.footerOffset });
  }

  /** Closes the file and forgets its blocks; safe to call twice. Nothing may be read after. */
  close(): void {
    this.source.close();
  }

  /** `close` as a function that does not hold the reader, so that it may outlive it. */
  closer(): () => void {
    const { source } = this;
    return () => source.close();
  }
}

function treesOf(
  source: BlockSource,
  ends: { readonly footer: SnapshotFooter; readonly footerOffset: number },
): ReadonlyMap<number, MapTrees> {
  const trees = new Map<number, MapTrees>();
  for (const map of ends.footer.maps) {
    const found = treesOfMap(source, map, ends.footerOffset);
    if (found !== undefined) trees.set(map.id, found);
  }
  return trees;
}

function treesOfMap(
  source: BlockSource,
  map: SnapshotMap,
  footerOffset: number,
): MapTrees | undefined {
  const { entries, sequences } = map;
  if (entries === undefined || sequences === undefined) return undefined;
  const sequenceTree = new Tree(source, sequences, footerOffset);
  return {
    entries: new Tree(source, entries, footerOffset),
    sequenceTree,
    sequences: new SequenceReader(sequenceTree),
  };
}
