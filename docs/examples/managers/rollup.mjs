// @ts-check
/**
 * The life cycle of the seed: pre-execution, mutation, roll back the last, apply, flush. The delta of
 * all seven managers is ONE transaction, the backup of the delta a savepoint in it, and to apply it
 * is to commit.
 */
import { Store } from 'onewal';
import { execute } from './entries.mjs';
import { Refusal } from './managers/refusal.mjs';
import { keepInStep, managersOf } from './seven.mjs';

/** @import { FileSystem, Transaction } from 'onewal' */
/** @import { Entry } from './entries.mjs' */

export class Rollup {
  /** @param {FileSystem} disk */
  static async open(disk) {
    const store = await Store.open(disk);
    try {
      return new this(store);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.managers = managersOf(store);
    keepInStep(store, this.managers);
  }

  /** Batches applied so far. */
  get height() {
    return this.managers.params.numbers.get('height') ?? 0;
  }

  /**
   * All entries of a batch, or none; an entry that is refused is left out. When this rejects, nothing
   * is half done: neither on disk nor in memory.
   *
   * @param {readonly Entry[]} entries
   * @returns {Promise<string[]>} why entries were refused
   */
  async applyBatch(entries) {
    const delta = this.store.begin();
    try {
      const refusals = entries.flatMap((entry) => this.#tryEntry(delta, entry));
      this.#endBatch(delta);
      await this.applyChanges(delta);
      return refusals;
    } finally {
      if (delta.state === 'open') delta.abort(); // flush_delta; a commit, also a failed one, does it itself
    }
  }

  /** apply_changes @param {Transaction} delta */
  async applyChanges(delta) {
    await delta.commit();
  }

  close() {
    return this.store.close();
  }

  /** @param {Transaction} delta @param {Entry} entry @returns {string[]} why it was refused, if it was */
  #tryEntry(delta, entry) {
    const backup = delta.savepoint(); // pre_execution
    try {
      execute(this.managers, delta, entry); // mutation
      return [];
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      delta.rollbackTo(backup); // rollback_last
      return [error.message];
    }
  }

  /** @param {Transaction} delta */
  #endBatch(delta) {
    const { coin, flame, params } = this.managers;
    const height = params.get(delta, 'height') + 1;
    params.set(delta, 'height', height);
    flame.project(delta, height, delta.map(coin.balances).getRange());
  }
}
