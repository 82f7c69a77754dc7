// @ts-check
/**
 * What must hold in every node at every moment, whatever has happened to it: each function gives a
 * sentence for each break.
 */
import { FIRST_BALANCE, USERS } from './chain.mjs';

/** @import { StoreMap } from 'onewal' */
/** @import { Tables } from './ledger.mjs' */

/** @param {Tables} tables @returns {string[]} */
export function faultsIn(tables) {
  const all = [moneyFaults, answerFaults, countFaults, balanceFaults, stateFaults];
  return all.flatMap((faults) => [...faults(tables)]);
}

/** No coin comes out of nothing, none is lost. @param {Tables} tables */
function* moneyFaults({ balances }) {
  const expected = FIRST_BALANCE * BigInt(USERS.length);
  let total = 0n;
  for (const { value } of balances.getRange()) total += value;
  if (total !== expected) yield `all balances are ${total}, and must be ${expected}`;
}

/** A trigger of a stable unit is there, or its response is. @param {Tables} tables */
function* answerFaults({ units, triggers, responses }) {
  for (const { key, value } of units.getRange()) {
    for (const agent of value.agents) {
      const isPending = triggers.has([...key, agent]);
      const isAnswered = responses.has([...key, agent, 0]);
      if (isPending && isAnswered)
        yield `${key[1]}: ${agent} has responded, and the trigger is there`;
      if (!isPending && !isAnswered)
        yield `${key[1]}: the trigger of ${agent} is gone without response`;
    }
  }
}

/** Each unit knows how many responses it has. @param {Tables} tables */
function* countFaults({ units, responses }) {
  for (const { key, value } of units.getRange()) {
    const count = responses.getCount({ prefix: /** @type {any} */ (key) }); // the first parts of theirs
    if (value.responseCount !== count) {
      yield `${key[1]} counts ${value.responseCount} responses, and there are ${count}`;
    }
  }
}

/** The balances are what the payments of all responses come to. @param {Tables} tables */
function* balanceFaults({ balances, responses }) {
  const replayed = new Map(USERS.map((user) => [user, FIRST_BALANCE]));
  for (const { value } of responses.getRange()) {
    for (const { from, to, amount } of value.payments) {
      replayed.set(from, (replayed.get(from) ?? 0n) - amount);
      replayed.set(to, (replayed.get(to) ?? 0n) + amount);
    }
  }
  yield* differences('balance', entriesOf(balances), replayed);
}

/** The state variables are what all responses have set. @param {Tables} tables */
function* stateFaults({ state, responses }) {
  const replayed = new Map();
  for (const { value } of responses.getRange()) {
    for (const [name, variable] of value.variables) {
      const key = `${value.agent}: ${name}`;
      if (variable === null) replayed.delete(key);
      else replayed.set(key, variable);
    }
  }
  const stored = new Map([...state.getRange()].map(({ key, value }) => [key.join(': '), value]));
  yield* differences('state variable', stored, replayed);
}

/**
 * @template K, V
 * @param {StoreMap<K, V>} map
 */
const entriesOf = (map) => new Map([...map.getRange()].map(({ key, value }) => [key, value]));

/** @param {string} what @param {Map<string, unknown>} stored @param {Map<string, unknown>} replayed */
function* differences(what, stored, replayed) {
  for (const key of new Set([...stored.keys(), ...replayed.keys()])) {
    if (stored.get(key) === replayed.get(key)) continue;
    yield `${what} ${key} is ${stored.get(key)}, and by the responses it must be ${replayed.get(key)}`;
  }
}
