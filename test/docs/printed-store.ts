/** The bytes that docs/format.md prints: blocks of hex by their marks, and the two files they make. */
import { concatBytes, fromHex } from '../../src/bytes/bytes.ts';
import { HEADER_SIZE } from '../../src/snapshot/format.ts';
import { WAL_HEADER_COPY_SIZE } from '../../src/wal/wal-header.ts';
import { codeBlocks, page } from './pages.ts';

const PAGE = page('docs/format.md');
const SNAPSHOT_BLOCKS = ['header', 'entries', 'sequences', 'footer'];
export const FRAME_BLOCKS = ['wal-commit-6', 'wal-commit-7', 'wal-sync', 'wal-end'];

export function printed(name: string): Uint8Array {
  const block = codeBlocks(PAGE).find(({ language }) => language === name);
  const bytes = fromHex(block?.code.replace(/\s/g, '') ?? 'none');
  if (bytes === undefined) throw new Error(`the page prints no bytes as ${name}`);
  return bytes;
}

export function printedWal(): Uint8Array {
  const copy = new Uint8Array(WAL_HEADER_COPY_SIZE);
  copy.set(printed('wal-header'));
  return concatBytes([copy, copy, ...FRAME_BLOCKS.map(printed)]);
}

export function printedSnapshot(): Uint8Array {
  const [header, ...rest] = SNAPSHOT_BLOCKS.map(printed);
  const padded = new Uint8Array(HEADER_SIZE);
  padded.set(header as Uint8Array);
  return concatBytes([padded, ...rest]);
}
