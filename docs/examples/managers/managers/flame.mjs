// @ts-check
/**
 * Flames cover the balances for as long as they burn: after every batch each account has unexpired
 * flames of at least its balance. In memory: the flames of each account, by height.
 */

/** @import { Store, StoreMap, Transaction } from 'onewal' */

/** Batches that a flame burns for. */
export const LIFETIME = 3;

export class Flame {
  /** @type {Map<string, Map<number, number>>} */
  flames = new Map();

  /** @param {Store} store */
  constructor(store) {
    /** Satoshis, by the height at which they were lit and the account. @type {StoreMap<[height: number, account: string], number>} */
    this.lit = store.map('flames');
    this.follow = {
      /** @param {[number, string]} key @param {number | undefined} satoshis */
      flames: ([height, account], satoshis) => {
        const byHeight = this.flames.get(account) ?? new Map();
        this.flames.set(account, byHeight);
        if (satoshis === undefined) byHeight.delete(height);
        else byHeight.set(height, satoshis);
        if (byHeight.size === 0) this.flames.delete(account);
      },
    };
  }

  /** Removes what has burnt down, lights what is missing. @param {Transaction} delta @param {number} height @param {Iterable<{ key: string, value: number }>} balances */
  project(delta, height, balances) {
    const lit = delta.map(this.lit);
    lit.clear({ end: [height - LIFETIME + 1, ''] });
    /** @type {Map<string, number>} */
    const covered = new Map();
    for (const { key, value } of lit.getRange()) {
      covered.set(key[1], (covered.get(key[1]) ?? 0) + value);
    }
    for (const { key: account, value: balance } of balances) {
      const missing = balance - (covered.get(account) ?? 0);
      if (missing > 0) lit.put([height, account], missing);
    }
  }
}
