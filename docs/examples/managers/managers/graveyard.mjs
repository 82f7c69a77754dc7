// @ts-check
/** Accounts that are no more, and what they left. In memory: the dead, and the sum of it. */
import { Refusal } from './refusal.mjs';

/** @import { Store, StoreMap, Transaction } from 'onewal' */

export class Graveyard {
  /** @type {Map<string, number>} */
  graves = new Map();
  total = 0;

  /** @param {Store} store */
  constructor(store) {
    /** Satoshis by account. @type {StoreMap<string, number>} */
    this.graveyard = store.map('graveyard');
    this.follow = {
      /** @param {string} account @param {number | undefined} satoshis */
      graveyard: (account, satoshis) => {
        this.total += (satoshis ?? 0) - (this.graves.get(account) ?? 0);
        if (satoshis === undefined) this.graves.delete(account);
        else this.graves.set(account, satoshis);
      },
    };
  }

  /** @param {Transaction} delta @param {string} account @param {number} satoshis */
  bury(delta, account, satoshis) {
    delta.map(this.graveyard).put(account, satoshis);
  }

  /** @param {Transaction} delta @param {string} account */
  requireAlive(delta, account) {
    if (delta.map(this.graveyard).has(account)) throw new Refusal(`${account} is buried`);
  }
}
