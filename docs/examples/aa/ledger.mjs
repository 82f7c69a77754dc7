// @ts-check
/**
 * The tables of a node, and what a transaction sees of them.
 */
import { FIRST_BALANCE, USERS } from './chain.mjs';

/** @import { Store, StoreMap, TransactionMap, Write } from 'onewal' */
/** @import { Variable } from './agents.mjs' */
/** @import { Trigger } from './chain.mjs' */
/** @import { Response } from './handle-trigger.mjs' */

/** @typedef {[agent: string, name: string]} StateKey */
/** @typedef {[mci: number, unit: string]} UnitKey */
/** @typedef {[mci: number, unit: string, agent: string]} TriggerKey */
/** @typedef {[mci: number, unit: string, agent: string, i: number]} ResponseKey */
/** @typedef {{ agents: string[], responseCount: number }} Unit */
/** @typedef {ReturnType<typeof tablesOf>} Tables */

/**
 * What a handler writes to. Reads see what it wrote before.
 *
 * @typedef {object} Ledger
 * @property {TransactionMap<StateKey, Variable>} state
 * @property {TransactionMap<string, bigint>} balances
 * @property {TransactionMap<ResponseKey, Response>} responses
 * @property {TransactionMap<TriggerKey, Trigger>} triggers still to be answered
 * @property {TransactionMap<UnitKey, Unit>} units
 * @property {() => () => void} savepoint returns what rolls back to it
 */

/** @param {{ stateIn: Store, restIn: Store }} stores */
export function tablesOf({ stateIn, restIn }) {
  /** @type {StoreMap<StateKey, Variable>} */
  const state = stateIn.map('state');
  /** @type {StoreMap<string, bigint>} */
  const balances = restIn.map('balances');
  /** @type {StoreMap<ResponseKey, Response>} */
  const responses = restIn.map('responses');
  /** @type {StoreMap<TriggerKey, Trigger>} */
  const triggers = restIn.map('triggers');
  /** @type {StoreMap<UnitKey, Unit>} */
  const units = restIn.map('units');
  return { state, balances, responses, triggers, units };
}

/** @param {Tables} tables @returns {Write[]} */
export function genesis({ balances }) {
  return USERS.map((user) => put(balances, user, FIRST_BALANCE));
}

/**
 * Units have become stable: their triggers are there to be answered.
 *
 * @param {Tables} tables
 * @param {Trigger[]} arriving
 * @returns {Write[]}
 */
export function stabilising({ triggers, units }, arriving) {
  /** @type {Map<string, Unit & { mci: number }>} */
  const byName = new Map();
  for (const { mci, unit, agent } of arriving) {
    const agents = [...(byName.get(unit)?.agents ?? []), agent];
    byName.set(unit, { mci, agents, responseCount: 0 });
  }
  return [
    ...[...byName].map(([unit, { mci, ...value }]) => put(units, [mci, unit], value)),
    ...arriving.map((trigger) => put(triggers, keyOf(trigger), trigger)),
  ];
}

/** @param {Trigger} trigger @returns {TriggerKey} */
export const keyOf = ({ mci, unit, agent }) => [mci, unit, agent];

/**
 * @template K, V
 * @param {StoreMap<K, V>} map
 * @param {K} key
 * @param {V} value
 * @returns {Write}
 */
function put(map, key, value) {
  return { type: 'put', map, key, value };
}
