// @ts-check
/**
 * The money. Three maps change together: what each account has, what has happened, in order, and
 * the totals, which say what the balances must come to. Works on a store and on a client of one.
 */
import { amountText } from './amount.mjs';
import { Refusal } from './refusal.mjs';

/** @import { Store } from 'onewal' */
/** @import { RemoteMap, RemoteStore } from 'onewal/remote' */

/** @typedef {ReturnType<typeof openBank>} Bank */
/** @typedef {{ readonly from: string, readonly to: string, readonly amount: bigint }} Transfer */
/** @typedef {{ from?: string, to: string, amount: bigint, at: number }} Entry */
/** @typedef {{ readonly number: number } & Entry} NumberedEntry */
/** @typedef {Awaited<ReturnType<typeof readBank>>} BankState */
/** @typedef {{ readonly at: number, readonly token?: string }} Occasion `at`: in ms since 1970 */

/** The maps, for the policy of whoever serves them. */
export const MAPS = ['balances', 'history', 'totals'];

const NAME_LENGTH_MAX = 20;
/** Clicks do not contend: a second owner of the same accounts would have to be very fast. */
const WRITE = { maxRetries: 5 };

/** @param {Store | RemoteStore} store */
export function openBank(store) {
  const client = /** @type {RemoteStore} */ (store);
  return {
    store: client,
    /** By name. @type {RemoteMap<string, bigint>} */
    balances: client.map('balances'),
    /** By number, 1, 2, 3 ... @type {RemoteMap<number, Entry>} */
    history: client.map('history'),
    /** `money`: what was paid in; `entries`: the last number. @type {RemoteMap<string, bigint>} */
    totals: client.map('totals'),
  };
}

/**
 * Throws Refusal.
 *
 * @param {Bank} bank
 * @param {{ readonly name: string, readonly amount: bigint }} account
 * @param {Occasion} occasion
 */
export async function openAccount(bank, { name, amount }, occasion) {
  const owner = name.trim();
  if (owner === '') throw new Refusal('name', 'An account needs a name.');
  if (owner.length > NAME_LENGTH_MAX) {
    throw new Refusal('name', `A name has at most ${NAME_LENGTH_MAX} letters.`);
  }
  await bank.store.transaction(async (transaction) => {
    const balances = transaction.map(bank.balances);
    if (await balances.has(owner)) throw new Refusal('name', `There is a ${owner} already.`);
    const totals = transaction.map(bank.totals);
    balances.put(owner, amount);
    totals.put('money', ((await totals.get('money')) ?? 0n) + amount);
    const number = ((await totals.get('entries')) ?? 0n) + 1n;
    totals.put('entries', number);
    transaction.map(bank.history).put(Number(number), { to: owner, amount, at: occasion.at });
  }, WRITE);
}

/**
 * All of it in one commit. Throws Refusal.
 *
 * @param {Bank} bank
 * @param {Transfer} transfer
 * @param {Occasion} occasion
 */
export async function transfer(bank, { from, to, amount }, { at, token }) {
  await bank.store.transaction(
    async (transaction) => {
      const balances = transaction.map(bank.balances);
      const totals = transaction.map(bank.totals);
      const [paying, paid, entries] = await Promise.all([
        balances.get(from),
        balances.get(to),
        totals.get('entries'),
      ]);
      const after = balancesAfter({ from, to, amount }, paying, paid);
      const number = (entries ?? 0n) + 1n;
      balances.put(from, after.from);
      balances.put(to, after.to);
      transaction.map(bank.history).put(Number(number), { from, to, amount, at });
      totals.put('entries', number);
    },
    token === undefined ? WRITE : { ...WRITE, token },
  );
}

/**
 * The same in two writes, as if the balances were in two stores: first that of the one whose name
 * comes first, then all the rest. Whoever dies in between loses money, or makes some. Throws Refusal.
 *
 * @param {Bank} bank
 * @param {Transfer} transfer
 * @param {Occasion} occasion
 */
export async function transferInTwoWrites(bank, { from, to, amount }, { at }) {
  const { store, balances, history, totals } = bank;
  const [paying, paid, entries] = await Promise.all([
    balances.get(from),
    balances.get(to),
    totals.get('entries'),
  ]);
  const after = balancesAfter({ from, to, amount }, paying, paid);
  const payer = { key: from, value: after.from };
  const payee = { key: to, value: after.to };
  const [first, second] = from < to ? [payer, payee] : [payee, payer];
  const number = (entries ?? 0n) + 1n;
  await balances.put(first.key, first.value);
  await store.batch([
    { type: 'put', map: balances, ...second },
    { type: 'put', map: history, key: Number(number), value: { from, to, amount, at } },
    { type: 'put', map: totals, key: 'entries', value: number },
  ]);
}

/**
 * Throws Refusal.
 *
 * @param {Transfer} transfer
 * @param {bigint | undefined} paying what the payer has
 * @param {bigint | undefined} paid what the payee has
 */
function balancesAfter({ from, to, amount }, paying, paid) {
  if (paying === undefined) throw new Refusal('from', 'Say whose money it is.');
  if (paid === undefined) throw new Refusal('to', 'Say who is to have it.');
  if (from === to) throw new Refusal('to', `${from} cannot pay ${from}: choose somebody else.`);
  if (amount <= 0n) throw new Refusal('amount', 'Nothing is no amount: write 0.01 or more.');
  if (paying < amount) {
    throw new Refusal('amount', `${from} has ${amountText(paying)}: that is not enough.`);
  }
  return { from: paying - amount, to: paid + amount };
}

/**
 * Throws Refusal for what a transfer would throw it for.
 *
 * @param {BankState} state
 * @param {Transfer} transfer
 */
export function checkTransfer({ balances }, transfer) {
  balancesAfter(transfer, balances.get(transfer.from), balances.get(transfer.to));
}

/**
 * One state of all three maps.
 *
 * @param {Bank} bank
 */
export async function readBank(bank) {
  const view = await bank.store.view();
  try {
    /** @type {Map<string, bigint>} */
    const balances = new Map();
    for await (const { key, value } of view.map(bank.balances).getRange()) balances.set(key, value);
    /** The newest first. @type {NumberedEntry[]} */
    const entries = [];
    for await (const { key, value } of view.map(bank.history).getRange({ reverse: true })) {
      entries.push({ number: key, ...value });
    }
    const money = (await view.map(bank.totals).get('money')) ?? 0n;
    const sum = [...balances.values()].reduce((total, balance) => total + balance, 0n);
    return { balances, entries, sum, money };
  } finally {
    await view.release();
  }
}

/**
 * No accounts, no history.
 *
 * @param {Bank} bank
 */
export async function startAgain({ store, ...maps }) {
  await store.transaction((transaction) => {
    transaction.map(maps.balances).clear();
    transaction.map(maps.history).clear();
    transaction.map(maps.totals).clear();
  }, WRITE);
}
