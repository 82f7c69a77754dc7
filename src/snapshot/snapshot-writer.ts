/**
 * Writes a snapshot file from cursors.
 *
 * The entries of all maps come first, then their sequence ids: so equal states give equal bytes up
 * to the end of the entries. The ids wait in memory, up to a bound; of what is beyond it, cursors
 * are walked a second time.
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
import { SequenceLog } from './sequence-log.ts';
import type { WriteSteps } from './steps.ts';
import { Tree } from './tree.ts';
import { dataBlocks } from './tree-walk.ts';
import {
  type BlockLimits,
  DEFAULT_BLOCK_LIMITS,
  type TreeRoot,
  TreeWriter,
} from './tree-writer.ts';

/** Between two pauses: a millisecond or two. */
const PAUSE_ENTRY_COUNT = 1024;
const PAUSE_SIZE = 256 << 10;
/** Of the sequence ids that wait: of a million entries and more. */
const SEQUENCE_LOG_SIZE_MAX = 4 << 20;

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
  /** Bytes of sequence ids that may wait in memory. Changes nothing in the file. */
  readonly sequenceLogSize?: number;
}

export interface PlannedMap extends Omit<SnapshotMap, 'entries' | 'sequences'> {
  /**
   * The entries for this file, in order, the same on every walk. A full snapshot passes over
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
  const entries: (WrittenEntries | undefined)[] = [];
  for (const map of maps) entries.push(yield* job.writeEntries(map));
  output.flush();
  const source = new BlockSource(file, 'the snapshot being written');
  const written: SnapshotMap[] = [];
  for (const [i, map] of maps.entries()) {
    const above = entries[i];
    const sequences = above === undefined ? undefined : yield* job.writeSequences(above, source);
    written.push(describeMap(map, above?.top, sequences));
  }
  output.flush();
  yield* wait(steps.sync(file));
  const { footer, bytes } = finish(plan, written, output.offset);
  writeFully(file, bytes, output.offset);
  yield* wait(steps.sync(file));
  job.reportProgress();
  return footer;
}

/** The entries of a map that stand in the file, and what their sequence ids are written from. */
interface WrittenEntries {
  readonly top: TreeRoot;
  readonly cursor: Cursor;
  readonly log: SequenceLog;
  /** Of the first entry whose id is not in the log; undefined where all are. */
  readonly unlogged: Uint8Array | undefined;
}

/** What the maps of a file share. */
class WritingJob {
  private readonly plan: SnapshotPlan;
  private readonly output: FileAppender;
  private readonly steps: WriteSteps;
  private readonly limits: BlockLimits;
  private entryCount = 0;
  private pauseEntryCount = 0;
  private pauseOffset = 0;
  private logSize: number;

  constructor(plan: SnapshotPlan, output: FileAppender, steps: WriteSteps) {
    this.plan = plan;
    this.output = output;
    this.steps = steps;
    this.limits = plan.limits ?? DEFAULT_BLOCK_LIMITS;
    this.logSize = plan.sequenceLogSize ?? SEQUENCE_LOG_SIZE_MAX;
  }

  *writeEntries({ cursor }: PlannedMap): Task<WrittenEntries | undefined> {
    if (cursor === undefined) return undefined;
    const log = new SequenceLog(this.logSize);
    let unlogged: Uint8Array | undefined;
    const writer = new TreeWriter(this.output, {
      limits: this.limits,
      filters: 'pages',
      onDataBlock: (offset) => {
        if (unlogged === undefined) log.close(offset);
      },
    });
    for (cursor.toFirst(); cursor.isValid; cursor.next()) {
      if (this.isWanted(cursor)) {
        // Where that closes a block, the entry is the first of the next one.
        writer.add(cursor);
        if (unlogged === undefined && log.isFull) unlogged = keyOf(cursor);
        if (unlogged === undefined) log.add(cursor.sequence());
        this.entryCount++;
      }
      if (this.isPauseDue()) yield* this.pause();
    }
    const top = writer.finish();
    this.logSize -= log.size;
    return top === undefined ? undefined : { top, cursor, log, unlogged };
  }

  *writeSequences(written: WrittenEntries, source: BlockSource): Task<TreeRoot | undefined> {
    const writer = new TreeWriter(this.output, { limits: this.limits, filters: 'none' });
    for (const ids of written.log.entries()) {
      writer.add(ids);
      if (this.isPauseDue()) yield* this.pause();
    }
    if (written.unlogged !== undefined) {
      yield* this.writeUnlogged(written.unlogged, { written, writer, source });
    }
    return writer.finish();
  }

  private *writeUnlogged(
    from: Uint8Array,
    into: { written: WrittenEntries; writer: TreeWriter; source: BlockSource },
  ): Task<void> {
    const { cursor, top, log } = into.written;
    const tree = new Tree(into.source, top, this.output.offset);
    const ids = new SequenceIds();
    cursor.seek(from);
    let passed = 0;
    for (const block of dataBlocks(tree)) {
      if (passed++ < log.blockCount) continue;
      while (ids.count < block.count) {
        assert(cursor.isValid, 'a cursor gives as many entries on every walk');
        if (this.isWanted(cursor)) ids.add(cursor.sequence());
        cursor.next();
        if (this.isPauseDue()) yield* this.pause();
      }
      into.writer.add(ids.take(block.offset));
    }
  }

  private isWanted(cursor: Cursor): boolean {
    return this.plan.kind === 'incremental' || !cursor.isTombstone;
  }

  private isPauseDue(): boolean {
    const size = this.output.offset - this.pauseOffset;
    if (++this.pauseEntryCount < PAUSE_ENTRY_COUNT && size < PAUSE_SIZE) return false;
    this.pauseEntryCount = 0;
    this.pauseOffset = this.output.offset;
    return true;
  }

  reportProgress(): void {
    this.steps.onProgress({ bytes: this.output.offset, entries: this.entryCount });
  }

  private *pause(): Task<void> {
    this.reportProgress();
    this.steps.check();
    yield* wait(this.steps.pause());
  }
}

function keyOf({ bytes, keyStart, keyEnd }: Cursor): Uint8Array {
  return bytes.slice(keyStart, keyEnd);
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
  const { limits: _, sequenceLogSize: __, ...rest } = plan;
  const { bytes, footer } = encodeFooter(
    { ...rest, format: FORMAT, maps, root: rootOf(maps) },
    offset,
  );
  const fault = faultOf(footer, { offset, fileLength: footer.length });
  assert(fault === undefined, `a reader will take the footer: ${fault}`);
  return { bytes, footer };
}
