// @ts-check
/** Who there is. In memory: the accounts by rank. */
import { Refusal } from './refusal.mjs';

/** @import { Store, StoreMap, Transaction } from 'onewal' */

export class Registry {
  /** @type {Map<string, number>} */
  ranks = new Map();

  /** @param {Store} store */
  constructor(store) {
    /** The rank by account. @type {StoreMap<string, number>} */
    this.registry = store.map('registry');
    this.follow = {
      /** @param {string} account @param {number | undefined} rank */
      registry: (account, rank) => {
        if (rank === undefined) this.ranks.delete(account);
        else this.ranks.set(account, rank);
      },
    };
  }

  /** @param {Transaction} delta @param {string} account @param {number} rank */
  register(delta, account, rank) {
    const registry = delta.map(this.registry);
    if (registry.has(account)) throw new Refusal(`${account} is registered already`);
    registry.put(account, rank);
  }

  /** @param {Transaction} delta @param {string} account */
  require(delta, account) {
    if (!delta.map(this.registry).has(account)) throw new Refusal(`${account} is not registered`);
  }

  /** @param {Transaction} delta @param {string} account */
  deregister(delta, account) {
    delta.map(this.registry).remove(account);
  }
}
