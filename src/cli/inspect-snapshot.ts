/** What stands in one snapshot file, whole or damaged. Only reads; never throws on what it reads. */
import { toHex } from '../bytes/bytes.ts';
import { type File, readFully } from '../fs/file-system.ts';
import {
  decodeFooter,
  decodeTail,
  FOOTER_TAIL_SIZE,
  isFooter,
  type SnapshotFooter,
  type SnapshotMap,
} from '../snapshot/footer.ts';
import { decodeHeader, HEADER_SIZE, isMalformed } from '../snapshot/format.ts';
import { scanBlocks } from '../snapshot/scan.ts';
import { readEnds } from '../snapshot/snapshot-open.ts';
import { type Inspection, type InspectionOptions, Rows } from './inspection.ts';
import type { Report } from './report-text.ts';

/** Throws what the host throws. */
export function inspectSnapshot(file: File, options: InspectionOptions): Inspection {
  const ends = readEnds(file);
  const found = findFooter(file);
  for (const map of found?.footer.maps ?? []) options.maps.define(map.id, map);
  const blocks = inspectBlocks(file, found?.offset ?? file.size(), options);
  const isFinished = ends.state === 'valid' || ends.state === 'damaged';
  return {
    report: {
      state: ends.state === 'valid' ? 'complete' : ends.state,
      ...(ends.state === 'damaged' ? { offset: ends.offset, reason: ends.reason } : {}),
      header: headerState(file),
      footer: found === undefined ? 'none that is sound' : 'sound',
      ...(found === undefined ? {} : footerReport(found.footer)),
      ...blocks.report,
    },
    // The blocks of a file that was never finished may end anywhere.
    isDamaged:
      ends.state === 'foreign' || ends.state === 'damaged' || (isFinished && blocks.isDamaged),
  };
}

function headerState(file: File): string {
  const header = decodeHeader(readFully(file, 0, Math.min(file.size(), HEADER_SIZE)));
  if (header.state === 'valid') return 'sound';
  return header.state === 'damaged' ? `damaged: ${header.reason}` : header.state;
}

/** By itself, so that a damaged header does not hide it. */
function findFooter(
  file: File,
): { readonly footer: SnapshotFooter; readonly offset: number } | undefined {
  const fileLength = file.size();
  if (fileLength < HEADER_SIZE + FOOTER_TAIL_SIZE) return undefined;
  const tailOffset = fileLength - FOOTER_TAIL_SIZE;
  const tail = decodeTail(readFully(file, tailOffset, FOOTER_TAIL_SIZE), fileLength);
  if (tail.cborSize === undefined) return undefined;
  const offset = tailOffset - tail.cborSize;
  const cbor = readFully(file, offset, tail.cborSize);
  if (!isFooter(cbor, tail, offset)) return undefined;
  try {
    return { footer: decodeFooter(cbor, { offset, fileLength }), offset };
  } catch (error) {
    if (!isMalformed(error)) throw error;
    return undefined;
  }
}

function footerReport(footer: SnapshotFooter): Report {
  const { store, generation, kind, sequence, chain, wal, quota, nextMapId, root, length } = footer;
  return {
    store: toHex(store),
    generation,
    contents: kind,
    sequence,
    chain: toHex(chain),
    wal,
    byteQuota: quota ?? null,
    nextMapId,
    root: toHex(root),
    length,
    beneath: footer.beneath.map((below) => ({ ...below, root: toHex(below.root) })),
    maps: footer.maps.map(mapRow),
  };
}

function mapRow({ id, name, keyEncoding, valueEncoding, quota, ...held }: SnapshotMap): Report {
  const { count, bytes, entries } = held;
  const inFile = { entriesInFile: entries?.count ?? 0, rootOffset: entries?.offset ?? null };
  const height = entries?.height ?? null;
  return {
    id,
    name,
    keyEncoding,
    valueEncoding,
    byteQuota: quota ?? null,
    count,
    bytes,
    ...inFile,
    height,
  };
}

function inspectBlocks(file: File, end: number, options: InspectionOptions): Inspection {
  const listed = new Rows(options.limit);
  const unsound = new Rows(options.limit);
  const counts = { data: 0, leaf: 0, node: 0, unreadable: 0 };
  for (const block of scanBlocks(file, { start: Math.min(HEADER_SIZE, end), end })) {
    const { offset, length, kind, count, isSound } = block;
    const row = () => ({ offset, length, kind, count, checksum: isSound ? 'sound' : 'damaged' });
    counts[kind]++;
    listed.add(row);
    if (!isSound) unsound.add(row);
  }
  return {
    report: {
      blockCounts: counts,
      ...unsound.report('unsoundBlocks'),
      ...(options.listsBlocks ? listed.report('blocks') : {}),
    },
    isDamaged: unsound.count > 0,
  };
}
