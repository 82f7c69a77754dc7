/** Runs a target on input after input, and keeps those that show something new. */
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { Executor, type Finding } from './executor.ts';
import { minimise } from './minimise.ts';
import { mutateBytes, splice } from './mutation.ts';
import { Coverage } from './probes.ts';
import type { Target } from './target.ts';

export interface CampaignOptions {
  readonly seed: number;
  /** Inputs to make, beyond the corpus. */
  readonly runs: number;
  /** Asked between inputs. */
  readonly isTimeUp?: () => boolean;
  /** Is told every input before it is run: who looks on knows what a process hung on. */
  readonly onInput?: (input: Uint8Array) => void;
  /** Default: the first. */
  readonly findingCountMax?: number;
}

interface FoundInput {
  readonly finding: Finding;
  /** Minimised. */
  readonly input: Uint8Array;
}

export interface CampaignReport {
  readonly runCount: number;
  readonly covered: number;
  readonly counterCount: number;
  /** Inputs of the corpus that were given which show something that those before them do not. */
  readonly kept: readonly Uint8Array[];
  /** Inputs that were made and are new. */
  readonly discovered: readonly Uint8Array[];
  readonly findings: readonly FoundInput[];
}

/** One in so many inputs is changed without regard to what its bytes mean. */
const BLIND_SHARE = 4;
/** Of the inputs, the newest are taken up more often. */
const NEWEST_COUNT = 16;

/** Repeatable, but for `isTimeUp`: the same corpus, seed and runs give the same report. */
export async function runCampaign(
  target: Target,
  corpus: readonly Uint8Array[],
  options: CampaignOptions,
): Promise<CampaignReport> {
  const campaign = new Campaign(target, options);
  await campaign.replay(corpus);
  await campaign.explore();
  return campaign.report();
}

class Campaign {
  readonly #target: Target;
  readonly #options: CampaignOptions;
  readonly #executor: Executor;
  readonly #random: SeededRandom;
  readonly #kept: Uint8Array[] = [];
  readonly #discovered: Uint8Array[] = [];
  /** Both, in the order in which they came. */
  readonly #pool: Uint8Array[] = [];
  readonly #findings: FoundInput[] = [];
  readonly #kinds = new Set<string>();

  constructor(target: Target, options: CampaignOptions) {
    this.#target = target;
    this.#options = options;
    this.#executor = new Executor(target);
    this.#random = new SeededRandom(options.seed);
  }

  async replay(corpus: readonly Uint8Array[]): Promise<void> {
    for (const input of corpus) {
      if (await this.#try(input)) this.#keep(input, this.#kept);
    }
  }

  async explore(): Promise<void> {
    const { runs, isTimeUp = () => false } = this.#options;
    for (let run = 0; run < runs && !isTimeUp() && !this.#isFull; run++) {
      const input = this.#make();
      if (await this.#try(input)) this.#keep(input, this.#discovered);
    }
  }

  report(): CampaignReport {
    const { runCount, coverage, counterCount } = this.#executor;
    return {
      runCount,
      covered: coverage.covered,
      counterCount,
      kept: this.#kept,
      discovered: this.#discovered,
      findings: this.#findings,
    };
  }

  get #isFull(): boolean {
    return this.#findings.length >= (this.#options.findingCountMax ?? 1);
  }

  #keep(input: Uint8Array, list: Uint8Array[]): void {
    list.push(input);
    this.#pool.push(input);
  }

  /** True if the input is new and did no harm. */
  async #try(input: Uint8Array): Promise<boolean> {
    this.#options.onInput?.(input);
    const { finding, isNew } = await this.#executor.run(input);
    if (finding === undefined) return isNew;
    await this.#note(finding, input);
    return false;
  }

  async #note(finding: Finding, input: Uint8Array): Promise<void> {
    if (this.#isFull || this.#kinds.has(finding.kind)) return;
    this.#kinds.add(finding.kind);
    const minimised = await minimise(input, (candidate) => this.#accept(candidate, input, finding));
    this.#findings.push({ finding, input: minimised });
  }

  /** The candidate, or what repairing makes of it, if it does as the finding does and is no larger. */
  async #accept(
    candidate: Uint8Array,
    { length }: Uint8Array,
    finding: Finding,
  ): Promise<Uint8Array | undefined> {
    for (const form of [candidate, this.#target.repair?.(candidate)]) {
      if (form === undefined || form.length > length) continue;
      this.#options.onInput?.(form);
      if ((await this.#executor.examine(form))?.kind === finding.kind) return form;
    }
    return undefined;
  }

  #make(): Uint8Array {
    const random = this.#random;
    const base = this.#pickInput();
    const { mutate } = this.#target;
    const isBlind = mutate === undefined || random.below(BLIND_SHARE) === 0;
    if (!isBlind) return this.#bounded(mutate(base, random));
    const blind = random.below(8) === 0 ? splice(base, this.#pickInput(), random) : base;
    const changed = mutateBytes(blind, random);
    const isRepaired = this.#target.repair !== undefined && random.isHeads();
    return this.#bounded(isRepaired ? (this.#target.repair?.(changed) ?? changed) : changed);
  }

  #bounded(input: Uint8Array): Uint8Array {
    return input.subarray(0, this.#executor.limits.inputSize).slice();
  }

  #pickInput(): Uint8Array {
    const random = this.#random;
    const pool = this.#pool;
    if (pool.length === 0) return random.bytes(random.below(64));
    const from = random.isHeads() ? 0 : Math.max(0, pool.length - NEWEST_COUNT);
    const draw = (): Uint8Array => pool[from + random.below(pool.length - from)] as Uint8Array;
    const [left, right] = [draw(), draw()];
    // In a small input a change hits more often what matters.
    return left.length <= right.length ? left : right;
  }
}

/** The smallest inputs that cover together what all of them cover, as far as `sizeMax` bytes go. */
export async function chooseCorpus(
  target: Target,
  inputs: readonly Uint8Array[],
  options: Pick<CampaignOptions, 'onInput'> & { readonly sizeMax: number },
): Promise<Uint8Array[]> {
  const { sizeMax, onInput } = options;
  const executor = new Executor(target, new Coverage('blocks'));
  const chosen: Uint8Array[] = [];
  let size = 0;
  for (const input of [...inputs].sort((left, right) => left.length - right.length)) {
    if (size + input.length > sizeMax) break;
    onInput?.(input);
    const { finding, isNew } = await executor.run(input);
    if (finding !== undefined || !isNew) continue;
    chosen.push(input);
    size += input.length;
  }
  return chosen;
}
