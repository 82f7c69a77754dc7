// @ts-check
/** What is stored: the accounts, and how far each writer has come, in the same commit. */

/** @import { Store } from 'onewal' */

/** @typedef {ReturnType<typeof openBank>} Bank */

export const ACCOUNT_COUNT = 100;
export const START_BALANCE = 1000;
export const WRITER_COUNT = 2;

/** @param {Store} store */
export function openBank(store) {
  return {
    /** @type {import('onewal').StoreMap<number, number>} */
    balances: store.map('balances'),
    /** By writer, its last transfer. @type {import('onewal').StoreMap<number, number>} */
    moves: store.map('moves'),
  };
}

/** @param {number} writer @param {number} move */
export const moveToken = (writer, move) => `${writer}/${move}`;
