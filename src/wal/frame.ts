/**
 * A frame is the unit the WAL appends and verifies.
 *
 *     frame  := header checksum2 body checksum padding
 *     header := magic:u16 type:u8 flags:u8 bodySize:u32 sequence:u64 durable:u64 previous:u8[32]
 *
 * All little-endian. `flags` is 1 on every frame of a commit but its first, else 0. `checksum2` (8 bytes) is over the header alone, so that a length is believed
 * before the body is read; `checksum` (32 bytes) is over header, checksum2 and body. Both are BLAKE3
 * keyed with the generation key and begin with the frame's offset in the file, so that a moved,
 * stale or embedded frame is never taken. `previous` is the checksum of the frame before: a chain.
 *
 * What a body means is record.ts's business; what a bad frame means is store/recovery.ts's.
 */
import { assert } from '../assert.ts';
import { dataViewOf, isZero } from '../bytes/bytes.ts';
import { CHECKSUM_SIZE, checksum } from '../bytes/checksum.ts';

// On disk: never change.
const MAGIC = 0xf357;
const HEADER_CHECKSUM_OFFSET = 56;
const HEADER_CHECKSUM_SIZE = 8;
const PREVIOUS_OFFSET = 24;
const CONTINUATION = 1;
export const FRAME_HEADER_SIZE = HEADER_CHECKSUM_OFFSET + HEADER_CHECKSUM_SIZE;
export const FRAME_ALIGNMENT = 8;

/** The largest write that fits in one commit part: a key and a value at their limits, and change. */
export const FRAME_BODY_SIZE_MAX = (32 << 20) + (64 << 10);

export const FrameType = { commit: 1, part: 2, sync: 3, switch: 4, end: 5 } as const;

/** For people. */
export function frameTypeName(type: number): string {
  const known = Object.entries(FrameType).find(([, value]) => value === type);
  return known?.[0] ?? `type ${type}`;
}

/** Frames of an unknown type with this bit may be skipped by a reader that does not know them. */
export const OPTIONAL_TYPE = 0x80;

export interface FrameHeader {
  readonly type: number;
  /** The frame goes on with the commit of the frame before. */
  readonly isContinuation: boolean;
  readonly bodySize: number;
  /** The commit that this frame is, belongs to, or follows. */
  readonly sequence: number;
  /** The durable watermark: the highest sequence id known synced when the frame was built. */
  readonly durable: number;
  /** The checksum of the frame before; of the first frame, the chain that the WAL header names. */
  readonly previous: Uint8Array;
}

export interface FramePlace {
  readonly offset: number;
  /** The generation key of the file. */
  readonly key: Uint8Array;
}

export function frameSize(bodySize: number): number {
  const size = FRAME_HEADER_SIZE + bodySize + CHECKSUM_SIZE;
  return Math.ceil(size / FRAME_ALIGNMENT) * FRAME_ALIGNMENT;
}

/**
 * Fills `bytes`, which is as long as the frame, with the frame that will stand at `place.offset` in
 * a file whose generation key is `place.key`. Returns its checksum, which the next frame carries as
 * `previous`.
 */
export function sealFrame(
  bytes: Uint8Array,
  content: { readonly header: Omit<FrameHeader, 'bodySize'>; readonly body: Uint8Array },
  place: FramePlace,
): Uint8Array {
  const { header, body } = content;
  assert(body.length <= FRAME_BODY_SIZE_MAX, 'a body fits in a frame');
  assert(bytes.length === frameSize(body.length), 'the frame fills its bytes');
  assert(place.offset % FRAME_ALIGNMENT === 0, 'a frame starts at an aligned offset');
  const view = dataViewOf(bytes);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, header.type);
  view.setUint8(3, header.isContinuation ? CONTINUATION : 0);
  view.setUint32(4, body.length, true);
  setUint64(view, 8, header.sequence);
  setUint64(view, 16, header.durable);
  bytes.set(header.previous, PREVIOUS_OFFSET);
  bytes.set(headerChecksum(bytes, place), HEADER_CHECKSUM_OFFSET);
  bytes.set(body, FRAME_HEADER_SIZE);
  const bodyEnd = FRAME_HEADER_SIZE + body.length;
  const chain = checksum([offsetBytes(place.offset), bytes.subarray(0, bodyEnd)], place.key);
  bytes.set(chain, bodyEnd);
  bytes.fill(0, bodyEnd + CHECKSUM_SIZE);
  return chain;
}

/** The header at the start of `bytes`; undefined unless its own checksum verifies and it is bounded. */
export function openFrameHeader(bytes: Uint8Array, place: FramePlace): FrameHeader | undefined {
  if (bytes.length < FRAME_HEADER_SIZE || !startsLikeFrame(bytes, 0)) return undefined;
  const expected = headerChecksum(bytes, place);
  for (let i = 0; i < HEADER_CHECKSUM_SIZE; i++) {
    if (bytes[HEADER_CHECKSUM_OFFSET + i] !== expected[i]) return undefined;
  }
  const view = dataViewOf(bytes);
  const sequence = getUint64(view, 8);
  const durable = getUint64(view, 16);
  const bodySize = view.getUint32(4, true);
  const flags = view.getUint8(3);
  const isBounded = bodySize <= FRAME_BODY_SIZE_MAX && flags <= CONTINUATION;
  if (!isBounded || sequence === undefined || durable === undefined) return undefined;
  const previous = bytes.slice(PREVIOUS_OFFSET, HEADER_CHECKSUM_OFFSET);
  const isContinuation = flags === CONTINUATION;
  return { type: view.getUint8(2), isContinuation, bodySize, sequence, durable, previous };
}

/** The frame's checksum, if it and the padding behind it verify. `bytes` is the whole frame. */
export function verifyFrame(
  bytes: Uint8Array,
  header: FrameHeader,
  place: FramePlace,
): Uint8Array | undefined {
  assert(bytes.length === frameSize(header.bodySize), 'the whole frame was read');
  const bodyEnd = FRAME_HEADER_SIZE + header.bodySize;
  const chain = checksum([offsetBytes(place.offset), bytes.subarray(0, bodyEnd)], place.key);
  for (let i = 0; i < CHECKSUM_SIZE; i++) if (bytes[bodyEnd + i] !== chain[i]) return undefined;
  return isZero(bytes.subarray(bodyEnd + CHECKSUM_SIZE)) ? chain : undefined;
}

export function startsLikeFrame(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset] === (MAGIC & 0xff) && bytes[offset + 1] === MAGIC >> 8;
}

function headerChecksum(bytes: Uint8Array, place: FramePlace): Uint8Array {
  const input = [offsetBytes(place.offset), bytes.subarray(0, HEADER_CHECKSUM_OFFSET)];
  return checksum(input, place.key).subarray(0, HEADER_CHECKSUM_SIZE);
}

const offsetBuffer = new Uint8Array(8);
const offsetView = dataViewOf(offsetBuffer);

/** Shared memory: valid until the next call. */
function offsetBytes(offset: number): Uint8Array {
  setUint64(offsetView, 0, offset);
  return offsetBuffer;
}

function setUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % 0x100000000, true);
  view.setUint32(offset + 4, Math.floor(value / 0x100000000), true);
}

/** Undefined above 2^53 - 1, which no writer reaches. */
function getUint64(view: DataView, offset: number): number | undefined {
  const value = view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 0x100000000;
  return Number.isSafeInteger(value) ? value : undefined;
}
