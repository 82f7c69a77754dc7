// @ts-check
/** The page: what is clicked becomes a call, what has changed is shown. */
import { byId } from './element.mjs';
import { Keeper } from './keeper.mjs';
import { makeTransfer, transferAndKill } from './kill.mjs';
import { amountText, parseAmount } from './money/amount.mjs';
import { openAccount, readBank, startAgain } from './money/bank.mjs';
import { Refusal } from './money/refusal.mjs';
import { showAccounts } from './view/accounts.mjs';
import { showFinding, showTally } from './view/findings.mjs';
import { showHistory } from './view/history.mjs';
import { showHost } from './view/host.mjs';
import { showWals } from './view/wals.mjs';
import { walRows } from './wal-rows.mjs';

/** @import { Finding, Way } from './kill.mjs' */
/** @import { BankState, Transfer } from './money/bank.mjs' */

const KILL_COUNT = 20;
const FIRST_ACCOUNTS = ['Alice', 'Bob', 'Carol'];
const FIRST_BALANCE = 100_00n;
const KILL_AMOUNT_MAX = 500;
const WAY_NOTES = {
  one: 'Both balances, the history and the totals are one commit.',
  two: 'First one balance, then the other and the rest: as if they were in two stores.',
};

const keeper = new Keeper();
/** @type {Finding[]} */
const findings = [];
const openForm = byId('open-account', HTMLFormElement);
const transferForm = byId('transfer', HTMLFormElement);

keeper.onState = showState;
listen();
showTally(findings);
act(() => keeper.open());

/** @param {string} state */
function showState(state) {
  const pill = byId('worker', HTMLElement);
  pill.dataset.state = state;
  pill.textContent = state;
}

function listen() {
  openForm.addEventListener('submit', (event) => {
    event.preventDefault();
    act(openOne, openForm);
  });
  transferForm.addEventListener('submit', (event) => {
    event.preventDefault();
    act(transferOnce);
  });
  onClick('kill', () => act(killOnce));
  onClick('kill-many', () => act(killMany));
  onClick('begin', () => act(openThree));
  onClick('start-again', () => act(() => startAgain(keeper.bank)));
  for (const radio of transferForm.querySelectorAll('[name=way]')) {
    radio.addEventListener('change', showWay);
  }
  showWay();
}

/** @param {string} id @param {() => void} listener */
function onClick(id, listener) {
  byId(id, HTMLButtonElement).addEventListener('click', listener);
}

/**
 * One thing at a time; then all is shown as the store has it. What is refused is told at its form.
 *
 * @param {() => Promise<unknown>} action
 * @param {HTMLFormElement} [form]
 */
async function act(action, form = transferForm) {
  if (document.body.ariaBusy === 'true') return;
  document.body.ariaBusy = 'true';
  tell(form, undefined);
  byId('transfer-done', HTMLElement).textContent = '';
  try {
    await action();
    await show();
  } catch (error) {
    tell(form, error);
  } finally {
    document.body.ariaBusy = 'false';
  }
}

/** @param {HTMLFormElement} form @param {unknown} error */
function tell(form, error) {
  const line = /** @type {HTMLElement} */ (form.querySelector('.error'));
  line.textContent = error === undefined ? '' : textOf(error);
  for (const field of form.elements) {
    const isWrong = error instanceof Refusal && field.getAttribute('name') === error.field;
    if (isWrong) field.setAttribute('aria-invalid', 'true');
    else field.removeAttribute('aria-invalid');
    if (isWrong && field instanceof HTMLElement) field.focus();
  }
}

/** @param {unknown} error */
function textOf(error) {
  const { code, message } = /** @type {{ code?: string, message?: string }} */ (error);
  if (code === 'LOCKED')
    return 'The wallet is open in another tab. Close it there, and load this page again.';
  return message ?? String(error);
}

async function show() {
  const state = await readBank(keeper.bank);
  showAccounts(state);
  showHistory(state);
  showWals(walRows(await keeper.readWals(), keeper.heard));
  showHost(await keeper.bank.store.info());
}

function showWay() {
  byId('way-note', HTMLElement).textContent = WAY_NOTES[wayAsked()];
}

/** @returns {Way} */
function wayAsked() {
  return fieldText(transferForm, 'way') === 'two' ? 'two' : 'one';
}

/** @returns {Transfer} */
function transferAsked() {
  const [from, to] = [fieldText(transferForm, 'from'), fieldText(transferForm, 'to')];
  return { from, to, amount: parseAmount(fieldText(transferForm, 'amount')) };
}

/** @param {HTMLFormElement} form @param {string} name */
function fieldText(form, name) {
  return String(new FormData(form).get(name) ?? '');
}

async function openOne() {
  const name = fieldText(openForm, 'name');
  const amount = depositOf(fieldText(openForm, 'deposit'));
  await openAccount(keeper.bank, { name, amount }, { at: Date.now() });
  openForm.reset();
}

/** @param {string} text */
function depositOf(text) {
  try {
    return parseAmount(text);
  } catch (error) {
    throw error instanceof Refusal ? new Refusal('deposit', error.message) : error;
  }
}

async function openThree() {
  for (const name of FIRST_ACCOUNTS) {
    await openAccount(keeper.bank, { name, amount: FIRST_BALANCE }, { at: Date.now() });
  }
  byId('open-more', HTMLDetailsElement).open = false;
}

async function transferOnce() {
  const transfer = transferAsked();
  await makeTransfer(keeper, transfer, wayAsked());
  const { from, to, amount } = transfer;
  byId('transfer-done', HTMLElement).textContent = `${from} has paid ${to} ${amountText(amount)}.`;
}

async function killOnce() {
  await note(await transferAndKill(keeper, transferAsked(), wayAsked()));
}

/** Between accounts and of amounts taken by chance. */
async function killMany() {
  const button = byId('kill-many', HTMLButtonElement);
  const title = button.textContent;
  try {
    for (let count = 1; count <= KILL_COUNT; count++) {
      button.textContent = `${count} of ${KILL_COUNT}`;
      const transfer = transferByChance(await readBank(keeper.bank));
      await note(await transferAndKill(keeper, transfer, wayAsked()));
    }
  } finally {
    button.textContent = title;
  }
}

/** @param {BankState} state @returns {Transfer} */
function transferByChance({ balances }) {
  const names = [...balances.keys()];
  const paying = names.filter((name) => (balances.get(name) ?? 0n) > 0n);
  const from = oneOf(paying);
  const to = oneOf(names.filter((name) => name !== from));
  if (from === undefined || to === undefined) {
    throw new Refusal('from', 'It takes two accounts, and money in one of them.');
  }
  const most = Math.min(KILL_AMOUNT_MAX, Number(balances.get(from)));
  return { from, to, amount: BigInt(1 + Math.floor(Math.random() * most)) };
}

/** @template T @param {readonly T[]} list @returns {T | undefined} */
function oneOf(list) {
  return list[Math.floor(Math.random() * list.length)];
}

/** @param {Finding} finding */
async function note(finding) {
  findings.push(finding);
  showFinding(finding);
  showTally(findings);
  showAccounts(finding.after);
}
