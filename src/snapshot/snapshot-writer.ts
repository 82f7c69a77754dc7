/**
 * Writes a snapshot file from cursors.
 *
 * The entries of all maps come first, then their sequence ids, for which every cursor is walked a
 * second time: so memory stays the same for any number of entries, and equal states give equal
 * bytes up to the end of the entries.
 */
import { assert } from '../assert.ts';
import type { Cursor } from '../bytes/cursor.ts';
import { type File, writeFully } from '../fs/file-system.ts';
import { type Task, wait } from '../fs/task.ts';
import { BlockSource } from './block-source.ts';
import { FileAppender } from './file-appender.ts';
import {
  compareNames,
  encodeFooter,
  faultOf,
  rootOf,
  type SnapshotBeneath,
  type SnapshotFooter,
  type SnapshotMap,
  type SnapshotToken,
} from './footer.ts';
import { encodeHeader, FORMAT, type SnapshotKind } from './format.ts';
import { SequenceIds } from './sequence-ids.ts';
import type { WriteSteps } from './steps.ts';
import { Tree } from './tree.ts';
import { dataBlocks } from './tree-walk.ts';
import {
  type BlockLimits,
  DEFAULT_BLOCK_LIMITS,
  type TreeRoot,
  TreeWriter,
} from './tree-writer.ts';

/** Entries between two pauses: well under a millisecond of small ones. */
const PAUSE_ENTRY_COUNT = 512;

/** What a snapshot is to hold. Names of fields: SnapshotFooter. */
export interface SnapshotPlan {
  readonly kind: SnapshotKind;
  readonly store: Uint8Array;
  readonly generation: number;
  readonly sequence: number;
  readonly chain: Uint8Array;
  readonly wal: number;
  readonly quota?: number;
  readonly nextMapId: number;
  /** In any order. */
  readonly maps: readonly PlannedMap[];
  readonly beneath: readonly SnapshotBeneath[];
  readonly tokens?: readonly SnapshotToken[];
  readonly limits?: BlockLimits;
}

export interface PlannedMap extends Omit<SnapshotMap, 'entries' | 'sequences'> {
  /**
   * The entries for this file, in order, the same on both walks. A full snapshot passes over
   * tombstones. Absent when there are none.
   */
  readonly cursor?: Cursor | undefined;
}

/**
 * Writes `plan` to an empty file. What it returns is in the file and synced.
 *
 * Blocks are synced before the footer is written, and the footer after that: whatever order a disk
 * keeps its sectors in, no footer ever stands over blocks that a power cut took.
 *
 * Throws what the file, the cursors and `steps` throw, untouched. The file then holds an
 * unfinished snapshot, which the caller removes.
 */
export function* writeSnapshot(
  file: File,
  plan: SnapshotPlan,
  steps: WriteSteps,
): Task<SnapshotFooter> {
  const output = new FileAppender(file);
  output.append(encodeHeader({ ...plan, format: FORMAT }));
  const maps = [...plan.maps].sort(compareNames);
  const job = new WritingJob({ ...plan, maps }, output, steps);
  const entries: (TreeRoot | undefined)[] = [];
  for (const map of maps) entries.push(yield* job.writeEntries(map));
  output.flush();
  const source = new BlockSource(file, 'the snapshot being written');
  const written: SnapshotMap[] = [];
  for (const [i, map] of maps.entries()) {
    const top = entries[i];
    const tree = top === undefined ? undefined : new Tree(source, top, output.offset);
    const sequences = tree === undefined ? undefined : yield* job.writeSequences(map, tree);
    written.push(describeMap(map, top, sequences));
  }
  output.flush();
  yield* wait(steps.sync(file));
  const { footer, bytes } = finish(plan, written, output.offset);
  writeFully(file, bytes, output.offset);
  yield* wait(steps.sync(file));
  return footer;
}

/** What the two walks over every map share. */
class WritingJob {
  private readonly plan: SnapshotPlan;
  private readonly output: FileAppender;
  private readonly steps: WriteSteps;
  private readonly limits: BlockLimits;
  private entryCount = 0;
  private pauseEntryCount = 0;
  private pauseWrites = 0;

  constructor(plan: SnapshotPlan, output: FileAppender, steps: WriteSteps) {
    this.plan = plan;
    this.output = output;
    this.steps = steps;
    this.limits = plan.limits ?? DEFAULT_BLOCK_LIMITS;
  }

  *writeEntries(map: PlannedMap): Task<TreeRoot | undefined> {
    const { cursor } = map;
    if (cursor === undefined) return undefined;
    const writer = new TreeWriter(this.output, { limits: this.limits, filters: 'pages' });
    for (cursor.toFirst(); cursor.isValid; cursor.next()) {
      if (this.isWanted(cursor)) {
        writer.add(cursor);
        this.entryCount++;
      }
      if (this.isPauseDue()) yield* this.pause();
    }
    return writer.finish();
  }

  *writeSequences(map: PlannedMap, tree: Tree): Task<TreeRoot | undefined> {
    const { cursor } = map;
    assert(cursor !== undefined, 'a tree was written from a cursor');
    const writer = new TreeWriter(this.output, { limits: this.limits, filters: 'none' });
    const ids = new SequenceIds();
    cursor.toFirst();
    for (const block of dataBlocks(tree)) {
      while (ids.count < block.count) {
        assert(cursor.isValid, 'a cursor gives as many entries on the second walk');
        if (this.isWanted(cursor)) ids.add(cursor.sequence());
        cursor.next();
        if (this.isPauseDue()) yield* this.pause();
      }
      writer.add(ids.take(block.offset));
    }
    return writer.finish();
  }

  private isWanted(cursor: Cursor): boolean {
    return this.plan.kind === 'incremental' || !cursor.isTombstone;
  }

  private isPauseDue(): boolean {
    if (++this.pauseEntryCount < PAUSE_ENTRY_COUNT && this.output.writes === this.pauseWrites) {
      return false;
    }
    this.pauseEntryCount = 0;
    this.pauseWrites = this.output.writes;
    return true;
  }

  private *pause(): Task<void> {
    this.steps.onProgress({ bytes: this.output.offset, entries: this.entryCount });
    this.steps.check();
    yield* wait(this.steps.pause());
  }
}

function describeMap(
  planned: PlannedMap,
  entries: TreeRoot | undefined,
  sequences: TreeRoot | undefined,
): SnapshotMap {
  const { cursor: _, ...map } = planned;
  if (entries === undefined || sequences === undefined) return map;
  return { ...map, entries, sequences };
}

function finish(
  plan: SnapshotPlan,
  maps: readonly SnapshotMap[],
  offset: number,
): { readonly bytes: Uint8Array; readonly footer: SnapshotFooter } {
  const { limits: _, ...rest } = plan;
  const { bytes, footer } = encodeFooter(
    { ...rest, format: FORMAT, maps, root: rootOf(maps) },
    offset,
  );
  const fault = faultOf(footer, { offset, fileLength: footer.length });
  assert(fault === undefined, `a reader will take the footer: ${fault}`);
  return { bytes, footer };
}
