/**
 * The record by which a file of a pool says what it holds, 256 bytes, twice in each file:
 *
 *     0    8   magic: EF 'owp' CR LF 1A LF
 *     8    1   version: 1
 *     9    1   n, the length of the name; 0: the file is free
 *     10   6   u48 serial: of two records the one with the higher serial counts
 *     16   n   the name, UTF-8, then zeros
 *     224  32  BLAKE3 of all before it
 */
import { bytesEqual, dataViewOf, isZero, utf8Decode, utf8Encode } from '../bytes/bytes.ts';
import { checksum } from '../bytes/checksum.ts';
import { errnoError } from './errno.ts';

export const SLOT_RECORD_SIZE = 256;

const MAGIC = Uint8Array.of(0xef, 0x6f, 0x77, 0x70, 0x0d, 0x0a, 0x1a, 0x0a);
const VERSION = 1;
const LENGTH_AT = 9;
const SERIAL_AT = 10;
const NAME_AT = 16;
const CHECKSUM_AT = 224;

export interface SlotRecord {
  readonly serial: number;
  /** Undefined: the file is free. */
  readonly name: string | undefined;
}

/** Throws ENAMETOOLONG. */
export function encodeSlotRecord({ serial, name = '' }: SlotRecord): Uint8Array {
  const record = new Uint8Array(SLOT_RECORD_SIZE);
  const text = utf8Encode(name);
  if (text.length > CHECKSUM_AT - NAME_AT) throw errnoError('ENAMETOOLONG', name);
  record.set(MAGIC);
  record[MAGIC.length] = VERSION;
  record[LENGTH_AT] = text.length;
  const view = dataViewOf(record);
  view.setUint32(SERIAL_AT, serial >>> 0, true);
  view.setUint16(SERIAL_AT + 4, Math.floor(serial / 2 ** 32), true);
  record.set(text, NAME_AT);
  record.set(checksum([record.subarray(0, CHECKSUM_AT)]), CHECKSUM_AT);
  return record;
}

/** `blank` where nothing was ever written, `damaged` for anything that does not verify. */
export function decodeSlotRecord(bytes: Uint8Array): SlotRecord | 'blank' | 'damaged' {
  if (isZero(bytes)) return 'blank';
  const stored = bytes.subarray(CHECKSUM_AT, SLOT_RECORD_SIZE);
  const isSound =
    bytes.length === SLOT_RECORD_SIZE &&
    bytesEqual(bytes.subarray(0, MAGIC.length), MAGIC) &&
    bytes[MAGIC.length] === VERSION &&
    bytesEqual(checksum([bytes.subarray(0, CHECKSUM_AT)]), stored);
  if (!isSound) return 'damaged';
  const view = dataViewOf(bytes);
  const serial = view.getUint32(SERIAL_AT, true) + view.getUint16(SERIAL_AT + 4, true) * 2 ** 32;
  const length = bytes[LENGTH_AT] as number;
  if (length === 0) return { serial, name: undefined };
  return { serial, name: utf8Decode(bytes.subarray(NAME_AT, NAME_AT + length)) };
}
