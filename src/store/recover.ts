/**
 * From files to a state: survey, choose the history, replay it, decide by the table. Only reads;
 * open.ts publishes what this finds. It can be interrupted any number of times.
 */
import { toHex } from '../bytes/bytes.ts';
import { CorruptionError, FormatError, type LossReport, UsageError } from '../errors.ts';
import type { FileSystem } from '../fs/file-system.ts';
import type { Task } from '../fs/task.ts';
import { type CheckedOptions, checkSignal } from '../options.ts';
import type { BlockCache } from '../snapshot/block-cache.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import { startOfWal, type WalPosition } from '../wal/wal-header.ts';
import { scanWal } from '../wal/wal-reader.ts';
import type { Environment, Manner } from './environment.ts';
import { walName } from './file-names.ts';
import { evidenceOf, lossOf, type Reading, withEarlier } from './found-loss.ts';
import { chooseHistory, type History } from './history.ts';
import type { Recovered, RecoveryReport } from './recovered.ts';
import { type Decision, decide, readsEverything, type WalState } from './recovery.ts';
import { applyBehindBreak, type FoundBreak, type Replay, replayHistory } from './replay.ts';
import { closeSurvey, type SoundWal, type Survey, surveyStore } from './survey.ts';
import { isWitnessed, withoutOrphans, withoutSnapshot } from './witness.ts';

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
    kept = new Recovery(parts).run(survey);
    return kept;
  } finally {
    closeSurvey(survey, kept?.state.snapshots ?? []);
  }
}

class Recovery {
  readonly #parts: RecoverParts;

  constructor(parts: RecoverParts) {
    this.#parts = parts;
  }

  run(survey: Survey): Recovered {
    return this.#judge(this.#read(withoutOrphans(survey)));
  }

  #read(survey: Survey): Reading {
    const published = publishedWals(survey);
    const chosen = chooseHistory(survey, published);
    const newest = chosen.stack[0];
    const isBaseNamed = newest === undefined || isWitnessed(newest, survey, published[0]);
    if (!isBaseNamed) {
      const without = this.#read(withoutSnapshot(survey, newest));
      if (leadsTo(newest, without)) return without;
    }
    const replay = this.#replay(chosen);
    const history = missingSuccessor(chosen, replay, published);
    return { survey, history, replay, isBaseNamed };
  }

  #replay(history: History): Replay {
    const { signal, onProgress } = this.#parts.options;
    const total = history.wals.reduce((size, wal) => size + wal.file.size, 0);
    return replayHistory(history, (done) => {
      checkSignal(signal);
      onProgress({ phase: 'replay', done, total, unit: 'bytes' });
    });
  }

  #judge(reading: Reading): Recovered {
    const { history, replay } = reading;
    if (this.#parts.onGap === 'try again' && history.walState === 'gap') {
      throw new MovingStoreError('the files of the store do not fit together');
    }
    const wal = walStateOf(history, replay);
    const mode = this.#parts.options.recovery;
    const decision = decide(mode, { snapshot: history.snapshotState, wal });
    if (replay.found?.kind === 'newer') throw newerFrame(replay.found);
    if (decision === 'refuse') throw this.#refusal(reading);
    this.#checkWish(decision);
    return this.#result(reading, { decision, wal, ...this.#lossOf(reading, decision) });
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

  #refusal(reading: Reading): CorruptionError {
    const { history, replay } = reading;
    const report = this.#report(reading, { action: 'refused', missing: 0 });
    const first = report.damage[0];
    const isMissing = first?.reason.endsWith('missing');
    const place = first === undefined ? 'a file' : `${first.file} at offset ${first.offset}`;
    const wayOut =
      history.snapshotState === 'lost'
        ? ': no state is left to go on with'
        : ', or open with recovery: "point-in-time" to go on with the state up to commit ' +
          `${replay.draft.sequence}`;
    const message =
      `${place}: ${first?.reason ?? 'is not what it should be'}. ` +
      `Nothing was changed. Restore a backup${wayOut}`;
    return new CorruptionError(isMissing === true ? 'MISSING_FILE' : 'CORRUPT', message, {
      report,
    });
  }

  /** With `skip`, applies what stands behind the break. */
  #lossOf(reading: Reading, decision: Decision): Pick<Recovered, 'loss' | 'evidence'> {
    const { replay } = reading;
    const earlier = replay.draft.loss;
    if (decision !== 'roll back' && decision !== 'skip') {
      return { loss: earlier, evidence: undefined };
    }
    const firstLost = replay.draft.sequence + 1;
    const isSkipping = decision === 'skip';
    const later = replay.found?.at.laterFrames ?? [];
    const missing = isSkipping ? applyBehindBreak(replay, later) : 0;
    const action = isSkipping ? 'skipped' : 'cut';
    const loss = withEarlier(this.#report(reading, { action, firstLost, missing }), earlier);
    return { loss, evidence: evidenceOf(reading) };
  }

  #report(
    reading: Reading,
    found: {
      readonly action: LossReport['action'];
      readonly firstLost?: number;
      readonly missing: number;
    },
  ): LossReport {
    const id = toHex(this.#parts.environment.randomBytes(8));
    return lossOf(reading, { id, firstLost: reading.replay.draft.sequence + 1, ...found });
  }

  #result(
    reading: Reading,
    judged: Pick<Recovered, 'loss' | 'evidence'> & {
      readonly decision: Decision;
      readonly wal: WalState;
    },
  ): Recovered {
    const { survey, history, replay } = reading;
    const { decision, wal, loss, evidence } = judged;
    const takeover = decision === 'create' ? undefined : takeoverOf(replay, decision, history);
    return {
      store: survey.store ?? this.#parts.environment.randomBytes(16),
      isNew: decision === 'create',
      state: { ...replay.draft.toState(), loss },
      ...flatten(replay),
      nextGeneration: survey.nextGeneration,
      predecessor: takeover?.predecessor,
      logAgain: takeover?.logAgain ?? [],
      wals: replay.wals,
      names: namesOf(survey),
      headNames: survey.headNames,
      useless: [...survey.unfinished, ...survey.damagedSnapshots].map((file) => file.name),
      isBaseNamed: reading.isBaseNamed,
      needsSnapshot: decision === 'skip',
      chain: replay.chain,
      hasReserve: survey.hasReserve,
      report: reportOf(reading, { decision, wal }),
      loss,
      evidence,
    };
  }
}

function reportOf(
  { survey, history, replay }: Reading,
  judged: Pick<RecoveryReport, 'decision' | 'wal'>,
): RecoveryReport {
  const { draft, found } = replay;
  const base = history.stack[0]?.footer.sequence ?? 0;
  const isDropped = found !== undefined && found.kind !== 'clean';
  return {
    ...judged,
    snapshot: history.snapshotState,
    replayedCommits: draft.sequence - base,
    droppedBytes: isDropped ? found.wal.file.size - found.at.offset : 0,
    notes: [
      ...survey.notes,
      ...survey.unfinished.map(({ name }) => `${name}: was never finished`),
      ...history.damage.map(({ file, reason }) => `${file}: ${reason}`),
    ],
  };
}

/** Without the snapshot, the WALs lead to its commit all the same, and beyond. */
function leadsTo(
  { footer }: SnapshotReader,
  { history, replay }: Pick<Reading, 'history' | 'replay'>,
): boolean {
  const isWhole = history.walState === undefined && replay.found?.kind !== 'corrupt';
  return isWhole && replay.draft.sequence >= footer.sequence;
}

function namesOf(survey: Survey): string[] {
  return [
    ...survey.wals,
    ...survey.snapshots,
    ...survey.damagedWals,
    ...survey.damagedSnapshots,
    ...survey.unfinished,
  ].map((file) => file.name);
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

function flatten({ usage, tokens, draft }: Replay): Pick<Recovered, 'usage' | 'tokens'> {
  usage.absorb(draft.usage);
  tokens.absorb(draft.tokens);
  return { usage, tokens };
}

function newerFrame(found: FoundBreak): FormatError {
  return new FormatError(
    'FORMAT_TOO_NEW',
    `${found.wal.name} has a frame at offset ${found.at.offset} of a type that this version of ` +
      'onewal does not know: use a newer one',
  );
}
