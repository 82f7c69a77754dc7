/** What stands in one WAL file, whole or damaged. Only reads; never throws on what it reads. */
import { bytesEqual, toHex } from '../bytes/bytes.ts';
import { classifyBreak } from '../store/recovery.ts';
import type { BufferedFile } from '../wal/buffered-file.ts';
import {
  FRAME_HEADER_SIZE,
  type FrameHeader,
  FrameType,
  frameSize,
  frameTypeName,
  openFrameHeader,
} from '../wal/frame.ts';
import {
  decodeWalHeader,
  WAL_HEADER_COPY_SIZE,
  WAL_HEADER_SIZE,
  type WalHeader,
} from '../wal/wal-header.ts';
import { type Break, type Frame, scanWal, type WalScan } from '../wal/wal-reader.ts';
import { type Inspection, type InspectionOptions, Rows } from './inspection.ts';
import { operationRows } from './operation-rows.ts';
import type { Report } from './report-text.ts';

/** Throws what the host throws. */
export function inspectWal(file: BufferedFile, options: InspectionOptions): Inspection {
  const copies = [0, WAL_HEADER_COPY_SIZE].map((offset) =>
    copyState(file.read(offset, WAL_HEADER_COPY_SIZE)),
  );
  const read = decodeWalHeader(file.read(0, WAL_HEADER_SIZE));
  if (read.kind === 'newer') {
    return { report: { headerCopies: copies, state: `newer: ${read.format}` }, isDamaged: false };
  }
  if (read.kind === 'damaged') {
    // The header is synced before the first frame is written: a short file never had any.
    const isUnfinished = file.size <= WAL_HEADER_SIZE;
    const state = isUnfinished ? 'unfinished' : 'no header: its frames cannot be verified';
    return { report: { headerCopies: copies, state }, isDamaged: !isUnfinished };
  }
  const frames = inspectFrames(file, read.header, options);
  return {
    report: { headerCopies: copies, ...headerReport(read.header), ...frames.report },
    isDamaged: read.damagedCopies > 0 || frames.isDamaged,
  };
}

function copyState(copy: Uint8Array): string {
  const read = decodeWalHeader(copy);
  if (read.kind === 'header') return 'sound';
  return read.kind === 'newer' ? `newer: ${read.format}` : `damaged: ${read.reason}`;
}

function headerReport(header: WalHeader): Report {
  const { predecessor, snapshot, publishedAt, publishedChain, loss } = header;
  return {
    store: toHex(header.store),
    generation: header.generation,
    predecessor:
      predecessor === undefined ? null : { ...predecessor, chain: toHex(predecessor.chain) },
    snapshot: snapshot ?? null,
    publishedAt,
    publishedChain: toHex(publishedChain),
    carriesLossReport: loss !== null,
  };
}

function inspectFrames(
  file: BufferedFile,
  header: WalHeader,
  options: InspectionOptions,
): Inspection {
  const frames = new Rows(options.limit);
  const operations = new Rows(options.limit);
  const scan = scanWal(file, header, {
    onFrame(frame) {
      frames.add(() => frameRow(frame, 'sound'));
      if (!options.listsOperations) return;
      for (const row of operationRows(frame, options.maps)) operations.add(() => row);
    },
  });
  for (const row of rowsFromBreak(file, header, scan)) frames.add(() => row);
  const meaning = meaningOf(scan);
  return {
    report: {
      ...scanReport(scan),
      break: scan.break === undefined ? null : breakReport(scan.break, meaning),
      ...(options.listsFrames ? frames.report('frames') : {}),
      ...(options.listsOperations ? operations.report('operations') : {}),
    },
    isDamaged: meaning === 'corrupt',
  };
}

function scanReport(scan: WalScan): Report {
  return {
    soundFrames: scan.frameCount,
    lastSequence: scan.tip.sequence,
    soundUntil: scan.tip.offset,
    durableWatermark: scan.watermark,
    end: scan.end === undefined ? null : { ...scan.end },
    switchedTo: scan.switchedTo ?? null,
  };
}

/** As far as this file alone tells: another may be a witness of what it lost. */
function meaningOf(scan: WalScan): string {
  if (scan.break === undefined) return 'clean';
  const { laterFrames } = scan.break;
  const isEndBehind = laterFrames.some(({ header }) => header.type === FrameType.end);
  return classifyBreak({
    ...scan.break,
    hasLaterFrames: laterFrames.length > 0,
    isAcknowledged: scan.watermark > scan.tip.sequence,
    isWitnessed: scan.end !== undefined || isEndBehind,
  });
}

function breakReport(found: Break, meaning: string): Report {
  const { offset, reason, isZeroToEnd } = found;
  const behind = framesBehind(found);
  return {
    offset,
    reason,
    meaning,
    zerosToTheEnd: isZeroToEnd,
    soundFramesBehind: behind.length,
    lastSequenceBehind: behind.at(-1)?.header.sequence,
  };
}

/** The frame that breaks off, as far as it can be read, and the sound ones behind it. */
function rowsFromBreak(file: BufferedFile, header: WalHeader, scan: WalScan): Report[] {
  const found = scan.break;
  if (found === undefined || found.isZeroToEnd) return [];
  const { offset, isHeaderSound, isBodySound, isChained } = found;
  const opened = openFrameHeader(file.read(offset, FRAME_HEADER_SIZE), { offset, key: header.key });
  const body = isBodySound ? 'sound' : 'damaged';
  const chain = isBodySound ? chainState(isChained) : 'unknown';
  const broken =
    opened === undefined || !isHeaderSound
      ? { offset, header: 'damaged', body: 'unknown', chain: 'unknown' }
      : { ...headerRow(offset, opened), header: 'sound', body, chain };
  const behind = framesBehind(found);
  return [
    broken,
    ...behind.map((frame, i) => frameRow(frame, chainState(continues(frame, behind[i - 1])))),
  ];
}

function framesBehind({ laterFrames, offset }: Break): readonly Frame[] {
  return laterFrames.filter((frame) => frame.offset !== offset);
}

function continues(frame: Frame, before: Frame | undefined): boolean {
  return before !== undefined && bytesEqual(before.chain, frame.header.previous);
}

function chainState(isChained: unknown): string {
  return isChained === true ? 'sound' : 'broken';
}

function frameRow(frame: Frame, chain: string): Report {
  return { ...headerRow(frame.offset, frame.header), header: 'sound', body: 'sound', chain };
}

function headerRow(offset: number, header: FrameHeader): Report {
  const { type, bodySize, sequence, durable, isContinuation } = header;
  const size = frameSize(bodySize);
  return { offset, type: frameTypeName(type), size, bodySize, sequence, durable, isContinuation };
}
