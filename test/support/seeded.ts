/** Chance and time for tests: chance from a seed, time that never passes. */
import { setHost } from '../../src/store/host.ts';

/** A small generator of numbers below 2^32 (mulberry32). */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Makes every store of this test file deterministic: same calls, same bytes. */
export function useSeededHost(
  seed: number,
  onSleep: (milliseconds: number) => void = () => undefined,
): void {
  const next = seededNumbers(seed);
  setHost({
    environment: {
      randomBytes: (size) => Uint8Array.from({ length: size }, () => next() & 0xff),
      pause: () => Promise.resolve(),
      sleep: async (milliseconds) => onSleep(milliseconds),
    },
  });
}
