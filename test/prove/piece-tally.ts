/** The tally of one piece, and what is kept of it. */
import type { Tally } from './gate.ts';

export interface Failure {
  readonly message: string;
  readonly replay: string;
}

export interface PieceResult {
  readonly gate: string;
  readonly piece: number;
  /** Cases that were checked, by kind. */
  readonly kinds: { readonly [kind: string]: number };
  readonly failureCount: number;
  /** The first of them. */
  readonly failures: readonly Failure[];
  readonly seconds: number;
}

/** A fault of the engine fails thousands of cases: the first few say what it is. */
const FAILURE_COUNT_SHOWN = 5;

export class PieceTally implements Tally {
  readonly seed: number;
  readonly kinds: { [kind: string]: number } = {};
  readonly failures: Failure[] = [];
  caseCount = 0;
  failureCount = 0;
  readonly #digests = new Set<bigint>();
  readonly #onProgress: () => void;

  constructor(seed: number, onProgress: () => void = () => undefined) {
    this.seed = seed;
    this.#onProgress = onProgress;
  }

  /** In 64 bits each. */
  get digests(): BigUint64Array {
    return BigUint64Array.from(this.#digests);
  }

  isNew(digest: string): boolean {
    const key = hash(digest);
    if (this.#digests.has(key)) return false;
    this.#digests.add(key);
    return true;
  }

  count(kind: string, count = 1): void {
    this.kinds[kind] = (this.kinds[kind] ?? 0) + count;
    this.caseCount += count;
    this.#onProgress();
  }

  fail(message: string, replay: string): void {
    this.failureCount += 1;
    if (this.failures.length < FAILURE_COUNT_SHOWN) this.failures.push({ message, replay });
  }
}

/** Two independent hashes of 32 bits: together about 2^-64 for a false match. Not cryptographic. */
function hash(text: string): bigint {
  let first = 0x811c9dc5;
  let second = 0x9e3779b9;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    first = Math.imul(first ^ unit, 0x01000193);
    first ^= first >>> 15;
    second = Math.imul(second + unit, 0x85ebca6b);
    second ^= second >>> 13;
  }
  return (BigInt(first >>> 0) << 32n) | BigInt(second >>> 0);
}
