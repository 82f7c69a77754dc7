/** Changes of bytes that know nothing of what they mean. */
import { concatBytes, utf8Encode } from '../../src/bytes/bytes.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import { probesOfProcess } from './probes.ts';

const NOTABLE_BYTES = [0, 1, 0x17, 0x18, 0x1b, 0x7f, 0x80, 0xff];
const NOTABLE_NUMBERS = [
  0,
  1,
  2,
  23,
  24,
  255,
  256,
  0xffff,
  0x10000,
  0x7fffffff,
  0xffffffff,
  2 ** 32,
  2 ** 53 - 1,
];
const PIECE_SIZE_MAX = 64;
const EDIT_COUNT_MAX = 4;

type Edit = (bytes: Uint8Array, random: SeededRandom) => Uint8Array;

const EDITS: readonly Edit[] = [
  setByte((random, old) => Number(wordOf(random, 'number') ?? old)),
  insertText,
  setByte((random) => random.below(256)),
  setByte((random) => NOTABLE_BYTES[random.below(NOTABLE_BYTES.length)] as number),
  setByte((random, old) => old ^ (1 << random.below(8))),
  setByte((random, old) => old + random.below(9) - 4),
  removePiece,
  repeatPiece,
  insertBytes,
  overwritePiece,
  writeNumber,
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
];

export function mutateBytes(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  let changed: Uint8Array = bytes.slice();
  for (let left = 1 + random.below(EDIT_COUNT_MAX); left > 0; left--) {
    changed = pick(EDITS, random)(changed, random);
  }
  return changed;
}

/** In the size that they have. */
export function mutateInPlace(bytes: Uint8Array, random: SeededRandom): void {
  const changed = mutateBytes(bytes, random);
  bytes.set(changed.subarray(0, bytes.length));
}

/** The start of one and the end of the other. */
export function splice(left: Uint8Array, right: Uint8Array, random: SeededRandom): Uint8Array {
  const head = left.subarray(0, random.below(left.length + 1));
  return concatBytes([head, right.subarray(random.below(right.length + 1))]);
}

export function notableNumber(random: SeededRandom): number {
  const number = pick(NOTABLE_NUMBERS, random);
  return random.below(3) === 0 ? random.below(300) : number;
}

export function pick<T>(choices: readonly T[], random: SeededRandom): T {
  return choices[random.below(choices.length)] as T;
}

/** One of what the code compares with, if it is known. */
function wordOf(random: SeededRandom, type: 'number' | 'string'): number | string | undefined {
  const { words } = probesOfProcess();
  const word = words.length === 0 ? undefined : pick(words, random);
  return typeof word === type ? word : undefined;
}

function insertText(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.below(bytes.length + 1);
  const text = utf8Encode(String(wordOf(random, 'string') ?? ''));
  const skip = random.isHeads() ? text.length : 0;
  return concatBytes([bytes.subarray(0, at), text, bytes.subarray(at + skip)]);
}

function setByte(choose: (random: SeededRandom, old: number) => number): Edit {
  return (bytes, random) => {
    const at = random.below(bytes.length);
    if (at < bytes.length) bytes[at] = choose(random, bytes[at] as number);
    return bytes;
  };
}

function removePiece(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const { start, end } = piece(bytes, random);
  return concatBytes([bytes.subarray(0, start), bytes.subarray(end)]);
}

function repeatPiece(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const { start, end } = piece(bytes, random);
  return concatBytes([bytes.subarray(0, end), bytes.subarray(start)]);
}

function insertBytes(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.below(bytes.length + 1);
  const inserted = random.bytes(1 + random.below(8));
  return concatBytes([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
}

function overwritePiece(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const { start, end } = piece(bytes, random);
  bytes.copyWithin(random.below(bytes.length + 1), start, end);
  return bytes;
}

function writeNumber(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const value = BigInt(notableNumber(random));
  const whole = new DataView(new ArrayBuffer(8));
  whole.setBigUint64(0, value, random.isHeads());
  const size = pick([2, 4, 8], random);
  const at = random.below(Math.max(1, bytes.length - size + 1));
  bytes.set(new Uint8Array(whole.buffer, 0, Math.min(size, bytes.length - at)), at);
  return bytes;
}

function piece(
  bytes: Uint8Array,
  random: SeededRandom,
): { readonly start: number; readonly end: number } {
  const start = random.below(bytes.length + 1);
  const size = random.below(Math.min(PIECE_SIZE_MAX, bytes.length - start) + 1);
  return { start, end: start + size };
}
