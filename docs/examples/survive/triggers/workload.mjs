// @ts-check
/**
 * The made-up work: autonomous agents that answer triggers. A trigger asks its agent to move money
 * between two accounts and to set some of its state variables. All of it follows from the seed and
 * the trigger's number, so that a checker can tell what any trigger must have done without having
 * seen it happen.
 */
import { randomOf } from '../random.mjs';

/**
 * @typedef {object} Trigger
 * @property {number} number counted from 1; the order in which an agent answers
 * @property {string} from an account
 * @property {string} to another account of the same agent
 * @property {bigint} amount
 * @property {readonly string[]} variables the state variables that its answer sets
 */

/** A state variable tells which trigger set it. @typedef {{ trigger: number, text: string }} Variable */

/** @typedef {{ from: string, to: string, moved: bigint, variables: number }} Response */

export const AGENT_COUNT = 4;
const ACCOUNT_COUNT = 8; // of each agent
const VARIABLE_COUNT = 40; // of each agent
const VARIABLES_MAX = 16; // set by one trigger
const TEXT_SIZE_MAX = 512;
const AMOUNT_MAX = 1_000_000;

/** Enough that no account runs dry, and more than a float can count. */
export const FIRST_BALANCE = 10n ** 18n;

/** @param {number} trigger */
export const agentOf = (trigger) => trigger % AGENT_COUNT;

/** @returns {string[]} */
export function allAccounts() {
  const accounts = [];
  for (let agent = 0; agent < AGENT_COUNT; agent++) {
    for (let i = 0; i < ACCOUNT_COUNT; i++) accounts.push(accountName(agent, i));
  }
  return accounts;
}

/** @param {string} seed @param {number} number @returns {Trigger} */
export function triggerOf(seed, number) {
  const random = randomOf(seed, 'trigger', number);
  const agent = agentOf(number);
  const from = random.integer(0, ACCOUNT_COUNT - 1);
  const to = (from + random.integer(1, ACCOUNT_COUNT - 1)) % ACCOUNT_COUNT;
  const amount = BigInt(random.integer(1, AMOUNT_MAX));
  const names = new Set();
  for (let count = random.integer(1, VARIABLES_MAX); count > 0; count--) {
    names.add(variableName(agent, random.integer(0, VARIABLE_COUNT - 1)));
  }
  return {
    number,
    from: accountName(agent, from),
    to: accountName(agent, to),
    amount,
    variables: [...names],
  };
}

/** @param {string} seed @param {number} trigger @param {string} name @returns {Variable} */
export function variableOf(seed, trigger, name) {
  const random = randomOf(seed, 'variable', trigger, name);
  const size = random.integer(1, TEXT_SIZE_MAX);
  const word = `${random.integer(0, 0xffffffff).toString(16)} `;
  return { trigger, text: word.repeat(TEXT_SIZE_MAX).slice(0, size) };
}

/** @param {Trigger} trigger @returns {Response} */
export function responseOf({ from, to, amount, variables }) {
  return { from, to, moved: amount, variables: variables.length };
}

/** @param {number} agent @param {number} i */
const accountName = (agent, i) => `agent-${agent}\naccount-${i}`;

/** @param {number} agent @param {number} i */
const variableName = (agent, i) => `agent-${agent}\nvariable-${i}`;
