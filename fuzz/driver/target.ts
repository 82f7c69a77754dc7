/** What a file of fuzz/ exports. Jazzer.js needs `fuzz` alone; the rest is for our own driver. */
import type { SeededRandom } from '../../src/testing/seeded-random.ts';

export interface Target {
  /** Throws, or rejects, exactly when the input has shown a fault. */
  fuzz(data: Uint8Array): void | Promise<void>;
  /** Another input made of this one, in which what had to be sealed again is. */
  mutate?(data: Uint8Array, random: SeededRandom): Uint8Array;
  /** The same input with its lengths and checksums made right, as far as it can be told. */
  repair?(data: Uint8Array): Uint8Array;
  /** Inputs to begin with, made by the engine itself. */
  seeds?(): Promise<readonly Uint8Array[]>;
  readonly limits?: Partial<Limits>;
}

/** What one input may cost. */
export interface Limits {
  /** The largest single reservation that the engine may make. */
  readonly reservation: number;
  /** All reservations together. */
  readonly reservations: number;
  readonly milliseconds: number;
  /** Larger inputs are not made. */
  readonly inputSize: number;
}

export const DEFAULT_LIMITS: Limits = {
  reservation: 8 << 20,
  reservations: 128 << 20,
  milliseconds: 2000,
  inputSize: 32 << 10,
};
