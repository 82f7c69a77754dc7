// @ts-check
/**
 * The made-up chain that every node follows. Units become stable one main chain index (MCI) after
 * the other; a unit triggers one agent or two. All of it follows from the seed.
 */
import { randomOf } from '../survive/random.mjs';

/**
 * @typedef {object} Trigger
 * @property {number} mci
 * @property {string} unit
 * @property {string} agent
 * @property {string} from
 * @property {bigint} amount
 * @property {bigint} withdraw what it asks the bank for
 */

export const USERS = ['alice', 'bob', 'carol'];
export const FIRST_BALANCE = 1_000_000n;

const UNITS_MAX = 2; // that become stable together

/** The triggers of each MCI. @param {string} seed @param {number} length @returns {Trigger[][]} */
export function chainOf(seed, length) {
  return Array.from({ length }, (_, i) => {
    const mci = i + 1;
    const count = randomOf(seed, 'units', mci).integer(1, UNITS_MAX);
    const units = Array.from({ length: count }, (_, j) => `unit-${mci}.${j + 1}`);
    return units.flatMap((unit) => triggersOf(seed, mci, unit));
  });
}

/** How often which agents are triggered together, and with how much. */
const REQUESTS = /** @type {const} */ ([
  { share: 0.4, amounts: { bank: undefined } },
  { share: 0.25, amounts: { bank: undefined, lottery: 100n } },
  { share: 0.25, amounts: { splitter: 200n } },
  { share: 0.1, amounts: { splitter: 150n } }, // its half buys no ticket
]);

/** @param {string} seed @param {number} mci @param {string} unit @returns {Trigger[]} */
function triggersOf(seed, mci, unit) {
  const random = randomOf(seed, unit);
  const from = USERS[random.integer(0, USERS.length - 1)] ?? '';
  const deposit = BigInt(random.integer(10, 90));
  const withdrawal = BigInt(random.integer(0, 1) * random.integer(10, 120));
  return Object.entries(random.pick(REQUESTS).amounts).map(([agent, amount]) => {
    const withdraw = agent === 'bank' ? withdrawal : 0n;
    return { mci, unit, agent, from, amount: amount ?? deposit, withdraw };
  });
}
