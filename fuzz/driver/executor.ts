/** Runs a target on one input, and says what is wrong with what it did. */
import { Coverage, type Probes, probesOfProcess } from './probes.ts';
import { DEFAULT_LIMITS, type Limits, type Target } from './target.ts';

export interface Finding {
  /** Equal for findings that are most likely one fault. */
  readonly kind: string;
  readonly description: string;
}

export interface Outcome {
  readonly finding: Finding | undefined;
  /** The input showed something of the engine that no input before has. */
  readonly isNew: boolean;
}

/** A slow input is run again: the machine may have been busy. */
const SLOW_RUN_COUNT = 3;

export class Executor {
  readonly limits: Limits;
  readonly coverage: Coverage;
  readonly #target: Target;
  readonly #probes: Probes = probesOfProcess();
  runCount = 0;

  constructor(target: Target, coverage = new Coverage()) {
    this.#target = target;
    this.coverage = coverage;
    this.limits = { ...DEFAULT_LIMITS, ...target.limits };
  }

  /** How many counters there are. */
  get counterCount(): number {
    return this.#probes.counters.length;
  }

  async run(input: Uint8Array): Promise<Outcome> {
    const finding = await this.examine(input);
    const isNew = this.coverage.absorb(this.#probes.counters);
    return { finding, isNew };
  }

  /** The same without taking in what it covers. */
  async examine(input: Uint8Array): Promise<Finding | undefined> {
    const intrinsics = intrinsicNames();
    const { finding, milliseconds } = await this.#attempt(input);
    if (finding !== undefined) return finding;
    const pollution = removePollution(intrinsics);
    if (pollution.length > 0) {
      return { kind: 'pollution', description: `prototypes have got ${pollution.join(', ')}` };
    }
    return this.#excess() ?? (await this.#slowness(input, milliseconds));
  }

  async #attempt(
    input: Uint8Array,
  ): Promise<{ readonly finding?: Finding; readonly milliseconds: number }> {
    this.#probes.reset();
    this.runCount++;
    const start = performance.now();
    try {
      const running = this.#target.fuzz(input.slice());
      if (running !== undefined) await running;
      return { milliseconds: performance.now() - start };
    } catch (error) {
      return { finding: describe(error), milliseconds: performance.now() - start };
    }
  }

  #excess(): Finding | undefined {
    const { largest, total } = this.#probes;
    const { reservation, reservations } = this.limits;
    if (largest > reservation) {
      return { kind: 'reservation', description: `${largest} bytes were reserved at once` };
    }
    if (total <= reservations) return undefined;
    return { kind: 'reservations', description: `${total} bytes were reserved` };
  }

  async #slowness(input: Uint8Array, first: number): Promise<Finding | undefined> {
    let fastest = first;
    for (let left = SLOW_RUN_COUNT - 1; left > 0; left--) {
      if (fastest <= this.limits.milliseconds) return undefined;
      fastest = Math.min(fastest, (await this.#attempt(input)).milliseconds);
    }
    if (fastest <= this.limits.milliseconds) return undefined;
    return { kind: 'slow', description: `it took ${Math.round(fastest)} ms` };
  }
}

function describe(error: unknown): Finding {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const [place = ''] = /^\s+at .*$/m.exec(stack ?? '') ?? [];
  const shape = message.replace(/[0-9a-f]{8,}|\d+|"[^"]*"/g, '#').slice(0, 80);
  return { kind: `${name}: ${shape}${place.replace(/:\d+:\d+/, '')}`, description: stackOf(error) };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

const INTRINSICS: readonly object[] = [
  ...[Object.prototype, Array.prototype, Function.prototype, String.prototype],
  ...[Number.prototype, Map.prototype, Set.prototype, Uint8Array.prototype, Error.prototype],
];

function intrinsicNames(): readonly ReadonlySet<PropertyKey>[] {
  return INTRINSICS.map((intrinsic) => new Set(Reflect.ownKeys(intrinsic)));
}

/** Removes what was added, so that the next input is judged by itself. */
function removePollution(before: readonly ReadonlySet<PropertyKey>[]): string[] {
  return INTRINSICS.flatMap((intrinsic, i) => {
    const added = Reflect.ownKeys(intrinsic).filter((name) => before[i]?.has(name) !== true);
    for (const name of added) Reflect.deleteProperty(intrinsic, name);
    return added.map(String);
  });
}
