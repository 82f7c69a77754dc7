// @ts-check
/** Who may do what. In memory: the holders of each privilege. */
import { Refusal } from './refusal.mjs';

/** @import { Store, StoreMap, Transaction } from 'onewal' */

export class Privileges {
  /** @type {Map<string, Set<string>>} */
  holders = new Map();

  /** @param {Store} store */
  constructor(store) {
    /** @type {StoreMap<[account: string, privilege: string], true>} */
    this.privileges = store.map('privileges');
    this.follow = {
      /** @param {[string, string]} key @param {true | undefined} isHeld */
      privileges: ([account, privilege], isHeld) => {
        const holders = this.holders.get(privilege) ?? new Set();
        this.holders.set(privilege, holders);
        if (isHeld) holders.add(account);
        else holders.delete(account);
        if (holders.size === 0) this.holders.delete(privilege);
      },
    };
  }

  /** @param {Transaction} delta @param {[account: string, privilege: string]} key */
  grant(delta, key) {
    delta.map(this.privileges).put(key, true);
  }

  /** @param {Transaction} delta @param {[account: string, privilege: string]} key */
  require(delta, key) {
    if (!delta.map(this.privileges).has(key)) throw new Refusal(`${key[0]} may not ${key[1]}`);
  }

  /** @param {Transaction} delta @param {string} account */
  revokeAll(delta, account) {
    delta.map(this.privileges).clear({ start: [account, ''], end: [`${account}\0`, ''] });
  }
}
