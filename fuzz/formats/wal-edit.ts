/**
 * Changes of a WAL that its checksums do not notice: header and frames are taken apart, changed, and
 * sealed again under right lengths, checksums and a right chain; or under some that are not.
 */
import { concatBytes, dataViewOf } from '../../src/bytes/bytes.ts';
import { type CborValue, CborWriter, decodeCbor, encodeCbor } from '../../src/bytes/cbor.ts';
import { CHECKSUM_SIZE, checksum } from '../../src/bytes/checksum.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import { FRAME_HEADER_SIZE, FrameType, frameSize } from '../../src/wal/frame.ts';
import { encodeOperation, type Operation } from '../../src/wal/record.ts';
import { WAL_HEADER_COPY_SIZE, WAL_HEADER_SIZE, WAL_MAGIC } from '../../src/wal/wal-header.ts';
import { mutateBytes, mutateInPlace, notableNumber, pick } from '../driver/mutation.ts';
import { mutateCbor, mutateValue } from './cbor-edit.ts';

const BODY_OFFSET = WAL_MAGIC.length + 4;
const CHECK_OFFSET = 56;
const PREVIOUS_OFFSET = 24;
const FRAME_MAGIC = 0xf357;
const KEY_SIZE = 32;

interface LooseFrame {
  /** The 56 bytes before the check. */
  head: Uint8Array;
  body: Uint8Array;
  /** How much of it is made right again. */
  seal: 'whole' | 'not chained' | 'not' | 'check only';
}

interface LooseWal {
  copies: [Uint8Array, Uint8Array];
  frames: LooseFrame[];
  rest: Uint8Array;
}

export function mutateWal(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const wal = takeApart(bytes);
  for (let left = 1 + random.below(3); left > 0; left--) editOnce(wal, random);
  const whole = putTogether(wal);
  return random.below(12) === 0 ? mutateBytes(whole, random) : whole;
}

/** The same content under right lengths and checksums, as far as it can be taken apart. */
export function sealWal(bytes: Uint8Array): Uint8Array {
  return putTogether(takeApart(bytes));
}

function editOnce(wal: LooseWal, random: SeededRandom): void {
  const { frames } = wal;
  const at = random.below(frames.length);
  const frame = frames[at];
  const kind = random.below(14);
  if (kind === 0) editHeader(wal, random);
  else if (kind === 1)
    wal.rest = random.isHeads() ? random.bytes(random.below(80)) : new Uint8Array(random.below(99));
  else if (frame === undefined || kind === 2) frames.splice(at, 0, newFrame(random, frames.length));
  else if (kind === 3) frames.splice(at, 1);
  else if (kind === 4) frames.splice(at, 0, copyOf(frame));
  else if (kind === 5) frames.splice(random.below(frames.length), 0, ...frames.splice(at, 1));
  else if (kind === 6) frame.seal = pick(['not chained', 'not', 'check only'] as const, random);
  else if (kind < 9) editHead(frame, random);
  else if (kind === 9) frame.body = randomBody(random);
  else frame.body = mutateCbor(frame.body, random);
}

function editHeader(wal: LooseWal, random: SeededRandom): void {
  const kind = random.below(6);
  const [copy] = wal.copies;
  if (kind === 0) {
    mutateInPlace(wal.copies[random.below(2)] as Uint8Array, random);
    return;
  }
  const fields = fieldsOf(copy);
  if (fields === undefined) return;
  const sealed = sealCopy(mutateFields(fields, random));
  wal.copies = kind === 1 ? [sealed, wal.copies[1]] : [sealed, sealed.slice()];
}

function mutateFields(fields: CborValue, random: SeededRandom): Uint8Array {
  try {
    return encodeCbor(mutateValue(fields, random));
  } catch (error) {
    if (error instanceof RangeError) return encodeCbor(fields);
    throw error;
  }
}

function fieldsOf(copy: Uint8Array): CborValue | undefined {
  if (copy.length < WAL_HEADER_COPY_SIZE) return undefined;
  const size = dataViewOf(copy).getUint32(WAL_MAGIC.length, true);
  try {
    return decodeCbor(copy.subarray(BODY_OFFSET, BODY_OFFSET + size));
  } catch {
    return undefined;
  }
}

function sealCopy(body: Uint8Array): Uint8Array {
  const copy = new Uint8Array(WAL_HEADER_COPY_SIZE);
  const end = BODY_OFFSET + body.length;
  if (end + CHECKSUM_SIZE > copy.length) return copy;
  copy.set(WAL_MAGIC);
  dataViewOf(copy).setUint32(WAL_MAGIC.length, body.length, true);
  copy.set(body, BODY_OFFSET);
  copy.set(checksum([copy.subarray(0, end)]), end);
  return copy;
}

/** Heads are edited as they are, so that no field is out of reach. */
function editHead({ head }: LooseFrame, random: SeededRandom): void {
  const view = dataViewOf(head);
  switch (random.below(6)) {
    case 0:
      view.setUint8(2, pick([0, 1, 2, 3, 4, 5, 6, 0x80, 0x85, 0xff], random));
      break;
    case 1:
      view.setUint8(3, random.below(3));
      break;
    case 2:
      view.setBigUint64(8, nearby(view.getBigUint64(8, true), random), true);
      break;
    case 3:
      view.setBigUint64(16, nearby(view.getBigUint64(16, true), random), true);
      break;
    case 4:
      view.setUint32(4, notableNumber(random) >>> 0, true);
      break;
    default:
      mutateInPlace(head, random);
  }
}

function nearby(value: bigint, random: SeededRandom): bigint {
  if (random.below(4) === 0) return BigInt(notableNumber(random));
  return BigInt.asUintN(64, value + BigInt(random.below(5) - 2));
}

function newFrame(random: SeededRandom, sequence: number): LooseFrame {
  const head = new Uint8Array(CHECK_OFFSET);
  const view = dataViewOf(head);
  view.setUint16(0, FRAME_MAGIC, true);
  view.setUint8(2, pick(Object.values(FrameType), random));
  view.setBigUint64(8, BigInt(sequence + 1), true);
  return { head, body: randomBody(random), seal: 'whole' };
}

function randomBody(random: SeededRandom): Uint8Array {
  const writer = new CborWriter();
  const count = random.below(5);
  writer.array(count);
  for (let i = 0; i < count; i++) encodeOperation(writer, randomOperation(random));
  return writer.bytes().slice();
}

function randomOperation(random: SeededRandom): Operation {
  const map = random.below(5) === 0 ? notableNumber(random) : random.below(4);
  const key = random.bytes(random.below(4));
  const bound = (): Uint8Array | null => (random.isHeads() ? null : random.bytes(random.below(3)));
  switch (random.below(9)) {
    case 0:
      return { type: 'remove', map, key };
    case 1:
      return { type: 'clear', map, start: bound(), end: bound() };
    case 2: {
      const name = pick(['a', 'b', '__proto__', ''], random);
      return { type: 'define', map, name, keyEncoding: 'binary', valueEncoding: 'binary' };
    }
    case 3:
      return { type: 'drop', map };
    case 4:
      return { type: 'empty', map, next: notableNumber(random) };
    case 5:
      return { type: 'quota', map: random.isHeads() ? null : map, bytes: notableNumber(random) };
    case 6:
      return { type: 'token', token: random.bytes(random.below(66)) };
    case 7:
      return { type: 'acknowledge', report: 'r' };
    default:
      return { type: 'put', map, key, value: random.bytes(random.below(6)) };
  }
}

function takeApart(bytes: Uint8Array): LooseWal {
  const half = (start: number): Uint8Array =>
    bytes.slice(start, Math.min(start + WAL_HEADER_COPY_SIZE, bytes.length));
  const frames: LooseFrame[] = [];
  let at = WAL_HEADER_SIZE;
  while (at + FRAME_HEADER_SIZE + CHECKSUM_SIZE <= bytes.length) {
    const head = bytes.slice(at, at + CHECK_OFFSET);
    const view = dataViewOf(head);
    const size = view.getUint32(4, true);
    if (view.getUint16(0, true) !== FRAME_MAGIC || at + frameSize(size) > bytes.length) break;
    const start = at + FRAME_HEADER_SIZE;
    frames.push({ head, body: bytes.slice(start, start + size), seal: 'whole' });
    at += frameSize(size);
  }
  return { copies: [half(0), half(WAL_HEADER_COPY_SIZE)], frames, rest: bytes.slice(at) };
}

function putTogether({ copies, frames, rest }: LooseWal): Uint8Array {
  const { key, chain } = placeOf(copies);
  const parts: Uint8Array[] = [...copies];
  let offset = WAL_HEADER_SIZE;
  let previous = chain;
  for (const frame of frames) {
    const sealed = sealLoosely(frame, { key, offset, previous });
    const bodyEnd = FRAME_HEADER_SIZE + frame.body.length;
    previous = sealed.slice(bodyEnd, bodyEnd + CHECKSUM_SIZE);
    offset += sealed.length;
    parts.push(sealed);
  }
  return concatBytes([...parts, rest]);
}

function sealLoosely(
  { head, body, seal }: LooseFrame,
  place: { readonly key: Uint8Array; readonly offset: number; readonly previous: Uint8Array },
): Uint8Array {
  const bytes = new Uint8Array(frameSize(body.length));
  const view = dataViewOf(bytes);
  const bodyEnd = FRAME_HEADER_SIZE + body.length;
  bytes.set(head);
  bytes.set(body, FRAME_HEADER_SIZE);
  if (seal === 'not') return bytes;
  if (seal !== 'check only') view.setUint32(4, body.length, true);
  if (seal === 'whole') bytes.set(place.previous, PREVIOUS_OFFSET);
  const offset = new Uint8Array(8);
  dataViewOf(offset).setBigUint64(0, BigInt(place.offset), true);
  const check = checksum([offset, bytes.subarray(0, CHECK_OFFSET)], place.key);
  bytes.set(check.subarray(0, FRAME_HEADER_SIZE - CHECK_OFFSET), CHECK_OFFSET);
  if (seal === 'check only') return bytes;
  bytes.set(checksum([offset, bytes.subarray(0, bodyEnd)], place.key), bodyEnd);
  return bytes;
}

function placeOf(copies: readonly Uint8Array[]): {
  readonly key: Uint8Array;
  readonly chain: Uint8Array;
} {
  const none = { key: new Uint8Array(KEY_SIZE), chain: new Uint8Array(CHECKSUM_SIZE) };
  for (const copy of copies) {
    const fields = fieldsOf(copy) as
      | { key?: unknown; predecessor?: { chain?: unknown } | null }
      | undefined;
    const { key } = fields ?? {};
    if (!(key instanceof Uint8Array) || key.length !== KEY_SIZE) continue;
    const chain = fields?.predecessor?.chain;
    const isChain = chain instanceof Uint8Array && chain.length === CHECKSUM_SIZE;
    return { key, chain: isChain ? chain : none.chain };
  }
  return none;
}

function copyOf({ head, body, seal }: LooseFrame): LooseFrame {
  return { head: head.slice(), body: body.slice(), seal };
}
