// @ts-check
/**
 * What an entry of a batch may ask for. Most touch several managers, and may be refused by the last.
 */

/** @import { Transaction } from 'onewal' */
/** @import { Managers } from './seven.mjs' */

/**
 * @typedef {{ call: 'register', account: string }
 *   | { call: 'lift', account: string, satoshis: number }
 *   | { call: 'transfer', from: string, to: string, satoshis: number }
 *   | { call: 'allocate', contract: string, account: string, satoshis: number }
 *   | { call: 'write', contract: string, account: string, text: string }
 *   | { call: 'grant', account: string, privilege: string }
 *   | { call: 'bury', account: string }
 *   | { call: 'set fee', satoshis: number }} Entry
 */

/** Where the fees go. */
export const TREASURY = 'treasury';

/** @param {Managers} managers @param {Transaction} delta @param {Entry} entry */
export function execute(managers, delta, entry) {
  const { coin, state, registry, privileges, graveyard, params } = managers;
  switch (entry.call) {
    case 'register': {
      graveyard.requireAlive(delta, entry.account);
      const rank = params.get(delta, 'next rank');
      params.set(delta, 'next rank', rank + 1);
      return registry.register(delta, entry.account, rank);
    }
    case 'lift':
      params.set(delta, 'supply', params.get(delta, 'supply') + entry.satoshis);
      coin.add(delta, entry.account, entry.satoshis);
      return registry.require(delta, entry.account);
    case 'transfer':
      coin.add(delta, entry.to, entry.satoshis);
      coin.add(delta, entry.from, -entry.satoshis);
      payFee(managers, delta, entry.from);
      return registry.require(delta, entry.to);
    case 'allocate':
      coin.allocate(delta, [entry.contract, entry.account], entry.satoshis);
      payFee(managers, delta, entry.account);
      return registry.require(delta, entry.contract);
    case 'write':
      state.set(delta, [entry.contract, entry.account], entry.text);
      payFee(managers, delta, entry.account);
      return privileges.require(delta, [entry.account, 'write']);
    case 'grant':
      privileges.grant(delta, [entry.account, entry.privilege]);
      return registry.require(delta, entry.account);
    case 'bury': {
      const balance = coin.balanceOf(delta, entry.account);
      coin.add(delta, entry.account, -balance);
      graveyard.bury(delta, entry.account, balance);
      privileges.revokeAll(delta, entry.account);
      registry.require(delta, entry.account);
      return registry.deregister(delta, entry.account);
    }
    case 'set fee':
      return params.set(delta, 'fee', entry.satoshis);
  }
}

/** @param {Managers} managers @param {Transaction} delta @param {string} account */
function payFee({ coin, params }, delta, account) {
  const fee = params.get(delta, 'fee');
  coin.add(delta, account, -fee);
  coin.add(delta, TREASURY, fee);
}
