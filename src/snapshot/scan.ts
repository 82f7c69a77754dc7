/** Walks the blocks of a file one behind the other, without pointers: works where pages are damaged. */
import { bytesEqual, dataViewOf } from '../bytes/bytes.ts';
import { type File, readFully } from '../fs/file-system.ts';
import {
  type BlockHead,
  CHECK_SIZE,
  HEAD_SIZE,
  hashBlock,
  OFFSET_SIZE,
  readHead,
} from './block.ts';
import { isMalformed } from './format.ts';

/** A block as it stands in the file. */
export interface ScannedBlock {
  readonly offset: number;
  readonly length: number;
  readonly kind: 'data' | 'leaf' | 'node';
  /** Entries of a data block, children of a page. */
  readonly count: number;
  readonly isSound: boolean;
}

/** Bytes that no block can begin with: where the next block begins is not known from here on. */
export interface UnreadableBytes {
  readonly offset: number;
  readonly length: number;
  readonly kind: 'unreadable';
  readonly count: 0;
  readonly isSound: false;
}

/** The blocks in [start, end) of the file. Throws what the file throws. */
export function* scanBlocks(
  file: File,
  range: { readonly start: number; readonly end: number },
): Generator<ScannedBlock | UnreadableBytes, void, void> {
  let offset = range.start;
  while (offset < range.end) {
    const head = headAt(file, offset, range.end);
    if (head === undefined) {
      yield { offset, length: range.end - offset, kind: 'unreadable', count: 0, isSound: false };
      return;
    }
    const { length, count, level } = head;
    const isSound = isSoundBlock(readFully(file, offset, length), offset);
    yield { offset, length, kind: kindOf(level), count, isSound };
    offset += length;
  }
}

function headAt(file: File, offset: number, end: number): BlockHead | undefined {
  if (end - offset < HEAD_SIZE) return undefined;
  try {
    const head = readHead(dataViewOf(readFully(file, offset, HEAD_SIZE)));
    return head.length <= end - offset ? head : undefined;
  } catch (error) {
    if (!isMalformed(error)) throw error;
    return undefined;
  }
}

function isSoundBlock(block: Uint8Array, offset: number): boolean {
  const end = block.length - CHECK_SIZE;
  const sealed = new Uint8Array(OFFSET_SIZE + end);
  dataViewOf(sealed).setBigUint64(0, BigInt(offset), true);
  sealed.set(block.subarray(0, end), OFFSET_SIZE);
  return bytesEqual(hashBlock(sealed).subarray(0, CHECK_SIZE), block.subarray(end));
}

function kindOf(level: number): ScannedBlock['kind'] {
  if (level === 0) return 'data';
  return level === 1 ? 'leaf' : 'node';
}
