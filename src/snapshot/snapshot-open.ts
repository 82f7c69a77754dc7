/** Says what a snapshot file is from its two ends. */

import { isNewerFormat } from '../bytes/format-version.ts';
import { type File, readFully } from '../fs/file-system.ts';
import { MalformedError } from './block.ts';
import {
  decodeFooter,
  decodeTail,
  FOOTER_TAIL_SIZE,
  isFooter,
  type SnapshotFooter,
} from './footer.ts';
import {
  decodeHeader,
  FORMAT,
  formatOf,
  HEADER_SIZE,
  type HeaderState,
  isMalformed,
  type SnapshotFormat,
  sameIdentity,
} from './format.ts';

/** What a file is that is not a valid snapshot. */
export type UnusableSnapshot =
  /** A crash stopped its writing, or somebody cut it: its last bytes are no footer. */
  | { readonly state: 'unfinished' }
  /** It was finished, and is not what was written any more. */
  | { readonly state: 'damaged'; readonly offset: number; readonly reason: string }
  /** Whole as far as can be told, and only a newer version of this package can read it. */
  | { readonly state: 'newer'; readonly need: SnapshotFormat; readonly have: SnapshotFormat }
  /** No snapshot at all. */
  | { readonly state: 'foreign' };

export type SnapshotEnds =
  | UnusableSnapshot
  | { readonly state: 'valid'; readonly footer: SnapshotFooter; readonly footerOffset: number };

type FooterState =
  | { readonly state: 'absent' }
  | { readonly state: 'damaged'; readonly offset: number; readonly reason: string }
  | { readonly state: 'valid'; readonly cbor: Uint8Array; readonly offset: number };

/**
 * Reads header and footer, nothing else. Throws what the file throws.
 *
 * A finished file whose end is lost or overwritten looks unfinished: bytes cannot tell the two
 * apart. Who knows that the snapshot was finished (a WAL that continues it, a newer footer over it)
 * must take `unfinished` for damage.
 */
export function readEnds(file: File): SnapshotEnds {
  const fileLength = file.size();
  const header = decodeHeader(readFully(file, 0, Math.min(fileLength, HEADER_SIZE)));
  if (header.state === 'newer') return { ...header, have: FORMAT };
  const footer = readFooter(file, fileLength);
  const need = footer.state === 'valid' ? formatIn(footer.cbor) : undefined;
  if (need !== undefined && isNewerFormat(need)) return { state: 'newer', need, have: FORMAT };
  if (header.state === 'valid' && footer.state === 'valid') {
    return joinEnds(header.header, footer, fileLength);
  }
  if (header.state !== 'valid') return judgeHeader(header, footer);
  return footer.state === 'damaged' ? footer : { state: 'unfinished' };
}

/** Undefined where it says nothing of its format, which is damage. */
function formatIn(cbor: Uint8Array): SnapshotFormat | undefined {
  try {
    return formatOf(cbor);
  } catch (error) {
    if (!isMalformed(error)) throw error;
    return undefined;
  }
}

function readFooter(file: File, fileLength: number): FooterState {
  if (fileLength < HEADER_SIZE + FOOTER_TAIL_SIZE) return { state: 'absent' };
  const tailOffset = fileLength - FOOTER_TAIL_SIZE;
  const tail = decodeTail(readFully(file, tailOffset, FOOTER_TAIL_SIZE), fileLength);
  const { cborSize, isClosed } = tail;
  if (cborSize !== undefined) {
    const offset = tailOffset - cborSize;
    const cbor = readFully(file, offset, cborSize);
    if (isFooter(cbor, tail, offset)) {
      if (isClosed) return { state: 'valid', cbor, offset };
      return { state: 'damaged', offset: tailOffset, reason: 'closing magic is wrong' };
    }
  }
  if (!isClosed) return { state: 'absent' };
  return { state: 'damaged', offset: tailOffset, reason: 'footer checksum is wrong' };
}

/** The header is not valid: a footer says whether it ever was. */
function judgeHeader(
  header: Exclude<HeaderState, { state: 'valid' | 'newer' }>,
  footer: FooterState,
): UnusableSnapshot {
  if (header.state === 'text') {
    return { state: 'damaged', offset: 0, reason: 'ends of lines were changed: copied as text' };
  }
  if (footer.state === 'absent') {
    return { state: header.state === 'foreign' ? 'foreign' : 'unfinished' };
  }
  const reason = header.state === 'damaged' ? header.reason : 'footer without a header';
  return { state: 'damaged', offset: 0, reason };
}

function joinEnds(
  header: Extract<HeaderState, { state: 'valid' }>['header'],
  found: Extract<FooterState, { state: 'valid' }>,
  fileLength: number,
): SnapshotEnds {
  const { offset } = found;
  try {
    const footer = decodeFooter(found.cbor, { offset, fileLength });
    if (!sameIdentity(header, footer)) throw new MalformedError('header and footer disagree');
    return { state: 'valid', footer, footerOffset: offset };
  } catch (error) {
    if (!isMalformed(error)) throw error;
    return { state: 'damaged', offset, reason: error.message };
  }
}
