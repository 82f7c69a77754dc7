// @ts-check
/** The made-up work: batches of entries, all of which follow from the seed. */
import { randomOf } from '../survive/random.mjs';
import { TREASURY } from './entries.mjs';

/** @import { Random } from '../survive/random.mjs' */
/** @import { Entry } from './entries.mjs' */

const ACCOUNTS = ['alice', 'bob', 'carol'];
const STRANGERS = ['dave', 'erin'];
const CONTRACTS = ['vault', 'market'];
const ENTRIES_MAX = 6; // of a batch

/** @type {Entry[]} */
const FIRST_BATCH = [
  ...[TREASURY, ...CONTRACTS, ...ACCOUNTS].map(
    (account) => /** @type {const} */ ({ call: 'register', account }),
  ),
  ...ACCOUNTS.map((account) => /** @type {const} */ ({ call: 'lift', account, satoshis: 10_000 })),
  { call: 'grant', account: 'alice', privilege: 'write' },
  { call: 'set fee', satoshis: 5 },
];

/** @param {string} seed @param {number} count @returns {Entry[][]} */
export function batchesOf(seed, count) {
  const others = Array.from({ length: count - 1 }, (_, i) => {
    const random = randomOf(seed, 'batch', i);
    return Array.from({ length: random.integer(2, ENTRIES_MAX) }, () => entryOf(random));
  });
  return [FIRST_BATCH, ...others];
}

/** @param {Random} random @returns {Entry} */
function entryOf(random) {
  const account = oneOf(random, ACCOUNTS);
  const other = oneOf(random, [...ACCOUNTS, ...STRANGERS]);
  const contract = oneOf(random, CONTRACTS);
  const satoshis = random.integer(1, 4_000);
  const shares = /** @type {const} */ ([
    { share: 0.3, entry: { call: 'transfer', from: account, to: other, satoshis } },
    { share: 0.2, entry: { call: 'allocate', contract, account, satoshis } },
    { share: 0.15, entry: { call: 'write', contract, account, text: `worth ${satoshis}` } },
    { share: 0.1, entry: { call: 'grant', account: other, privilege: 'write' } },
    { share: 0.1, entry: { call: 'lift', account, satoshis } },
    { share: 0.07, entry: { call: 'register', account: other } },
    { share: 0.05, entry: { call: 'bury', account } },
    { share: 0.03, entry: { call: 'set fee', satoshis: satoshis % 10 } },
  ]);
  return random.pick(shares).entry;
}

/** @param {Random} random @param {string[]} items */
const oneOf = (random, items) => items[random.integer(0, items.length - 1)] ?? '';
