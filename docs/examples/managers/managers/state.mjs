// @ts-check
/** What the contracts remember. In memory: the variables of each contract. */

/** @import { Store, StoreMap, Transaction } from 'onewal' */

export class State {
  /** @type {Map<string, Map<string, string>>} */
  contracts = new Map();

  /** @param {Store} store */
  constructor(store) {
    /** @type {StoreMap<[contract: string, name: string], string>} */
    this.state = store.map('state');
    this.follow = {
      /** @param {[string, string]} key @param {string | undefined} value */
      state: ([contract, name], value) => {
        const variables = this.contracts.get(contract) ?? new Map();
        this.contracts.set(contract, variables);
        if (value === undefined) variables.delete(name);
        else variables.set(name, value);
        if (variables.size === 0) this.contracts.delete(contract);
      },
    };
  }

  /** @param {Transaction} delta @param {[contract: string, name: string]} key @param {string} value */
  set(delta, key, value) {
    delta.map(this.state).put(key, value);
  }
}
