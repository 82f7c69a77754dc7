// @ts-check
/**
 * Who has how much. A contract's balance is that of its shadow space: the sum of what is allocated
 * in it. In memory an account is one object, on disk its parts are entries of two maps.
 */
import { Refusal } from './refusal.mjs';

/** @import { Store, StoreMap, Transaction } from 'onewal' */

/** @typedef {{ balance: number, allocations: Map<string, number> }} Body */

export class Coin {
  /** @type {Map<string, Body>} */
  bodies = new Map();

  /** @param {Store} store */
  constructor(store) {
    /** Satoshis by account or contract. @type {StoreMap<string, number>} */
    this.balances = store.map('balances');
    /** What of a contract's balance is whose. @type {StoreMap<[contract: string, account: string], number>} */
    this.allocations = store.map('allocations');
    this.follow = {
      /** @param {string} account @param {number | undefined} balance */
      balances: (account, balance) =>
        this.#change(account, (body) => ({ ...body, balance: balance ?? 0 })),
      /** @param {[string, string]} key @param {number | undefined} satoshis */
      allocations: ([contract, account], satoshis) =>
        this.#change(contract, (body) => {
          const allocations = new Map(body.allocations);
          if (satoshis === undefined) allocations.delete(account);
          else allocations.set(account, satoshis);
          return { ...body, allocations };
        }),
    };
  }

  /** @param {Transaction} delta @param {string} account */
  balanceOf(delta, account) {
    return delta.map(this.balances).get(account) ?? 0;
  }

  /** @param {Transaction} delta @param {string} account @param {number} satoshis may be negative */
  add(delta, account, satoshis) {
    const balance = this.balanceOf(delta, account) + satoshis;
    if (balance < 0) throw new Refusal(`${account} lacks ${-balance} satoshis`);
    if (balance === 0) delta.map(this.balances).remove(account);
    else delta.map(this.balances).put(account, balance);
  }

  /** @param {Transaction} delta @param {[contract: string, account: string]} key @param {number} satoshis */
  allocate(delta, key, satoshis) {
    const [contract, account] = key;
    const allocations = delta.map(this.allocations);
    allocations.put(key, (allocations.get(key) ?? 0) + satoshis);
    this.add(delta, contract, satoshis);
    this.add(delta, account, -satoshis);
  }

  /** @param {string} account @param {(body: Body) => Body} change */
  #change(account, change) {
    const body = change(this.bodies.get(account) ?? { balance: 0, allocations: new Map() });
    if (body.balance === 0 && body.allocations.size === 0) this.bodies.delete(account);
    else this.bodies.set(account, body);
  }
}
