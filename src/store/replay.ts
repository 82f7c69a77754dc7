/**
 * Applies a run of WALs to the state of a snapshot, up to the first break.
 *
 * Replay is idempotent: commits at or below the snapshot's sequence id are read and not applied.
 */
import { bytesEqual, toHex } from '../bytes/bytes.ts';
import { CborError } from '../bytes/cbor.ts';
import { Memtable } from '../memtable/memtable.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import { FrameType } from '../wal/frame.ts';
import { GENESIS_CHAIN, startOfWal, type WalPosition } from '../wal/wal-header.ts';
import { type Break, type Frame, scanWal, type WalScan } from '../wal/wal-reader.ts';
import type { LoggedCommit } from '../wal/wal-writer.ts';
import { Catalog } from './catalog.ts';
import { Draft, type State, type Tables } from './draft.ts';
import type { History } from './history.ts';
import { readLoss } from './loss.ts';
import { type BreakKind, classifyBreak } from './recovery.ts';
import type { SoundWal } from './survey.ts';
import { TokenTable } from './tokens.ts';
import { UsageTable } from './usage.ts';

export interface FoundBreak {
  readonly kind: BreakKind;
  readonly wal: SoundWal;
  readonly at: Break;
  /** The highest commit that some witness knows of. */
  readonly lastSeen: number;
}

interface ReplayedWal {
  readonly generation: number;
  readonly name: string;
  readonly baseSequence: number;
  readonly lastSequence: number;
}

export interface Replay {
  readonly draft: Draft;
  readonly usage: UsageTable;
  readonly tokens: TokenTable;
  readonly wals: readonly ReplayedWal[];
  readonly found: FoundBreak | undefined;
  /** The generation in which commits went on, where the newest WAL that is there names it. */
  readonly switchedTo: number | undefined;
  /** Up to here the newest WAL is known to be on the medium. Undefined without any WAL. */
  readonly durable: WalPosition | undefined;
  /** What was applied behind it, and must be logged again before it counts. */
  readonly unconfirmed: readonly LoggedCommit[];
  /** The chain hash behind the last commit that was applied. */
  readonly chain: Uint8Array;
}

/** Throws what the host throws, and what `onWal` throws. */
export function replayHistory(history: History, onWal: (done: number) => void): Replay {
  return new Replayer(history).run(onWal);
}

/** The state of a snapshot, or the empty one. */
function baseState(stack: readonly SnapshotReader[]): {
  readonly state: State;
} & Tables {
  const usage = new UsageTable();
  const tokens = new TokenTable();
  const footer = stack[0]?.footer;
  for (const { token, sequence } of footer?.tokens ?? []) tokens.add(token, sequence);
  for (const map of footer?.maps ?? []) usage.set(map.id, { count: map.count, bytes: map.bytes });
  const maps = (footer?.maps ?? []).map(({ id, name, keyEncoding, valueEncoding, quota }) => ({
    ...{ id, name, keyEncoding, valueEncoding, quota },
  }));
  const catalog =
    footer === undefined
      ? Catalog.EMPTY
      : new Catalog(maps, { nextMapId: footer.nextMapId, quota: footer.quota });
  const state: State = {
    memtable: new Memtable(),
    frozen: undefined,
    snapshots: stack,
    sequence: footer?.sequence ?? 0,
    catalog,
    loss: undefined,
  };
  return { state, usage, tokens };
}

class Replayer {
  readonly #history: History;
  readonly #usage: UsageTable;
  readonly #tokens: TokenTable;
  readonly #draft: Draft;
  readonly #replayed: ReplayedWal[] = [];
  #chain: Uint8Array;
  #found: FoundBreak | undefined;
  #switchedTo: number | undefined;
  #durable: WalPosition | undefined;
  #unconfirmed: readonly LoggedCommit[] = [];

  constructor(history: History) {
    this.#history = history;
    const base = baseState(history.stack);
    this.#usage = base.usage;
    this.#tokens = base.tokens;
    this.#draft = new Draft(base.state, base);
    this.#chain = history.stack[0]?.footer.chain ?? GENESIS_CHAIN;
  }

  run(onWal: (done: number) => void): Replay {
    const { wals } = this.#history;
    let done = 0;
    for (const [i, wal] of wals.entries()) {
      this.#replayWal(wal, wals[i + 1]);
      done += wal.file.size;
      onWal(done);
      if (this.#found !== undefined && this.#found.kind !== 'clean') break;
    }
    return {
      draft: this.#draft,
      usage: this.#usage,
      tokens: this.#tokens,
      wals: this.#replayed,
      found: this.#found,
      switchedTo: this.#switchedTo,
      durable: this.#durable,
      unconfirmed: this.#unconfirmed,
      chain: this.#chain,
    };
  }

  #replayWal(wal: SoundWal, successor: SoundWal | undefined): void {
    const commits: LoggedCommit[] = [];
    const end = successor?.header.predecessor;
    const { loss } = wal.header;
    this.#draft.loss = loss === null ? undefined : readLoss(loss);
    const scan = this.#scan(wal, end, commits);
    const { tip } = scan;
    this.#switchedTo = end === undefined ? scan.switchedTo : undefined;
    const reached = end === undefined ? confirmed(wal, scan, commits) : tip;
    this.#durable = reached;
    this.#unconfirmed = end === undefined ? commits.filter(isBehind(reached)) : [];
    if (this.#draft.sequence === wal.header.publishedAt) this.#chain = wal.header.publishedChain;
    this.#replayed.push({
      generation: wal.header.generation,
      name: wal.name,
      baseSequence: startOfWal(wal.header).sequence,
      lastSequence: tip.sequence,
    });
    const at = scan.break ?? mispaired(scan, end);
    if (at !== undefined) this.#found = this.#classify({ wal, at, scan, end });
  }

  #scan(wal: SoundWal, end: WalPosition | undefined, commits: LoggedCommit[]): WalScan {
    return scanWal(wal.file, wal.header, {
      ...(end === undefined ? {} : { endOffset: end.offset }),
      onCommit: (commit, position) => {
        this.#apply(commit, position);
        commits.push(commit);
      },
    });
  }

  /** Throws CborError, and changes nothing, on a commit that means nothing. */
  #apply(commit: LoggedCommit, position: WalPosition): void {
    if (commit.sequence <= this.#draft.sequence) return;
    const fork = this.#draft.fork();
    fork.apply(commit);
    this.#draft.absorb(fork);
    this.#chain = position.chain;
  }

  #classify(place: {
    readonly wal: SoundWal;
    readonly at: Break;
    readonly scan: WalScan;
    readonly end: WalPosition | undefined;
  }): FoundBreak | undefined {
    const { wal, at, scan, end } = place;
    const lastSeen = Math.max(scan.watermark, end?.sequence ?? 0, lastSequenceOf(at.laterFrames));
    // What a snapshot holds is not lost with the WAL.
    const missing = Math.max(scan.tip.sequence, this.#draft.sequence) + 1;
    const kind = classifyBreak({
      ...at,
      hasLaterFrames: at.laterFrames.length > 0,
      isAcknowledged: scan.watermark >= missing,
      isWitnessed: end !== undefined || scan.end !== undefined,
    });
    return { kind, wal, at, lastSeen };
  }
}

/**
 * Up to where the newest WAL, or the one before it, is sure to be on the medium. Frames beyond those
 * that a new WAL logs again show that it was synced when it was started. Without any, the file may
 * be in the memory of the system alone, header and all, and the next WAL must not build on it.
 */
function confirmed(
  wal: SoundWal,
  scan: WalScan,
  commits: readonly LoggedCommit[],
): WalPosition | undefined {
  const { publishedAt, predecessor } = wal.header;
  const again = commits.filter(({ sequence }) => sequence <= publishedAt);
  const frameCount = again.reduce((count, { bodies }) => count + bodies.length, 0);
  const isStarted = scan.frameCount > frameCount || (scan.break?.laterFrames.length ?? 0) > 0;
  return isStarted ? scan.durable : predecessor;
}

function isBehind(position: WalPosition | undefined): (commit: LoggedCommit) => boolean {
  return (commit) => commit.sequence > (position?.sequence ?? 0);
}

function lastSequenceOf(frames: readonly Frame[]): number {
  return frames.reduce((last, frame) => Math.max(last, frame.header.sequence), 0);
}

/** A WAL that ends where its successor says, with another history than the successor continues. */
function mispaired(scan: WalScan, end: WalPosition | undefined): Break | undefined {
  if (end === undefined) return undefined;
  if (scan.tip.sequence === end.sequence && bytesEqual(scan.tip.chain, end.chain)) return undefined;
  return {
    offset: scan.tip.offset,
    reason: `the successor continues commit ${end.sequence} with chain ${toHex(end.chain)}, which is another history`,
    isHeaderSound: false,
    isBodySound: false,
    isChained: false,
    isNewerType: false,
    isZeroToEnd: false,
    laterFrames: [],
  };
}

/**
 * Applies, over `draft`, the whole commits among `frames` that can be read, leaving out what lies
 * between them. For `skip-corrupt` only. Returns how many commits are missing.
 */
export function applyBehindBreak(replay: Replay, frames: readonly Frame[]): number {
  const { draft } = replay;
  let missing = 0;
  for (const commit of wholeCommits(frames)) {
    if (commit.sequence <= draft.sequence) continue;
    missing += commit.sequence - draft.sequence - 1;
    if (!applyIfSound(draft, commit)) missing++;
    draft.sequence = commit.sequence;
  }
  return missing;
}

/** Commits of which every frame is there: adjacent, and begun by a frame that begins one. */
function* wholeCommits(frames: readonly Frame[]): Generator<LoggedCommit> {
  let run: Frame[] = [];
  for (const frame of frames) {
    const { type, sequence, isContinuation } = frame.header;
    const before = run.at(-1);
    const goesOn = before?.nextOffset === frame.offset && before.header.sequence === sequence;
    if (!isContinuation) run = [];
    else if (!goesOn) continue;
    run.push(frame);
    if (type !== FrameType.commit) continue;
    yield { sequence, bodies: run.map(({ body }) => body) };
    run = [];
  }
}

function applyIfSound(draft: Draft, commit: LoggedCommit): boolean {
  const fork = draft.fork();
  try {
    fork.apply(commit);
  } catch (error) {
    if (error instanceof CborError) return false;
    throw error;
  }
  draft.absorb(fork);
  return true;
}
