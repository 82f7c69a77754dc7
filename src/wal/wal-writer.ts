/**
 * Appends frames to one WAL and knows how far it is durable.
 *
 * Frames are staged, written together with one positional write, and synced together. Where the
 * host allows it, zeros stand ready behind the last of them. After a failed sync, or a cut that
 * failed, the file is poisoned: nothing is ever written to it again (the kernel may have marked lost
 * pages clean). What to do then is store/generation.ts's business.
 */
import { assert } from '../assert.ts';
import { type File, writeFully } from '../fs/file-system.ts';
import { type Awaitable, type Task, wait } from '../fs/task.ts';
import { FrameType, frameSize, sealFrame } from './frame.ts';
import { encodeEnd, encodeSwitch, encodeSync } from './record.ts';
import { startOfWal, WAL_HEADER_SIZE, type WalHeader, type WalPosition } from './wal-header.ts';

/** A commit as it was logged: its bodies, one per frame of its run. */
export interface LoggedCommit {
  readonly sequence: number;
  readonly bodies: readonly Uint8Array[];
}

/** A larger buffer is given back: one huge commit must not be paid for ever. */
const STAGING_SIZE_KEPT_MAX = 1 << 20;
const STAGING_SIZE_START = 4 << 10;
/** Zeros are laid ahead for at least this many writes of the present size, or not at all. */
const WRITES_AHEAD_MIN = 8;

export class WalWriter {
  readonly header: WalHeader;
  readonly file: File;
  #tip: WalPosition;
  #durable: WalPosition;
  #frameCount = 0;
  /** Staged frames, one behind the other; kept from group to group. */
  #buffer = new Uint8Array(STAGING_SIZE_START);
  #stagedSize = 0;
  #stagedCount = 0;
  #stagedTip: WalPosition;
  #stagedCommits: LoggedCommit[] = [];
  #commitChain: Uint8Array;
  #stagedCommitChain: Uint8Array;
  #unsynced: LoggedCommit[] = [];
  #unsyncedSize = 0;
  #isPoisoned = false;
  #isEnded = false;
  #marked: number;
  #stagedMark: number;
  #namedSnapshot: number | undefined;
  #preallocation: number;
  /** Zeros reach up to here; at or below the tip where there are none. */
  #zerosEnd = 0;

  /**
   * Requires: `file` holds the encoded header and nothing else. `preallocation`: how many zeros the
   * host allows ahead.
   */
  constructor(file: File, header: WalHeader, preallocation = 0) {
    this.file = file;
    this.header = header;
    this.#preallocation = preallocation;
    this.#tip = { generation: header.generation, offset: WAL_HEADER_SIZE, ...startOfWal(header) };
    this.#stagedTip = this.#tip;
    this.#durable = this.#tip;
    this.#commitChain = this.#stagedCommitChain = this.#tip.chain;
    this.#marked = this.#stagedMark = this.#tip.sequence;
    this.#namedSnapshot = header.snapshot;
  }

  /** After the last frame that was written. */
  get tip(): WalPosition {
    return this.#tip;
  }

  /** The chain hash of the last commit that was written: stands for the whole history up to it. */
  get commitChain(): Uint8Array {
    const { publishedAt, publishedChain } = this.header;
    return this.#tip.sequence === publishedAt ? publishedChain : this.#commitChain;
  }

  /** After the last frame that is known synced. */
  get durable(): WalPosition {
    return this.#durable;
  }

  /** Written commits that no sync covers yet, in order. */
  get unsynced(): readonly LoggedCommit[] {
    return this.#unsynced;
  }

  get unsyncedSize(): number {
    return this.#unsyncedSize;
  }

  /** The highest durable watermark that the file itself names. */
  get markedSequence(): number {
    return this.#marked;
  }

  /** The newest snapshot that the file names, in its header or in a Sync record. */
  get namedSnapshot(): number | undefined {
    return this.#namedSnapshot;
  }

  get isPoisoned(): boolean {
    return this.#isPoisoned;
  }

  /** Invariant: once End is staged, nothing is staged behind it. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  poison(): void {
    this.#isPoisoned = true;
  }

  /** Seals the frames of one commit, to be written by `writeStaged`. */
  stage(commit: LoggedCommit): void {
    assert(commit.sequence === this.#stagedTip.sequence + 1, 'sequence ids are consecutive');
    for (const [i, body] of commit.bodies.entries()) {
      const isLast = i === commit.bodies.length - 1;
      this.#stageFrame(isLast ? FrameType.commit : FrameType.part, {
        body,
        sequence: commit.sequence,
        isContinuation: i > 0,
      });
    }
    this.#stagedTip = { ...this.#stagedTip, sequence: commit.sequence };
    this.#stagedCommits.push(commit);
    this.#stagedCommitChain = this.#stagedTip.chain;
  }

  /**
   * Writes all staged frames with one write. If it throws what the host threw, the file holds an
   * unknown part of them, nothing is staged any more, and `cut` must follow.
   */
  writeStaged(): void {
    assert(!this.#isPoisoned, 'a poisoned WAL is never written');
    const bytes = this.#buffer.subarray(0, this.#stagedSize);
    const frameCount = this.#stagedCount;
    const commits = this.#stagedCommits;
    const tip = this.#stagedTip;
    const mark = this.#stagedMark;
    const commitChain = this.#stagedCommitChain;
    this.discardStaged();
    writeFully(this.file, bytes, this.#tip.offset);
    this.#stagedTip = this.#tip = tip;
    this.#stagedMark = this.#marked = mark;
    this.#stagedCommitChain = this.#commitChain = commitChain;
    this.#frameCount += frameCount;
    for (const commit of commits) this.#addUnsynced(commit);
  }

  discardStaged(): void {
    this.#stagedSize = 0;
    this.#stagedCount = 0;
    if (this.#buffer.length > STAGING_SIZE_KEPT_MAX) {
      this.#buffer = new Uint8Array(STAGING_SIZE_START);
    }
    this.#stagedCommits = [];
    this.#stagedTip = this.#tip;
    this.#stagedMark = this.#marked;
    this.#stagedCommitChain = this.#commitChain;
  }

  /**
   * Before a sync: lays zeros ahead where the last ones are used up, so that the syncs to come find
   * a file that has its size. No further than the file is long, so that a small store stays small,
   * and not for writes so large that they would be paid twice. Where the host has no room for them
   * it goes on without.
   */
  layZerosAhead(): void {
    const { offset } = this.#tip;
    if (this.#preallocation === 0 || offset <= this.#zerosEnd) return;
    const size = Math.min(this.#preallocation, offset);
    if ((offset - this.#durable.offset) * WRITES_AHEAD_MIN > size) return;
    try {
      writeFully(this.file, new Uint8Array(size), offset);
      this.#zerosEnd = offset + size;
    } catch {
      this.#preallocation = 0;
      this.#zerosEnd = offset + size;
      this.dropZeros();
    }
  }

  /** Gives back the room of the zeros, if there are any. Where that fails they stay, and do no harm. */
  dropZeros(): void {
    const { offset } = this.#tip;
    if (this.#isPoisoned || this.#zerosEnd <= offset) return;
    this.#zerosEnd = 0;
    try {
      this.file.truncate(offset);
    } catch {
      // What is written next goes over them.
    }
  }

  /**
   * Cuts the file back to the last whole write. What was cut may still come back after a power
   * loss until the next sync succeeds. Throws what the host threw, and poisons the file.
   */
  cut(): void {
    this.discardStaged();
    // Where a write has failed there may be no room for zeros either.
    this.#preallocation = this.#zerosEnd = 0;
    try {
      this.file.truncate(this.#tip.offset);
    } catch (error) {
      this.#isPoisoned = true;
      throw error;
    }
  }

  /** Syncs the file; then everything up to `position`, a former `tip`, is durable. Throws what the host threw. */
  *syncUpTo(position: WalPosition, sync: (file: File) => Awaitable<void>): Task<void> {
    yield* wait(sync(this.file));
    // Meanwhile another sync may have failed: then this one proves nothing.
    if (!this.#isPoisoned) this.#markDurable(position);
  }

  #markDurable(position: WalPosition): void {
    if (position.offset <= this.#durable.offset) return;
    this.#durable = position;
    const kept = this.#unsynced.filter((commit) => commit.sequence > position.sequence);
    this.#unsynced = kept;
    this.#unsyncedSize = kept.reduce((size, commit) => size + commitSize(commit), 0);
  }

  /**
   * Writes a Sync record, which is not itself synced: it names the watermark and `snapshot`, the
   * newest that is on the medium. Throws as `writeStaged` does.
   */
  writeSync(snapshot: number | undefined): void {
    const body = encodeSync({ durable: this.#durable.sequence, snapshot });
    this.#stageFrame(FrameType.sync, { body, sequence: this.#tip.sequence });
    this.writeStaged();
    this.#namedSnapshot = snapshot;
  }

  /** A Switch record, where commits go on in another generation, and the End record. */
  stageEnd(next: number | undefined): void {
    const { sequence } = this.#tip;
    if (next !== undefined) {
      this.#stageFrame(FrameType.switch, { body: encodeSwitch(next), sequence });
    }
    const frames = this.#frameCount + this.#stagedCount;
    const body = encodeEnd({ frames, bytes: this.#stagedTip.offset, last: sequence });
    this.#stageFrame(FrameType.end, { body, sequence });
    this.#isEnded = true;
  }

  #stageFrame(
    type: number,
    content: {
      readonly body: Uint8Array;
      readonly sequence: number;
      readonly isContinuation?: boolean;
    },
  ): void {
    assert(!this.#isEnded, 'nothing follows End');
    const { body, sequence, isContinuation = false } = content;
    const { offset, chain, generation } = this.#stagedTip;
    const durable = this.#durable.sequence;
    const header = { type, isContinuation, sequence, durable, previous: chain };
    const bytes = this.#reserve(frameSize(body.length));
    const frameChain = sealFrame(bytes, { header, body }, { offset, key: this.header.key });
    this.#stagedMark = durable;
    this.#stagedTip = {
      generation,
      offset: offset + bytes.length,
      sequence: this.#stagedTip.sequence,
      chain: frameChain,
    };
  }

  #reserve(size: number): Uint8Array {
    const start = this.#stagedSize;
    const end = start + size;
    if (end > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, start));
      this.#buffer = larger;
    }
    this.#stagedSize = end;
    this.#stagedCount++;
    return this.#buffer.subarray(start, end);
  }

  #addUnsynced(commit: LoggedCommit): void {
    this.#unsynced.push(commit);
    this.#unsyncedSize += commitSize(commit);
  }
}

function commitSize(commit: LoggedCommit): number {
  return commit.bodies.reduce((size, body) => size + body.length, 0);
}
