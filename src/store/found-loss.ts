/** What damage cost, as data, and which files show it. */
import { CborError } from '../bytes/cbor.ts';
import type { Damage, LossReport } from '../errors.ts';
import { FRAME_HEADER_SIZE } from '../wal/frame.ts';
import { readOperations } from '../wal/record.ts';
import { scanWal } from '../wal/wal-reader.ts';
import type { Catalog } from './catalog.ts';
import type { History } from './history.ts';
import { limitedKeys } from './loss.ts';
import type { Evidence } from './recovered.ts';
import type { FoundBreak, Replay } from './replay.ts';
import type { SoundWal, Survey } from './survey.ts';

/** What an open has read: the files, those of them that count, and the state they lead to. */
export interface Reading {
  readonly survey: Survey;
  readonly history: History;
  readonly replay: Replay;
  /** As in `Recovered`. */
  readonly isBaseNamed: boolean;
}

/** `missing`: commits that were left out between others, by `skip-corrupt`. */
export function lossOf(
  reading: Reading,
  found: {
    readonly id: string;
    readonly action: LossReport['action'];
    readonly firstLost: number;
    readonly missing: number;
  },
): LossReport {
  const { id, action, firstLost, missing } = found;
  const { history, replay } = reading;
  const { found: at, draft } = replay;
  const damage: Damage[] = [...history.damage];
  if (at !== undefined) {
    const place = { file: at.wal.name, offset: at.at.offset, reason: at.at.reason };
    // Behind a gap this is where the WAL before it ends.
    if (history.walState === 'gap') damage.push(place);
    else damage.unshift(place);
  }
  const lastSeen = lastSequenceSeen(reading);
  return {
    id,
    action,
    damage,
    firstLost,
    lastSeen,
    commitsLost: action === 'skipped' ? missing : Math.max(0, lastSeen - firstLost + 1),
    bytesLost: at === undefined ? 0 : at.wal.file.size - at.at.offset,
    suspectKeys: at === undefined ? [] : limitedKeys(suspectKeys(at, draft.catalog)),
    quarantine: [],
  };
}

/** What was lost before and nobody has acknowledged yet stays in the report. */
export function withEarlier(report: LossReport, earlier: LossReport | undefined): LossReport {
  if (earlier === undefined) return report;
  return {
    ...report,
    damage: [...report.damage, ...earlier.damage],
    firstLost: Math.min(report.firstLost, earlier.firstLost),
    lastSeen: Math.max(report.lastSeen, earlier.lastSeen),
    commitsLost: report.commitsLost + earlier.commitsLost,
    bytesLost: report.bytesLost + earlier.bytesLost,
    suspectKeys: limitedKeys([...report.suspectKeys, ...earlier.suspectKeys]),
    quarantine: earlier.quarantine,
  };
}

/** The highest commit that any file knows of. */
function lastSequenceSeen({ survey, replay }: Reading): number {
  const unread = survey.wals.filter((wal) => !isReplayed(wal, replay));
  return Math.max(
    replay.found?.lastSeen ?? 0,
    replay.draft.sequence,
    ...survey.wals.map((wal) => wal.header.publishedAt),
    ...unread.map(lastSequenceOf),
    ...survey.snapshots.map((reader) => reader.footer.sequence),
    ...survey.damagedSnapshots.map((file) => file.sequence ?? 0),
  );
}

function lastSequenceOf({ file, header }: SoundWal): number {
  const { tip, watermark } = scanWal(file, header);
  return Math.max(tip.sequence, watermark);
}

function isReplayed({ name }: SoundWal, replay: Replay): boolean {
  return replay.wals.some((wal) => wal.name === name);
}

/**
 * What a state that lacks commits was not made of: the rest of the WAL that broke off, and, whole,
 * every file that is damaged, cut or newer than what was used. Newer WALs may hold commits, and so
 * may snapshots.
 */
export function evidenceOf({ survey, history, replay }: Reading): Evidence[] {
  const { found } = replay;
  const lastWal = Math.max(0, ...replay.wals.map((wal) => wal.generation));
  const base = history.stack[0]?.footer.generation ?? 0;
  const whole = [
    ...survey.damagedWals,
    ...survey.damagedSnapshots,
    ...survey.unfinished,
    ...survey.wals.filter((wal) => wal.header.generation > lastWal),
    ...survey.snapshots.filter((reader) => reader.footer.generation > base),
  ].map(({ name }) => ({ file: name, offset: 0 }));
  return found === undefined
    ? whole
    : [{ file: found.wal.name, offset: found.at.offset }, ...whole];
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
