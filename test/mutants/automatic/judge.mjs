// @ts-check
/** Runs the tests that reach a mutant, the most promising first, until one fails. */
import { Worker } from './crew.mjs';

/** @import { Coverage } from './coverage.mjs' */
/** @import { Built } from './crew.mjs' */
/** @import { AutomaticMutant } from './mutants.mjs' */
/**
 * @typedef {object} Verdict
 * @property {'killed' | 'survived' | 'not reached'} verdict
 * @property {string} by The test that failed; or how many there were.
 * @property {string} [bound] What the mutant did to its process.
 */

/** A worker is replaced now and then: what mutants have left running must not add up. */
const ORDERS_MAX = 100;
/** A test may compute so many times as long as without a mutant, and some time on top. */
const SLOWER_MAX = 8;
const GRACE_MS = 3_000;
/** How much sooner a test has its turn for each mutant of the same file that it has killed. */
const PROMISE = 3;

export class Judge {
  #built;
  #root;
  #coverage;
  #budget;
  /** @type {Map<number, string[]>} */
  #reaching = new Map();
  /** @type {Worker | undefined} */
  #worker;
  #orders = 0;
  /** @type {Map<string, number>} */
  #kills = new Map();

  /** @param {{ built: Built, root: string, coverage: Coverage, budgetMs: number }} plan */
  constructor({ built, root, coverage, budgetMs }) {
    this.#built = built;
    this.#root = root;
    this.#coverage = coverage;
    this.#budget = budgetMs;
    for (const [name, { reached }] of Object.entries(coverage.tests)) {
      for (const id of reached) this.#reaching.set(id, [...(this.#reaching.get(id) ?? []), name]);
    }
  }

  /** @param {AutomaticMutant} mutant @param {readonly AutomaticMutant[]} besides In the same file. @returns {Promise<Verdict>} */
  async judge(mutant, besides) {
    const reaching = this.#testsFor(mutant, [mutant.id]);
    if (reaching.length > 0) {
      const verdict = await this.#judge(mutant, reaching, 'then');
      if (verdict.verdict !== 'survived' || !this.#isAtLoad(mutant)) return verdict;
    }
    const tests = this.#isAtLoad(mutant)
      ? this.#testsFor(
          mutant,
          besides.map(({ id }) => id),
        )
      : [];
    if (tests.length === 0) return { verdict: 'not reached', by: '' };
    return await this.#judge(mutant, tests, 'at load');
  }

  /** @param {AutomaticMutant} mutant */
  #isAtLoad({ id }) {
    return this.#coverage.atLoad.includes(id);
  }

  /** @param {AutomaticMutant} mutant @param {readonly string[]} tests @param {'then' | 'at load'} from When the mutant is there. @returns {Promise<Verdict>} */
  async #judge(mutant, tests, from) {
    const verdict = await this.#try(mutant, tests, from);
    if (verdict !== 'spoilt') return verdict;
    // In a process of its own, nobody else can have done it.
    this.end();
    const again = await this.#try(mutant, tests, from);
    return again === 'spoilt' ? { verdict: 'killed', by: 'a test that it spoils' } : again;
  }

  /** @param {AutomaticMutant} mutant @param {readonly number[]} ids */
  #testsFor({ file }, ids) {
    const names = new Set(ids.flatMap((id) => this.#reaching.get(id) ?? []));
    const line = [...names]
      .map((name) => ({ name, milliseconds: this.#coverage.tests[name]?.milliseconds ?? 0 }))
      .map((test) => ({ ...test, rank: this.#rank(file, test.name) }))
      .sort((a, b) => a.milliseconds / a.rank - b.milliseconds / b.rank);
    let spent = 0;
    return line
      .filter(({ milliseconds }) => {
        spent += milliseconds;
        return spent - milliseconds <= this.#budget;
      })
      .map(({ name }) => name);
  }

  /** @param {string} file @param {string} name */
  #rank(file, name) {
    return 1 + PROMISE * (this.#kills.get(`${file} ${name}`) ?? 0);
  }

  /** 'spoilt' where it may have been another mutant's doing. @param {AutomaticMutant} mutant @param {readonly string[]} tests @param {'then' | 'at load'} from @returns {Promise<Verdict | 'spoilt'>} */
  async #try(mutant, tests, from) {
    const isAtLoad = from === 'at load';
    if (isAtLoad || this.#orders >= ORDERS_MAX) this.end();
    const start = await this.#start(isAtLoad ? mutant.id : 0);
    if (start !== undefined) return { verdict: 'killed', by: 'all: nothing loads', bound: start };
    this.#orders++;
    const order = { mutant: mutant.id, tests, isReport: false };
    const end = await /** @type {Worker} */ (this.#worker).run(order, (name) =>
      this.#limitOf(name),
    );
    if (isAtLoad || end.kind === 'ended' || end.isSpoilt) this.end();
    if (end.kind === 'survived') return { verdict: 'survived', by: `${tests.length} tests` };
    if (end.isSpoilt) return 'spoilt';
    const by = end.kind === 'ended' ? end.name : end.by;
    const key = `${mutant.file} ${by}`;
    this.#kills.set(key, (this.#kills.get(key) ?? 0) + 1);
    return { verdict: 'killed', by, ...(end.kind === 'ended' ? { bound: end.bound } : {}) };
  }

  /** Returns what has prevented it. @param {number} mutant */
  async #start(mutant) {
    if (this.#worker !== undefined) return undefined;
    this.#worker = new Worker(this.#built, this.#root, mutant);
    this.#orders = 0;
    const { kind, bound, failure } = await this.#worker.ready();
    if (kind === 'ready' && failure === undefined) return undefined;
    this.end();
    return String(bound ?? failure);
  }

  /** @param {string} name */
  #limitOf(name) {
    return (this.#coverage.tests[name]?.milliseconds ?? 0) * SLOWER_MAX + GRACE_MS;
  }

  end() {
    this.#worker?.end();
    this.#worker = undefined;
  }
}
