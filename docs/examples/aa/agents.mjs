// @ts-check
/**
 * The autonomous agents. A formula sees who sent how much; it reads and sets the state variables of
 * its agent, and pays. A payment to an agent triggers that agent in turn. Same trigger, same state,
 * same response: that is what every node of the network relies on.
 */

/** The formula refuses its trigger: whatever it has done so far must not have happened. */
export class Bounce extends Error {}

/**
 * @typedef {object} Call
 * @property {string} from who sent the trigger: a user, or the agent that paid
 * @property {string} initialFrom the user with whom it all began
 * @property {bigint} amount
 * @property {bigint} withdraw
 * @property {(name: string) => Variable | undefined} get
 * @property {(name: string, value: Variable | undefined) => void} set undefined removes the variable
 * @property {(to: string, amount: bigint) => void} pay
 */

/** @typedef {bigint | string} Variable */

const TICKET_PRICE = 100n;
const TICKETS_OF_A_ROUND = 3n;

/** @type {Readonly<Record<string, (call: Call) => void>>} */
export const AGENTS = {
  /** Keeps what it is given, and pays it back. */
  bank({ from, amount, withdraw, get, set, pay }) {
    const owed = amountOf(get(`owed ${from}`)) + amount;
    if (withdraw > owed) throw new Bounce(`bank: ${from} wants ${withdraw} and has ${owed}`);
    set(`owed ${from}`, owed - withdraw);
    if (withdraw > 0n) pay(from, withdraw);
  },

  /** The third ticket wins what all three have cost, and the next round begins. */
  lottery({ initialFrom, amount, get, set, pay }) {
    if (amount !== TICKET_PRICE) throw new Bounce(`lottery: a ticket is not ${amount}`);
    const sold = amountOf(get('sold')) + 1n;
    set('sold', sold);
    set(`ticket ${sold}`, initialFrom);
    if (sold < TICKETS_OF_A_ROUND) return;
    for (let ticket = 1n; ticket <= sold; ticket++) set(`ticket ${ticket}`, undefined);
    set('sold', 0n);
    set('last winner', initialFrom);
    pay(initialFrom, TICKETS_OF_A_ROUND * TICKET_PRICE);
  },

  /** A ticket for the lottery, and the rest into the bank. */
  splitter({ amount, get, set, pay }) {
    set('passed on', amountOf(get('passed on')) + amount);
    pay('bank', amount - amount / 2n);
    pay('lottery', amount / 2n);
  },
};

/** @param {Variable | undefined} value */
const amountOf = (value) => BigInt(value ?? 0n);
