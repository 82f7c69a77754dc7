// @ts-check
/** What must be true between two lives of the writers. */
import { Store } from 'onewal';
import { ACCOUNT_COUNT, moveToken, openBank, START_BALANCE } from './bank.mjs';

/**
 * @param {string} directory
 * @param {readonly number[]} acknowledged of each writer, its last transfer
 */
export async function checkBank(directory, acknowledged) {
  const store = await Store.open(directory);
  try {
    return inspectBank(store, acknowledged);
  } finally {
    await store.close();
  }
}

/** @param {Store} store @param {readonly number[]} acknowledged */
export function inspectBank(store, acknowledged) {
  const bank = openBank(store);
  /** @type {string[]} */
  const faults = [];
  const balances = Array.from(bank.balances.getRange(), ({ value }) => value);
  const sum = balances.reduce((total, balance) => total + balance, 0);
  const isEmpty = balances.length === 0 && acknowledged.every((move) => move === 0);
  if (!isEmpty && sum !== ACCOUNT_COUNT * START_BALANCE) faults.push(`the sum is ${sum}`);
  if (balances.some((balance) => balance < 0)) faults.push('an account is below zero');
  let moved = 0;
  for (const [writer, last] of acknowledged.entries()) {
    const stored = bank.moves.get(writer) ?? 0;
    moved += stored;
    if (stored < last) faults.push(`writer ${writer} was told of ${last}, and ${stored} is stored`);
    if (stored > 0 && store.outcomeOf(moveToken(writer, stored)) !== 'committed')
      faults.push(`the token of transfer ${stored} of writer ${writer} is not known`);
    if (store.outcomeOf(moveToken(writer, stored + 1)) !== 'absent')
      faults.push(`transfer ${stored + 1} of writer ${writer} has a token and is not stored`);
  }
  return { moved, faults };
}
