/**
 * What instrumented code reports to: one counter for each block of the engine, and the bytes that it
 * reserves. There is one for the process; a bundle registers its counters when it is loaded.
 */
const BUCKETS = bucketTable();

export class Probes {
  counters: Uint8Array = new Uint8Array(0);
  /** The bytes of the largest reservation, and of all, since the last reset. */
  largest = 0;
  total = 0;
  /** Numbers and texts that the code compares with: worth trying in inputs. */
  words: readonly (number | string)[] = [];

  register(count: number, words: readonly (number | string)[]): Uint8Array {
    this.words = words;
    this.counters = new Uint8Array(Math.ceil(count / 4) * 4);
    return this.counters;
  }

  reserve(size: unknown): void {
    if (typeof size !== 'number') return;
    this.total += size;
    if (size > this.largest) this.largest = size;
  }

  reset(): void {
    this.counters.fill(0);
    this.largest = 0;
    this.total = 0;
  }
}

/** Which counters were seen in which bucket of counts. */
export class Coverage {
  readonly #buckets: Uint8Array;
  #seen: Uint8Array = new Uint8Array(0);

  /** `counts`: how often a block runs matters, too. */
  constructor(grain: 'blocks' | 'counts' = 'counts') {
    this.#buckets = grain === 'counts' ? BUCKETS : BUCKETS.map((bucket) => Math.min(bucket, 1));
  }

  /** Counters that were ever above zero. */
  get covered(): number {
    return this.#seen.reduce((count, seen) => count + (seen === 0 ? 0 : 1), 0);
  }

  /** Takes the counters in; true if they show anything that no earlier input has shown. */
  absorb(counters: Uint8Array): boolean {
    if (this.#seen.length !== counters.length) this.#seen = new Uint8Array(counters.length);
    const seen = this.#seen;
    const words = new Uint32Array(counters.buffer, 0, counters.length / 4);
    let isNew = false;
    for (let word = 0; word < words.length; word++) {
      if (words[word] === 0) continue;
      for (let i = 4 * word; i < 4 * word + 4; i++) {
        const bucket = this.#buckets[counters[i] as number] as number;
        if ((bucket & ~(seen[i] as number)) === 0) continue;
        seen[i] = (seen[i] as number) | bucket;
        isNew = true;
      }
    }
    return isNew;
  }
}

/** One bit for each of the counts 0 (none), 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128-255. */
function bucketTable(): Uint8Array {
  const starts = [1, 2, 3, 4, 8, 16, 32, 128];
  return Uint8Array.from({ length: 256 }, (_, count) => {
    const index = starts.filter((start) => start <= count).length - 1;
    return index < 0 ? 0 : 1 << index;
  });
}

interface ProbedProcess {
  onewalProbes?: Probes;
}

/** Made by whoever asks first: driver and targets are bundles of their own. */
export function probesOfProcess(): Probes {
  const shared = globalThis as ProbedProcess;
  shared.onewalProbes ??= new Probes();
  return shared.onewalProbes;
}
