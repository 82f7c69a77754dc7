/**
 * A snapshot file, and its header. Pure.
 *
 *     file    := header · block* (block.ts) · footer (footer.ts)
 *     header  := magic, u32 size of the CBOR, CBOR map, BLAKE3 of all before, zeros up to 512 bytes
 *
 * Between header and footer stand, in the order of the bytes of the maps' names, the trees of all
 * maps' entries, and behind the last of those, in the same order, the trees of their sequence ids.
 * So whatever differs between equal states stands in the header or behind the entries.
 *
 * The magic is PNG's: its bytes tell a transfer in text mode.
 */
import { bytesEqual, dataViewOf, isZero } from '../bytes/bytes.ts';
import { CborError, type CborValue, encodeCbor } from '../bytes/cbor.ts';
import { CborFields } from '../bytes/cbor-fields.ts';
import { CHECKSUM_SIZE, checksum } from '../bytes/checksum.ts';
import {
  FORMAT_VERSION,
  type FormatVersion,
  formatFields,
  isNewerFormat,
  readFormatVersion,
} from '../bytes/format-version.ts';
import { MalformedError } from './block.ts';

export const HEADER_SIZE = 512;
export const MAGIC = Uint8Array.of(0x89, 0x4f, 0x57, 0x53, 0x0d, 0x0a, 0x1a, 0x0a); // \x89OWS\r\n\x1a\n
const STORE_ID_SIZE = 16;

const MAGIC_NAME_SIZE = 4;
/** What becomes of the rest of it: CRLF to LF, LF to CRLF, and the same where CRLF is kept. */
const MAGIC_IN_TEXT_MODE = [
  Uint8Array.of(0x0a, 0x1a, 0x0a),
  Uint8Array.of(0x0d, 0x0d, 0x0a, 0x1a, 0x0d, 0x0a),
  Uint8Array.of(0x0d, 0x0a, 0x1a, 0x0d, 0x0a),
];
const LENGTH_SIZE = 4;
const CBOR_START = MAGIC.length + LENGTH_SIZE;
const CBOR_SIZE_MAX = HEADER_SIZE - CBOR_START - CHECKSUM_SIZE;

export type SnapshotFormat = FormatVersion;

/** The format that this code writes, and the newest that it reads. */
export const FORMAT = FORMAT_VERSION;

/** Full: the whole state. Incremental: changes over the snapshots beneath, with tombstones. */
export type SnapshotKind = 'full' | 'incremental';

/** What header and footer both say, so that neither is taken for that of another file. */
export interface SnapshotIdentity {
  readonly format: SnapshotFormat;
  readonly store: Uint8Array;
  readonly generation: number;
  readonly kind: SnapshotKind;
}

export type HeaderState =
  | { readonly state: 'valid'; readonly header: SnapshotIdentity }
  | { readonly state: 'newer'; readonly need: SnapshotFormat }
  /** Ours, and copied by something that changes the ends of lines. */
  | { readonly state: 'text' }
  /** Begins as ours does: cut, torn, or changed since it was written. */
  | { readonly state: 'damaged'; readonly reason: string }
  /** Empty, or nothing but zeros: never written. */
  | { readonly state: 'blank' }
  | { readonly state: 'foreign' };

export function encodeHeader(identity: SnapshotIdentity): Uint8Array {
  const cbor = encodeCbor(identityFields(identity));
  if (cbor.length > CBOR_SIZE_MAX) throw new MalformedError('header does not fit');
  const header = new Uint8Array(HEADER_SIZE);
  header.set(MAGIC);
  dataViewOf(header).setUint32(MAGIC.length, cbor.length, true);
  header.set(cbor, CBOR_START);
  const end = CBOR_START + cbor.length;
  header.set(checksum([header.subarray(0, end)]), end);
  return header;
}

/** `bytes` are the first 512 of the file, or fewer if there are not so many. */
export function decodeHeader(bytes: Uint8Array): HeaderState {
  if (isZero(bytes)) return { state: 'blank' };
  const magicSize = Math.min(bytes.length, MAGIC.length);
  if (!bytesEqual(bytes.subarray(0, magicSize), MAGIC.subarray(0, magicSize))) {
    return withoutMagic(bytes);
  }
  if (bytes.length < HEADER_SIZE) return { state: 'damaged', reason: 'header is cut' };
  const size = dataViewOf(bytes).getUint32(MAGIC.length, true);
  if (size > CBOR_SIZE_MAX) return { state: 'damaged', reason: 'header length is wrong' };
  const end = CBOR_START + size;
  const sum = bytes.subarray(end, end + CHECKSUM_SIZE);
  if (!bytesEqual(checksum([bytes.subarray(0, end)]), sum)) {
    return { state: 'damaged', reason: 'header checksum is wrong' };
  }
  const state = decodeIdentity(bytes.subarray(CBOR_START, end));
  if (state.state === 'valid' && !isZero(bytes.subarray(end + CHECKSUM_SIZE))) {
    return { state: 'damaged', reason: 'header padding is not zero' };
  }
  return state;
}

function withoutMagic(bytes: Uint8Array): HeaderState {
  const written = bytes.subarray(0, MAGIC_NAME_SIZE).filter((byte) => byte !== 0);
  if (written.length === 0 || !bytesEqual(written, MAGIC.subarray(0, written.length))) {
    return { state: 'foreign' };
  }
  const lineEnds = bytes.subarray(MAGIC_NAME_SIZE);
  for (const changed of MAGIC_IN_TEXT_MODE) {
    if (bytesEqual(lineEnds.subarray(0, changed.length), changed)) return { state: 'text' };
  }
  return { state: 'damaged', reason: 'header magic is wrong' };
}

function decodeIdentity(cbor: Uint8Array): HeaderState {
  try {
    const need = formatOf(cbor);
    if (isNewerFormat(need)) return { state: 'newer', need };
    return { state: 'valid', header: readIdentity(CborFields.decode(cbor)) };
  } catch (error) {
    if (!isMalformed(error)) throw error;
    return { state: 'damaged', reason: `header: ${error.message}` };
  }
}

/** The same fields in header and footer. */
export function identityFields(identity: SnapshotIdentity): { readonly [key: string]: CborValue } {
  return {
    format: formatFields(identity.format),
    store: identity.store,
    generation: identity.generation,
    kind: identity.kind,
  };
}

/** Of a header or a footer, whatever else it holds. Throws CborError. */
export function formatOf(cbor: Uint8Array): FormatVersion {
  return readFormatVersion(CborFields.decode(cbor).fields('format'));
}

/** Throws MalformedError or CborError. */
export function readIdentity(fields: CborFields): SnapshotIdentity {
  const kind = fields.text('kind');
  if (kind !== 'full' && kind !== 'incremental') throw new MalformedError('kind is unknown');
  return {
    format: readFormatVersion(fields.fields('format')),
    store: fields.bytes('store', STORE_ID_SIZE),
    generation: fields.unsigned('generation'),
    kind,
  };
}

export function sameIdentity(left: SnapshotIdentity, right: SnapshotIdentity): boolean {
  return bytesEqual(encodeCbor(identityFields(left)), encodeCbor(identityFields(right)));
}

export function isMalformed(error: unknown): error is MalformedError | CborError {
  return error instanceof MalformedError || error instanceof CborError;
}
