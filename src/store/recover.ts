/**
 * From files to a state: survey, choose the history, replay it, decide by the table. Only reads;
 * open.ts publishes what this finds. It can be interrupted any number of times.
 */
import { toHex } from '../bytes/bytes.ts';
import { CborError } from '../bytes/cbor.ts';
import {
  CorruptionError,
  type Damage,
  FormatError,
  type LossReport,
  UsageError,
} from '../errors.ts';
import type { FileSystem } from '../fs/file-system.ts';
import type { Task } from '../fs/task.ts';
import { type CheckedOptions, checkSignal } from '../options.ts';
import type { BlockCache } from '../snapshot/block-cache.ts';
import { FRAME_HEADER_SIZE } from '../wal/frame.ts';
import { readOperations } from '../wal/record.ts';
import { startOfWal, type WalPosition } from '../wal/wal-header.ts';
import { scanWal } from '../wal/wal-reader.ts';
import type { Catalog } from './catalog.ts';
import type { Environment, Manner } from './environment.ts';
import { walName } from './file-names.ts';
import { chooseHistory, type History } from './history.ts';
import { limitedKeys } from './loss.ts';
import type { Recovered } from './recovered.ts';
import { type Decision, decide, readsEverything, type WalState } from './recovery.ts';
import { applyBehindBreak, type FoundBreak, type Replay, replayHistory } from './replay.ts';
import { closeSurvey, type SoundWal, type Survey, surveyStore } from './survey.ts';

export interface RecoverParts {
  readonly fs: FileSystem;
  readonly options: CheckedOptions;
  readonly environment: Environment;
  readonly manner: Manner;
  readonly cache: BlockCache;
  /** What to make of a gap: damage, or a store that a writer beside us is moving on. */
  readonly onGap: 'judge' | 'try again';
}

/** The listing does not fit together: a writer may have moved on between two looks at it. */
export class MovingStoreError extends Error {
  override readonly name = 'MovingStoreError';
}

/** Throws CORRUPT, MISSING_FILE, FORMAT_TOO_NEW, FOREIGN_FILE, NOT_FOUND, EXISTS, and host errors. */
export function* recover(parts: RecoverParts): Task<Recovered> {
  const { fs, options, cache, manner } = parts;
  const verify = readsEverything(options.recovery)
    ? { pause: manner.pause, check: () => undefined, onProgress: () => undefined }
    : undefined;
  const survey = yield* surveyStore(fs, { cache, verify, isForWriting: !options.readOnly });
  let kept: Recovered | undefined;
  try {
    kept = new Recovery(parts, survey).run();
    return kept;
  } finally {
    closeSurvey(survey, kept?.state.snapshots ?? []);
  }
}

class Recovery {
  readonly #parts: RecoverParts;
  readonly #survey: Survey;

  constructor(parts: RecoverParts, survey: Survey) {
    this.#parts = parts;
    this.#survey = survey;
  }

  run(): Recovered {
    const published = publishedWals(this.#survey);
    const history = chooseHistory(this.#survey, published);
    const replay = this.#replay(history);
    return this.#judge(missingSuccessor(history, replay, published), replay);
  }

  #replay(history: History): Replay {
    const { signal, onProgress } = this.#parts.options;
    const total = history.wals.reduce((size, wal) => size + wal.file.size, 0);
    return replayHistory(history, (done) => {
      checkSignal(signal);
      onProgress({ phase: 'replay', done, total, unit: 'bytes' });
    });
  }

  #judge(history: History, replay: Replay): Recovered {
    if (this.#parts.onGap === 'try again' && history.walState === 'gap') {
      throw new MovingStoreError('the files of the store do not fit together');
    }
    const wal = walStateOf(history, replay);
    const mode = this.#parts.options.recovery;
    const decision = decide(mode, { snapshot: history.snapshotState, wal });
    if (replay.found?.kind === 'newer') throw newerFrame(replay.found);
    if (decision === 'refuse') throw this.#refusal(history, replay);
    this.#checkWish(decision);
    const missing = decision === 'skip' ? this.#skip(replay) : 0;
    const loss = this.#lossOf({ decision, history, replay, missing }) ?? replay.draft.loss;
    return this.#result({ history, replay, decision, wal, loss });
  }

  #checkWish(decision: Decision): void {
    const { create, readOnly } = this.#parts.options;
    const { location } = this.#parts.fs.facts;
    const isAbsent = decision === 'create';
    if (isAbsent && (create === false || readOnly)) {
      throw new UsageError('NOT_FOUND', `there is no store at ${location}`);
    }
    if (!isAbsent && create === 'new') {
      throw new UsageError('EXISTS', `there is a store at ${location} already`);
    }
  }

  #skip(replay: Replay): number {
    return applyBehindBreak(replay, replay.found?.at.laterFrames ?? []);
  }

  #refusal(history: History, replay: Replay): CorruptionError {
    const report = this.#report({ action: 'refused', history, replay, missing: 0 });
    const first = report.damage[0];
    const isMissing = history.walState === 'gap' && history.damage[0]?.reason.endsWith('missing');
    const place = first === undefined ? 'a file' : `${first.file} at offset ${first.offset}`;
    const message =
      `${place}: ${first?.reason ?? 'is not what it should be'}. ` +
      'Nothing was changed. Restore a backup, or open with recovery: "point-in-time" to go on ' +
      `with the state up to commit ${replay.draft.sequence}`;
    return new CorruptionError(isMissing === true ? 'MISSING_FILE' : 'CORRUPT', message, {
      report,
    });
  }

  #lossOf(found: {
    readonly decision: Decision;
    readonly history: History;
    readonly replay: Replay;
    readonly missing: number;
  }): LossReport | undefined {
    const { decision } = found;
    if (decision !== 'roll back' && decision !== 'skip') return undefined;
    return this.#report({ ...found, action: decision === 'skip' ? 'skipped' : 'cut' });
  }

  #report(found: {
    readonly action: LossReport['action'];
    readonly history: History;
    readonly replay: Replay;
    readonly missing: number;
  }): LossReport {
    const { action, history, replay, missing } = found;
    const { found: at, draft } = replay;
    const damage: Damage[] = [...history.damage];
    if (at !== undefined) {
      damage.unshift({ file: at.wal.name, offset: at.at.offset, reason: at.at.reason });
    }
    const firstLost = (at?.at === undefined ? draft.sequence : breakSequence(replay)) + 1;
    const lastSeen = Math.max(at?.lastSeen ?? 0, draft.sequence);
    const cutCount = Math.max(0, lastSeen - firstLost + 1);
    return {
      id: toHex(this.#parts.environment.randomBytes(8)),
      action,
      damage,
      firstLost,
      lastSeen,
      commitsLost: action === 'skipped' ? missing : cutCount,
      bytesLost: at === undefined ? 0 : at.wal.file.size - at.at.offset,
      suspectKeys: at === undefined ? [] : limitedKeys(suspectKeys(at, draft.catalog)),
      quarantine: [],
    };
  }

  #result(found: {
    readonly history: History;
    readonly replay: Replay;
    readonly decision: Decision;
    readonly wal: WalState;
    readonly loss: LossReport | undefined;
  }): Recovered {
    const { history, replay, decision, wal, loss } = found;
    const { draft } = replay;
    const base = history.stack[0]?.footer.sequence ?? 0;
    const takeover = decision === 'create' ? undefined : takeoverOf(replay, decision, history);
    const isLossy = decision === 'roll back' || decision === 'skip';
    const at = replay.found;
    return {
      store: this.#survey.store ?? this.#parts.environment.randomBytes(16),
      isNew: decision === 'create',
      state: { ...draft.toState(), loss },
      ...flatten(replay),
      nextGeneration: this.#survey.nextGeneration,
      predecessor: takeover?.predecessor,
      logAgain: takeover?.logAgain ?? [],
      wals: replay.wals,
      names: this.#names(),
      unfinished: this.#survey.unfinished.map((file) => file.name),
      needsSnapshot: decision === 'skip',
      chain: replay.chain,
      hasReserve: this.#survey.hasReserve,
      report: {
        snapshot: history.snapshotState,
        wal,
        decision,
        replayedCommits: draft.sequence - base,
        droppedBytes: at === undefined || at.kind === 'clean' ? 0 : at.wal.file.size - at.at.offset,
        notes: [
          ...this.#survey.notes,
          ...this.#survey.unfinished.map(({ name }) => `${name}: was never finished`),
          ...history.damage.map(({ file, reason }) => `${file}: ${reason}`),
        ],
      },
      loss,
      evidence: isLossy && at !== undefined ? [{ file: at.wal.name, offset: at.at.offset }] : [],
    };
  }

  #names(): string[] {
    const survey = this.#survey;
    return [
      ...survey.wals,
      ...survey.snapshots,
      ...survey.damagedWals,
      ...survey.damagedSnapshots,
      ...survey.unfinished,
    ].map((file) => file.name);
  }
}

/**
 * The WALs that count, newest first: without those whose creation was cut short before they had
 * logged again what they must. A witness that they once had makes that damage, not a crash.
 */
function publishedWals(survey: Survey): SoundWal[] {
  const isPublished = (wal: SoundWal): boolean => {
    const { publishedAt } = wal.header;
    if (publishedAt === startOfWal(wal.header).sequence) return true;
    const scan = scanWal(wal.file, wal.header);
    return scan.tip.sequence >= publishedAt || scan.watermark > scan.tip.sequence;
  };
  const first = survey.wals.findIndex(isPublished);
  return first < 0 ? [] : survey.wals.slice(first);
}

/** A WAL that says where commits went on, and a directory without that file. */
function missingSuccessor(
  history: History,
  { switchedTo }: Replay,
  published: readonly SoundWal[],
): History {
  const newest = published[0]?.header.generation ?? 0;
  const isThere = switchedTo === undefined || newest >= switchedTo;
  if (isThere) return history;
  const name = walName(switchedTo);
  const missing = { file: name, offset: 0, reason: 'the WAL before it names it; it is missing' };
  return { ...history, walState: 'gap', damage: [missing, ...history.damage] };
}

function walStateOf(history: History, replay: Replay): WalState {
  if (history.walState !== undefined) return history.walState;
  switch (replay.found?.kind) {
    case 'torn':
    case 'leftover':
      return 'torn';
    case 'corrupt':
      return 'corrupt';
    default:
      return 'clean';
  }
}

/** Where the next generation takes over from, and what it must log again. */
function takeoverOf(
  replay: Replay,
  decision: Decision,
  history: History,
): { readonly predecessor: WalPosition | undefined; readonly logAgain: Replay['unconfirmed'] } {
  const { durable, unconfirmed, draft, chain } = replay;
  const reached = (durable?.sequence ?? 0) + unconfirmed.length;
  const generation = durable?.generation ?? history.stack[0]?.footer.generation ?? 0;
  if (decision !== 'skip' && reached === draft.sequence) {
    return { predecessor: durable, logAgain: unconfirmed };
  }
  // A snapshot holds what this WAL would have to lead to: the run of WALs starts anew.
  const offset = durable?.offset ?? 0;
  return { predecessor: { generation, offset, sequence: draft.sequence, chain }, logAgain: [] };
}

function breakSequence(replay: Replay): number {
  return replay.wals.at(-1)?.lastSequence ?? replay.draft.sequence;
}

function flatten({ usage, tokens, draft }: Replay): Pick<Recovered, 'usage' | 'tokens'> {
  usage.absorb(draft.usage);
  tokens.absorb(draft.tokens);
  return { usage, tokens };
}

/** Keys that the frames behind the break, and as far as it can be read the broken one, write. */
function suspectKeys(at: FoundBreak, catalog: Catalog): LossReport['suspectKeys'] {
  const found: { readonly map: string; readonly key: Uint8Array }[] = [];
  const note = (id: number, position: { bytes: Uint8Array; keyStart: number; keyEnd: number }) => {
    const map = catalog.byId(id)?.name;
    const key = position.bytes.slice(position.keyStart, position.keyEnd);
    if (map !== undefined) found.push({ map, key });
  };
  const broken = at.wal.file.read(at.at.offset + FRAME_HEADER_SIZE, BROKEN_BODY_SIZE_MAX);
  for (const body of [broken, ...at.at.laterFrames.map((frame) => frame.body)]) {
    try {
      readOperations(body, { put: note, remove: note, other: () => undefined });
    } catch (error) {
      if (!(error instanceof CborError)) throw error;
    }
  }
  return found;
}

const BROKEN_BODY_SIZE_MAX = 1 << 20;

function newerFrame(found: FoundBreak): FormatError {
  return new FormatError(
    'FORMAT_TOO_NEW',
    `${found.wal.name} has a frame at offset ${found.at.offset} of a type that this version of ` +
      'onewal does not know: use a newer one',
  );
}
