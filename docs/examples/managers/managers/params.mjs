// @ts-check
/** The numbers that everybody goes by: height, supply, fee. */

/** @import { Store, StoreMap, Transaction } from 'onewal' */

/** @typedef {'height' | 'supply' | 'fee' | 'next rank'} Name */

export class Params {
  /** @type {Map<Name, number>} */
  numbers = new Map();

  /** @param {Store} store */
  constructor(store) {
    /** @type {StoreMap<Name, number>} */
    this.params = store.map('params');
    this.follow = {
      /** @param {Name} name @param {number | undefined} number */
      params: (name, number) => {
        if (number === undefined) this.numbers.delete(name);
        else this.numbers.set(name, number);
      },
    };
  }

  /** @param {Transaction} delta @param {Name} name */
  get(delta, name) {
    return delta.map(this.params).get(name) ?? 0;
  }

  /** @param {Transaction} delta @param {Name} name @param {number} number */
  set(delta, name, number) {
    delta.map(this.params).put(name, number);
  }
}
