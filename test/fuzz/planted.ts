/**
 * A target with faults in it, each behind a checksum and a word that has to be guessed byte by byte.
 * It stands for an engine: what the driver does not find here, it would not find there.
 */

import { mutateBytes } from '../../fuzz/driver/mutation.ts';
import { concatBytes } from '../../src/bytes/bytes.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';

export const limits = { reservation: 1 << 20, milliseconds: 60_000 };

const SUM_SIZE = 4;

export function fuzz(data: Uint8Array): void {
  const body = data.subarray(SUM_SIZE);
  const sum = sumOf(body);
  for (let i = 0; i < SUM_SIZE; i++) if (data[i] !== sum[i]) return;
  const [first, second, third] = body;
  if (first === 0x63) {
    if (second === 0x72) {
      if (third === 0x61) throw new TypeError('a crash');
    }
  }
  if (first === 0x70) {
    if (second === 0x6f) Object.assign(Object.prototype, { polluted: true });
  }
  if (first === 0x6d) {
    if (second === 0x65) new Uint8Array(2 << 20).fill(1);
  }
}

export function mutate(data: Uint8Array, random: SeededRandom): Uint8Array {
  const body = mutateBytes(data.subarray(SUM_SIZE), random);
  return concatBytes([sumOf(body), body]);
}

export function repair(data: Uint8Array): Uint8Array {
  const body = data.subarray(SUM_SIZE);
  return concatBytes([sumOf(body), body]);
}

export async function seeds(): Promise<readonly Uint8Array[]> {
  const body = Uint8Array.of(1, 2, 3, 4, 5, 6);
  return [concatBytes([sumOf(body), body])];
}

/** FNV-1a. */
function sumOf(bytes: Uint8Array): Uint8Array {
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193) >>> 0;
  return Uint8Array.of(sum >>> 24, sum >>> 16, sum >>> 8, sum);
}
