// @ts-check
/** What has happened, the newest first. */
import { byId, element } from '../element.mjs';
import { amountText } from '../money/amount.mjs';

/** @import { BankState, NumberedEntry } from '../money/bank.mjs' */

const SHOWN_MAX = 12;

/** @param {BankState} state */
export function showHistory({ entries }) {
  byId('no-history', HTMLElement).hidden = entries.length > 0;
  const rows = entries.slice(0, SHOWN_MAX).map(row);
  const left = entries.length - rows.length;
  if (left > 0) rows.push(element('li.hint', `and ${left} more before`));
  byId('history', HTMLOListElement).replaceChildren(...rows);
}

/** @param {NumberedEntry} entry */
function row({ number, from, to, amount, at }) {
  const time = new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return element(
    'li',
    element('span.number', String(number)),
    element('span.name', from === undefined ? `${to} paid in` : `${from} → ${to}`),
    element('span.time', time),
    element('span.amount', amountText(amount)),
  );
}
