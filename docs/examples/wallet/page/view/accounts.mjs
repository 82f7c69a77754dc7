// @ts-check
/** The money: the sum, the accounts, and who can be chosen for a transfer. */
import { byId, element } from '../element.mjs';
import { amountText } from '../money/amount.mjs';

/** @import { BankState } from '../money/bank.mjs' */

const TONE_COUNT = 6;

/** @param {BankState} state */
export function showAccounts({ balances, sum, money }) {
  showSum(sum, money);
  const names = [...balances.keys()];
  byId('accounts', HTMLUListElement).replaceChildren(
    ...names.map((name, index) => accountRow(name, balances.get(name) ?? 0n, index)),
  );
  byId('no-accounts', HTMLElement).hidden = names.length > 0;
  if (names.length === 0) byId('open-more', HTMLDetailsElement).open = true;
  const form = byId('transfer', HTMLFormElement);
  for (const [index, field] of ['from', 'to'].entries()) {
    const list = /** @type {HTMLSelectElement} */ (form.elements.namedItem(field));
    const chosen = names.includes(list.value) ? list.value : (names[index] ?? '');
    list.replaceChildren(...names.map((name) => new Option(name, name)));
    list.value = chosen;
  }
}

/** @param {bigint} sum @param {bigint} money */
function showSum(sum, money) {
  byId('sum-amount', HTMLElement).textContent = amountText(sum);
  byId('sum', HTMLElement).classList.toggle('broken', sum !== money);
  byId('sum-note', HTMLElement).textContent = noteOf(sum, money);
}

/** @param {bigint} sum @param {bigint} money */
function noteOf(sum, money) {
  if (sum < money) return `${amountText(money - sum)} of what was paid in are lost`;
  if (sum > money) return `${amountText(sum - money)} more than were ever paid in`;
  return money === 0n ? 'nothing was paid in yet' : '✓ exactly what was paid in';
}

/**
 * @param {string} name
 * @param {bigint} balance
 * @param {number} index
 */
function accountRow(name, balance, index) {
  return element(
    'li',
    disc(name, index % TONE_COUNT),
    element('span.name', name),
    element('span.amount', amountText(balance)),
  );
}

/**
 * @param {string} name
 * @param {number} tone
 */
function disc(name, tone) {
  const made = element(`span.disc.tone-${tone}`, [...name][0] ?? '');
  made.ariaHidden = 'true';
  return made;
}
