// @ts-check
/** The process that is killed: two writers in one event loop, each a transfer at a time. */
import { Store } from 'onewal';
import { randomOf } from '../survive/random.mjs';
import { report } from '../survive/report.mjs';
import { ACCOUNT_COUNT, moveToken, openBank, START_BALANCE, WRITER_COUNT } from './bank.mjs';

/** @import { Transaction } from 'onewal' */
/** @import { Bank } from './bank.mjs' */

/** @typedef {{ directory: string, transactions: number, seed: string }} Task */

const AMOUNT_MAX = 50;
/** Two writers get in each other's way now and then, never so often in a row. */
const RETRIES_MAX = 20;

await work(JSON.parse(process.argv[2] ?? '{}'));

/** @param {Task} task */
async function work({ directory, transactions, seed }) {
  const store = await Store.open(directory);
  const bank = openBank(store);
  if (bank.balances.getCount() === 0) await openAccounts(store, bank);
  report('opened');
  const share = Math.ceil(transactions / WRITER_COUNT);
  const writers = Array.from({ length: WRITER_COUNT }, (_, writer) => writer);
  await Promise.all(writers.map((writer) => write({ store, bank, seed, share }, writer)));
  await store.close();
}

/** @param {Store} store @param {Bank} bank */
function openAccounts(store, { balances }) {
  return store.transaction((transaction) => {
    const own = transaction.map(balances);
    for (let n = 0; n < ACCOUNT_COUNT; n++) own.put(n, START_BALANCE);
  });
}

/**
 * Goes on behind the last transfer of this writer that is stored.
 *
 * @param {{ store: Store, bank: Bank, seed: string, share: number }} job
 * @param {number} writer
 */
async function write({ store, bank, seed, share }, writer) {
  for (let move = (bank.moves.get(writer) ?? 0) + 1; move <= share; move++) {
    const random = randomOf(seed, writer, move);
    const [from, to] = [random.integer(0, ACCOUNT_COUNT - 1), random.integer(0, ACCOUNT_COUNT - 1)];
    const transfer = { from, to, amount: random.integer(1, AMOUNT_MAX) };
    const attempts = await store.transaction(
      (transaction, attempt) => {
        apply(transaction, bank, transfer);
        transaction.map(bank.moves).put(writer, move);
        return attempt;
      },
      { token: moveToken(writer, move), maxRetries: RETRIES_MAX },
    );
    if (attempts > 1) report('conflicted', attempts - 1);
    report('moved', move, writer);
  }
}

/**
 * @param {Transaction} transaction
 * @param {Bank} bank
 * @param {{ from: number, to: number, amount: number }} transfer
 */
function apply(transaction, { balances }, { from, to, amount }) {
  const own = transaction.map(balances);
  const balance = own.get(from) ?? 0;
  if (balance < amount) return;
  own.put(from, balance - amount);
  own.put(to, (own.get(to) ?? 0) + amount);
}
