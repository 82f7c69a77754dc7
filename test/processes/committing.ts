/** Does in a store what workload.ts says, and reports each answer in the moment it comes. */
import type { Commit, Store, Write, WriteOptions } from '../../src/index.ts';
import { errorFacts, report } from './report.ts';
import {
  ACCOUNT_COUNT,
  type Action,
  actionOf,
  type Change,
  type CommitName,
  FIRST_BALANCE,
  FORGETTING,
  type JournalKey,
  type Maps,
  type Refusal,
  tokenOf,
} from './workload.ts';

/** Faults for the tests of the oracle: each must be noticed. */
export type PlantedFault =
  | 'acknowledges before the commit'
  | 'commits in two halves'
  | 'logs what it refuses'
  | 'miscounts money';

export interface Plan {
  readonly seed: number;
  readonly life: number;
  /** The journal of lives before this one is not needed any more. */
  readonly forgetBelow: number;
  readonly plantedFault?: PlantedFault;
}

const CONFLICT_RETRIES_MAX = 1000;
const NOT_YET_MILLISECONDS = 40;

export class Committing {
  readonly #store: Store;
  readonly #maps: Maps;
  readonly #plan: Plan;

  constructor(store: Store, maps: Maps, plan: Plan) {
    this.#store = store;
    this.#maps = maps;
    this.#plan = plan;
  }

  async perform(number: number): Promise<void> {
    const name = { ...this.#plan, number };
    const action = actionOf(name);
    if (action.kind === 'refused') return this.#beRefused(name, action.refusal);
    if (this.#plan.plantedFault === 'acknowledges before the commit') {
      report('acknowledged', { number, sequence: this.#store.info.sequence + 1 });
      await new Promise((resolve) => setTimeout(resolve, NOT_YET_MILLISECONDS));
      await this.#commit(name, action);
      return;
    }
    const { sequence } = await this.#commit(name, action);
    report('acknowledged', { number, sequence });
  }

  async #commit(name: CommitName, action: Action): Promise<Commit> {
    const options: WriteOptions = {
      durability: action.durability,
      ...(action.hasToken ? { token: tokenOf(name) } : {}),
    };
    if (action.kind === 'transfer') return this.#transfer(name, action, options);
    const writes = [...this.#writesOf(action), this.#note(name)];
    if (this.#plan.plantedFault === 'commits in two halves') {
      await this.#store.batch(writes.splice(0, 1), { durability: action.durability });
    }
    return action.isBlocking
      ? this.#store.batchSync(writes, options)
      : this.#store.batch(writes, options);
  }

  #writesOf(action: Action): Write[] {
    const { journal, accounts, texts } = this.#maps;
    switch (action.kind) {
      case 'found':
        return Array.from({ length: ACCOUNT_COUNT }, (_, key) => {
          return { type: 'put', map: accounts, key, value: FIRST_BALANCE };
        });
      case 'forget':
        return [{ type: 'clear', map: journal, range: { end: [this.#plan.forgetBelow, 0] } }];
      case 'clear':
        return [{ type: 'clear', map: texts, range: { start: action.start, end: action.end } }];
      case 'change':
        return action.changes.map((change) => this.#writeOf(change));
      default:
        return [];
    }
  }

  #writeOf({ map, key, value }: Change): Write {
    if (value === undefined) return { type: 'remove', map: this.#maps[map].name, key };
    return { type: 'put', map: this.#maps[map].name, key, value };
  }

  #note(name: CommitName): Write {
    const key: JournalKey = [name.life, name.number];
    return { type: 'put', map: this.#maps.journal, key, value: name.number };
  }

  async #transfer(
    name: CommitName,
    { from, to, amount, isBlocking }: Action & { readonly kind: 'transfer' },
    options: WriteOptions,
  ): Promise<Commit> {
    const { accounts, journal } = this.#maps;
    const lost = this.#plan.plantedFault === 'miscounts money' ? 1n : 0n;
    for (let attempt = 1; ; attempt++) {
      const transaction = this.#store.begin(options);
      const own = transaction.map(accounts);
      own.put(from, (own.get(from) ?? 0n) - amount);
      // Others get their turn between the reads and the commit.
      if (!isBlocking) await Promise.resolve();
      own.put(to, (own.get(to) ?? 0n) + amount - lost);
      transaction.map(journal).put([name.life, name.number], name.number);
      try {
        return await (isBlocking ? transaction.commitSync() : transaction.commit());
      } catch (error) {
        const isConflict = (error as { code?: string }).code === 'CONFLICT';
        if (!isConflict || attempt === CONFLICT_RETRIES_MAX) throw error;
      }
    }
  }

  async #beRefused(name: CommitName, refusal: Refusal): Promise<void> {
    const { number } = name;
    const isPlanted = this.#plan.plantedFault === 'logs what it refuses';
    try {
      if (isPlanted) await this.#store.batch([this.#note(name)]);
      await this.#refused(name, refusal);
      report('accepted', { number, refusal });
    } catch (error) {
      report('refused', { number, refusal, ...errorFacts(error) });
    }
  }

  async #refused(name: CommitName, refusal: Refusal): Promise<unknown> {
    const { narrow, texts, journal } = this.#maps;
    const note = this.#note(name);
    switch (refusal) {
      case 'over quota':
        return this.#store.batch([note, { type: 'put', map: narrow, key: 'a', value: 'too much' }]);
      case 'invalid key':
        return this.#store.batch([note, { type: 'put', map: texts, key: Number.NaN, value: '' }]);
      case 'token used':
        return this.#store.batch([note], { token: tokenOf({ ...name, number: FORGETTING }) });
      case 'conflict':
        return journal.put([name.life, FORGETTING], name.number, { ifAbsent: true });
    }
  }
}
