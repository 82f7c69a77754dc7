/**
 * Reads whole commits from a WAL, up to the first break. The single home of atomicity on read: a
 * commit is handed out only when the last frame of its run has verified.
 *
 * What a break means (torn, corrupt, the clean end) is decided by store/recovery.ts from the
 * facts gathered here. Only reads.
 */
import { bytesEqual, isZero } from '../bytes/bytes.ts';
import { CborError } from '../bytes/cbor.ts';
import type { BufferedFile } from './buffered-file.ts';
import {
  FRAME_ALIGNMENT,
  FRAME_HEADER_SIZE,
  type FrameHeader,
  FrameType,
  frameSize,
  OPTIONAL_TYPE,
  openFrameHeader,
  startsLikeFrame,
  verifyFrame,
} from './frame.ts';
import { decodeEnd, decodeSwitch, decodeSync, type EndRecord } from './record.ts';
import { startOfWal, WAL_HEADER_SIZE, type WalHeader, type WalPosition } from './wal-header.ts';
import type { LoggedCommit } from './wal-writer.ts';

/** A frame whose own checksums verify, whatever stands before it. */
export interface Frame {
  readonly offset: number;
  readonly nextOffset: number;
  readonly header: FrameHeader;
  readonly body: Uint8Array;
  readonly chain: Uint8Array;
}

/** What is known about the first place where the frames do not go on. */
export interface Break {
  readonly offset: number;
  readonly reason: string;
  /** The frame's header verifies; its body too; it continues the chain and the ids. */
  readonly isHeaderSound: boolean;
  readonly isBodySound: boolean;
  readonly isChained: boolean;
  /** A frame of a type that this version does not know and may not skip. */
  readonly isNewerType: boolean;
  /** Nothing but zeros from here to the end of the file. */
  readonly isZeroToEnd: boolean;
  /** Frames behind the break that verify by themselves. */
  readonly laterFrames: readonly Frame[];
}

export interface WalScan {
  readonly generation: number;
  /** After the last frame that counts: whole commits, Sync, Switch and End records. */
  readonly tip: WalPosition;
  /** After the last commit at or below the watermark; what stands behind it may not be synced. */
  readonly durable: WalPosition;
  /** The highest watermark that any sound frame names, before or behind the break. */
  readonly watermark: number;
  /** Whole frames before the break. */
  readonly frameCount: number;
  readonly end: EndRecord | undefined;
  readonly switchedTo: number | undefined;
  /** The snapshot that the last Sync record names: it is on the medium. */
  readonly namedSnapshot: number | undefined;
  readonly break: Break | undefined;
  readonly size: number;
}

export interface ScanOptions {
  /** Stop here, where the successor says that this WAL ends. */
  readonly endOffset?: number;
  /** Receives each whole commit, in order, with the place after it. */
  onCommit?(commit: LoggedCommit, position: WalPosition): void;
  /** Receives every sound frame before the break. */
  onFrame?(frame: Frame): void;
}

/** Throws what the host throws; damage is part of the result. */
export function scanWal(file: BufferedFile, header: WalHeader, options: ScanOptions = {}): WalScan {
  return new Scanner(file, header, options).run();
}

class Scanner {
  readonly #file: BufferedFile;
  readonly #key: Uint8Array;
  readonly #options: ScanOptions;
  #tip: WalPosition;
  /** Ends of commits above the watermark so far, in order. */
  #candidates: WalPosition[] = [];
  #durable: WalPosition;
  #watermark: number;
  #frameCount = 0;
  #parts: Uint8Array[] = [];
  #offset = WAL_HEADER_SIZE;
  #chain: Uint8Array;
  #end: EndRecord | undefined;
  #switchedTo: number | undefined;
  #namedSnapshot: number | undefined;

  constructor(file: BufferedFile, header: WalHeader, options: ScanOptions) {
    const base = startOfWal(header);
    this.#file = file;
    this.#key = header.key;
    this.#options = options;
    this.#tip = { generation: header.generation, offset: WAL_HEADER_SIZE, ...base };
    this.#durable = this.#tip;
    this.#chain = base.chain;
    this.#watermark = base.sequence;
  }

  run(): WalScan {
    let stop = this.#step();
    while (stop === 'go on') stop = this.#step();
    const found = stop === 'finished' ? undefined : stop;
    for (const frame of found?.laterFrames ?? []) this.#raiseWatermark(frame.header.durable);
    return {
      generation: this.#tip.generation,
      tip: this.#tip,
      durable: this.#durable,
      watermark: this.#watermark,
      frameCount: this.#frameCount,
      end: this.#end,
      switchedTo: this.#switchedTo,
      namedSnapshot: this.#namedSnapshot,
      break: found,
      size: this.#file.size,
    };
  }

  #step(): 'go on' | 'finished' | Break {
    const limit = this.#options.endOffset ?? this.#file.size;
    if (this.#offset === limit && this.#parts.length === 0) return 'finished';
    if (this.#end !== undefined) return this.#breakAfterEnd();
    const read = readFrame(this.#file, this.#offset, this.#key);
    if (read.kind !== 'frame') return this.#breakHere(read.reason, read.isHeaderSound);
    const { frame } = read;
    const refusal = this.#refusal(frame, limit);
    if (refusal !== undefined) return this.#breakAt(frame, refusal);
    const malformed = this.#take(frame);
    if (malformed !== undefined) return this.#breakAt(frame, malformed);
    this.#options.onFrame?.(frame);
    return 'go on';
  }

  /** Why this sound frame does not continue what was read; undefined if it does. */
  #refusal(frame: Frame, limit: number): string | undefined {
    const { type, sequence, previous } = frame.header;
    if (!bytesEqual(previous, this.#chain)) return 'the frame does not continue the chain';
    if (frame.nextOffset > limit) return 'the frame passes the end that its successor names';
    const isCommit = type === FrameType.commit || type === FrameType.part;
    const expected = this.#tip.sequence + (isCommit ? 1 : 0);
    if (sequence !== expected) return `sequence id ${sequence} where ${expected} was expected`;
    const isInside = this.#parts.length > 0;
    if (frame.header.isContinuation !== isInside || (isInside && !isCommit)) {
      return 'a commit of several parts is not closed';
    }
    return undefined;
  }

  /** Returns what is wrong with the frame's body, if anything. */
  #take(frame: Frame): string | undefined {
    const { type } = frame.header;
    try {
      if (type === FrameType.sync) {
        const { durable, snapshot } = decodeSync(frame.body);
        if (durable !== frame.header.durable) return 'the Sync record and its frame disagree';
        this.#namedSnapshot = snapshot;
      } else if (type === FrameType.switch) this.#switchedTo = decodeSwitch(frame.body).next;
      else if (type === FrameType.end) return this.#takeEnd(frame);
      else if (type === FrameType.part || type === FrameType.commit) this.#takeCommit(frame);
      else if ((type & OPTIONAL_TYPE) === 0) return `frame type ${type} is not known`;
    } catch (error) {
      if (error instanceof CborError) return error.message;
      throw error;
    }
    this.#advance(frame);
    return undefined;
  }

  #takeEnd(frame: Frame): string | undefined {
    const end = decodeEnd(frame.body);
    const isTrue =
      end.frames === this.#frameCount &&
      end.bytes === frame.offset &&
      end.last === this.#tip.sequence;
    if (!isTrue) return 'the End record does not describe this file';
    this.#end = end;
    this.#advance(frame);
    return undefined;
  }

  #takeCommit(frame: Frame): void {
    this.#parts.push(copyOf(frame.body));
    if (frame.header.type === FrameType.part) return;
    const commit = { sequence: frame.header.sequence, bodies: this.#parts };
    const position = { ...positionAfter(frame), generation: this.#tip.generation };
    this.#options.onCommit?.(commit, position);
    this.#parts = [];
    this.#tip = position;
    this.#candidates.push(position);
  }

  #advance(frame: Frame): void {
    this.#frameCount++;
    this.#offset = frame.nextOffset;
    this.#chain = frame.chain;
    if (this.#parts.length === 0) {
      this.#tip = { ...this.#tip, offset: frame.nextOffset, chain: frame.chain };
    }
    this.#raiseWatermark(frame.header.durable);
  }

  #raiseWatermark(durable: number): void {
    this.#watermark = Math.max(this.#watermark, durable);
    let known = 0;
    while ((this.#candidates[known]?.sequence ?? Number.POSITIVE_INFINITY) <= this.#watermark) {
      this.#durable = this.#candidates[known] as WalPosition;
      known++;
    }
    if (known > 0) this.#candidates.splice(0, known);
  }

  #breakAfterEnd(): 'finished' | Break {
    const found = this.#breakHere('bytes after the End record', false);
    return found.isZeroToEnd ? 'finished' : found;
  }

  #breakHere(reason: string, isHeaderSound: boolean): Break {
    return this.#describe({
      offset: this.#offset,
      reason,
      isHeaderSound,
      isBodySound: false,
      isChained: false,
      isNewerType: false,
    });
  }

  #breakAt(frame: Frame, reason: string): Break {
    const { type } = frame.header;
    const isKnown = (Object.values(FrameType) as number[]).includes(type);
    return this.#describe({
      offset: frame.offset,
      reason,
      isHeaderSound: true,
      isBodySound: true,
      isChained: bytesEqual(frame.header.previous, this.#chain),
      isNewerType: !isKnown && (type & OPTIONAL_TYPE) === 0,
    });
  }

  #describe(facts: Omit<Break, 'isZeroToEnd' | 'laterFrames'>): Break {
    const isZeroToEnd = isFileZero(this.#file, this.#offset);
    const laterFrames = isZeroToEnd ? [] : [...findFrames(this.#file, this.#offset, this.#key)];
    return { ...facts, isZeroToEnd, laterFrames };
  }
}

/** Bytes verified in vain, for each byte of the file. */
const VAIN_SHARE_MAX = 8;

type FrameRead =
  | { readonly kind: 'frame'; readonly frame: Frame }
  | {
      readonly kind: 'none';
      readonly reason: string;
      readonly isHeaderSound: boolean;
      /** Bytes that were read and verified in vain. */
      readonly size: number;
    };

/** The frame at `offset`, verified by itself. Its body shares memory with the file's window. */
function readFrame(file: BufferedFile, offset: number, key: Uint8Array): FrameRead {
  const place = { offset, key };
  const header = openFrameHeader(file.read(offset, FRAME_HEADER_SIZE), place);
  if (header === undefined) {
    return { kind: 'none', reason: 'no frame header verifies here', isHeaderSound: false, size: 0 };
  }
  const size = frameSize(header.bodySize);
  if (offset + size > file.size) {
    return { kind: 'none', reason: 'the file ends inside the frame', isHeaderSound: true, size: 0 };
  }
  const bytes = file.read(offset, size);
  const chain = verifyFrame(bytes, header, place);
  if (chain === undefined) {
    const reason = 'the frame checksum does not match';
    return { kind: 'none', reason, isHeaderSound: true, size };
  }
  const body = bytes.subarray(FRAME_HEADER_SIZE, FRAME_HEADER_SIZE + header.bodySize);
  return { kind: 'frame', frame: { offset, nextOffset: offset + size, header, body, chain } };
}

/**
 * All frames at or behind `offset` that verify by themselves; for diagnosis and for salvage. Looks
 * within a frame whose body does not verify, too, unless that has taken long: a file could be made
 * of heads alone, each of which claims all of the rest.
 */
function* findFrames(file: BufferedFile, offset: number, key: Uint8Array): Generator<Frame> {
  let at = offset;
  let vain = 0;
  while (at + FRAME_HEADER_SIZE <= file.size) {
    const read = startsLikeFrame(file.read(at, 2), 0) ? readFrame(file, at, key) : undefined;
    if (read?.kind === 'frame') {
      yield { ...read.frame, body: copyOf(read.frame.body) };
      at = read.frame.nextOffset;
    } else {
      const size = read?.size ?? 0;
      vain += size;
      const isPatient = vain <= VAIN_SHARE_MAX * file.size;
      at += isPatient ? FRAME_ALIGNMENT : Math.max(size, FRAME_ALIGNMENT);
    }
  }
}

function isFileZero(file: BufferedFile, offset: number): boolean {
  const STEP_SIZE = 64 << 10;
  for (let at = offset; at < file.size; at += STEP_SIZE) {
    if (!isZero(file.read(at, STEP_SIZE))) return false;
  }
  return true;
}

function positionAfter(frame: Frame): Omit<WalPosition, 'generation'> {
  return { offset: frame.nextOffset, sequence: frame.header.sequence, chain: frame.chain };
}

function copyOf(bytes: Uint8Array): Uint8Array {
  return bytes.slice();
}
