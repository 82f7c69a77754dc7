/**
 * Bytes with their zeros counted instead of written. Headers of store files are mostly zeros: so
 * inputs stay small, and a change of one byte mostly hits one that means something.
 *
 *     packed := (zeros:varint literals:varint literal*)*
 *     varint := 7 bits a byte, least significant first
 *
 * Every byte string unpacks to something.
 */
import { concatBytes } from '../../src/bytes/bytes.ts';

/** A run of fewer zeros is cheaper as literals. */
const ZERO_RUN_MIN = 4;
const UNPACKED_SIZE_MAX = 256 << 10;

export function pack(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = endOfZeros(bytes, at);
    const end = endOfLiterals(bytes, start);
    parts.push(varint(start - at), varint(end - start), bytes.subarray(start, end));
    at = end;
  }
  return concatBytes(parts);
}

/** At most 256 KiB: what would come behind is left out. */
export function unpack(packed: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let room = UNPACKED_SIZE_MAX;
  const take = (size: number): number => {
    const taken = Math.min(size, room);
    room -= taken;
    return taken;
  };
  for (let at = 0; at < packed.length && room > 0; ) {
    const zeros = readVarint(packed, at);
    const literals = readVarint(packed, zeros.end);
    parts.push(new Uint8Array(take(zeros.value)));
    at = literals.end + literals.value;
    const content = packed.subarray(literals.end, at);
    parts.push(content.subarray(0, take(content.length)));
  }
  return concatBytes(parts);
}

function endOfZeros(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] === 0) at++;
  return at;
}

function endOfLiterals(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const end = endOfZeros(bytes, at);
    if (end - at >= ZERO_RUN_MIN || (end === bytes.length && end > at)) return at;
    at = Math.max(end, at + 1);
  }
  return at;
}

export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 0x80)) bytes.push((left & 0x7f) | 0x80);
  return Uint8Array.from([...bytes, left]);
}

export function readVarint(
  bytes: Uint8Array,
  start: number,
): { readonly value: number; readonly end: number } {
  let value = 0;
  let at = start;
  for (let scale = 1; scale < 2 ** 35; scale *= 0x80) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  return { value, end: at };
}
