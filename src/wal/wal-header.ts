/**
 * What a WAL says of itself before its first frame.
 *
 *     file   := copy copy frame*
 *     copy   := magic:u8[8] size:u32le body:u8[size] checksum:u8[32] zeros to 4096
 *
 * The two copies are equal and stand in separate sectors, so that one may rot. `body` is a CBOR
 * map; `checksum` is BLAKE3 over all before it. Format: docs/format.md, "WAL header".
 */
import { bytesEqual, concatBytes, dataViewOf, isZero } from '../bytes/bytes.ts';
import { CborError, type CborValue, encodeCbor } from '../bytes/cbor.ts';
import { CborFields } from '../bytes/cbor-fields.ts';
import { CHECKSUM_SIZE, checksum } from '../bytes/checksum.ts';
import {
  type FormatVersion,
  formatFields,
  formatText,
  isNewerFormat,
  readFormatVersion,
} from '../bytes/format-version.ts';

// On disk: never change.
export const WAL_MAGIC = Uint8Array.of(0x89, 0x4f, 0x57, 0x4c, 0x0d, 0x0a, 0x1a, 0x0a);
export const WAL_HEADER_COPY_SIZE = 4096;
export const WAL_HEADER_SIZE = 2 * WAL_HEADER_COPY_SIZE;
const BODY_OFFSET = WAL_MAGIC.length + 4;
const BODY_SIZE_MAX = WAL_HEADER_COPY_SIZE - BODY_OFFSET - CHECKSUM_SIZE;

/** A place between two frames, and the history up to it. */
export interface WalPosition {
  readonly generation: number;
  /** Where the next frame stands. */
  readonly offset: number;
  /** The last commit before it. */
  readonly sequence: number;
  /** The checksum of the frame before it. */
  readonly chain: Uint8Array;
}

export interface WalHeader {
  readonly format: FormatVersion;
  readonly store: Uint8Array;
  readonly generation: number;
  /** Random, 32 bytes: keys the checksums of this generation's frames. */
  readonly key: Uint8Array;
  /** Where the WAL before this one ends for good; undefined for the first of a store. */
  readonly predecessor: WalPosition | undefined;
  /** The newest snapshot when this WAL was made; undefined without one. */
  readonly snapshot: number | undefined;
  /**
   * The WAL counts only if its commits up to this id verify: those that it logs again because
   * they were not known to be durable in the predecessor.
   */
  readonly publishedAt: number;
  /** The chain hash of that commit as it was first logged, which logging again does not change. */
  readonly publishedChain: Uint8Array;
  /** A report of lost commits that nobody has acknowledged yet, as CBOR; carried on until then. */
  readonly loss: CborValue;
}

export type WalHeaderRead =
  | { readonly kind: 'header'; readonly header: WalHeader; readonly damagedCopies: number }
  | { readonly kind: 'newer'; readonly format: string }
  | { readonly kind: 'damaged'; readonly reason: string };

/** The chain before the first commit of a store. */
export const GENESIS_CHAIN = new Uint8Array(CHECKSUM_SIZE);

/** Where replay of a WAL starts: the state that its first frame continues. */
export function startOfWal(header: WalHeader): { sequence: number; chain: Uint8Array } {
  const { predecessor } = header;
  if (predecessor === undefined) return { sequence: 0, chain: GENESIS_CHAIN };
  return { sequence: predecessor.sequence, chain: predecessor.chain };
}

export function encodeWalHeader(header: WalHeader): Uint8Array {
  const { predecessor } = header;
  const body = encodeCbor({
    format: formatFields(header.format),
    store: header.store,
    generation: header.generation,
    key: header.key,
    predecessor: predecessor === undefined ? null : { ...predecessor },
    snapshot: header.snapshot ?? null,
    publishedAt: header.publishedAt,
    publishedChain: header.publishedChain,
    loss: header.loss,
  });
  const copy = new Uint8Array(WAL_HEADER_COPY_SIZE);
  copy.set(WAL_MAGIC);
  dataViewOf(copy).setUint32(WAL_MAGIC.length, body.length, true);
  copy.set(body, BODY_OFFSET);
  const bodyEnd = BODY_OFFSET + body.length;
  copy.set(checksum([copy.subarray(0, bodyEnd)]), bodyEnd);
  return concatBytes([copy, copy]);
}

/** True when the header, with this loss report in it, still fits in its sector. */
export function fitsInWalHeader(loss: CborValue): boolean {
  const FIXED_FIELDS_SIZE_MAX = 1024;
  return encodeCbor(loss).length <= BODY_SIZE_MAX - FIXED_FIELDS_SIZE_MAX;
}

/** `bytes`: the first WAL_HEADER_SIZE bytes of the file, or fewer where it is shorter. */
export function decodeWalHeader(bytes: Uint8Array): WalHeaderRead {
  const copies = [0, WAL_HEADER_COPY_SIZE].map((start) =>
    decodeCopy(bytes.subarray(start, start + WAL_HEADER_COPY_SIZE)),
  );
  const sound = copies.find((copy) => copy.kind !== 'damaged');
  if (sound === undefined) return copies[0] as WalHeaderRead;
  if (sound.kind !== 'header') return sound;
  const damagedCopies = copies.filter((copy) => copy.kind === 'damaged').length;
  return { ...sound, damagedCopies };
}

function decodeCopy(copy: Uint8Array): WalHeaderRead {
  if (copy.length < WAL_HEADER_COPY_SIZE) return damaged('the file ends inside the header');
  if (!bytesEqual(copy.subarray(0, WAL_MAGIC.length), WAL_MAGIC)) {
    return damaged('the magic number is not there');
  }
  const size = dataViewOf(copy).getUint32(WAL_MAGIC.length, true);
  if (size > BODY_SIZE_MAX) return damaged('the header length is out of range');
  const bodyEnd = BODY_OFFSET + size;
  const stored = copy.subarray(bodyEnd, bodyEnd + CHECKSUM_SIZE);
  if (!bytesEqual(checksum([copy.subarray(0, bodyEnd)]), stored)) {
    return damaged('the header checksum does not match');
  }
  if (!isZero(copy.subarray(bodyEnd + CHECKSUM_SIZE))) return damaged('bytes after the header');
  try {
    return decodeBody(CborFields.decode(copy.subarray(BODY_OFFSET, bodyEnd)));
  } catch (error) {
    if (error instanceof CborError) return damaged(error.message);
    throw error;
  }
}

function decodeBody(fields: CborFields): WalHeaderRead {
  const format = readFormatVersion(fields.fields('format'));
  if (isNewerFormat(format)) return { kind: 'newer', format: `WAL ${formatText(format)}` };
  const header: WalHeader = {
    format,
    store: fields.bytes('store', 16),
    generation: fields.unsigned('generation'),
    key: fields.bytes('key', 32),
    predecessor: fields.has('predecessor')
      ? decodePosition(fields.fields('predecessor'))
      : undefined,
    snapshot: fields.has('snapshot') ? fields.unsigned('snapshot') : undefined,
    publishedAt: fields.unsigned('publishedAt'),
    publishedChain: fields.bytes('publishedChain', CHECKSUM_SIZE),
    loss: fields.has('loss') ? fields.value('loss') : null,
  };
  return { kind: 'header', header, damagedCopies: 0 };
}

function decodePosition(fields: CborFields): WalPosition {
  return {
    generation: fields.unsigned('generation'),
    offset: fields.unsigned('offset'),
    sequence: fields.unsigned('sequence'),
    chain: fields.bytes('chain', CHECKSUM_SIZE),
  };
}

function damaged(reason: string): WalHeaderRead {
  return { kind: 'damaged', reason };
}
