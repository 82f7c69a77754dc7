// @ts-check
/**
 * The maps of the store, and the commits over them. A commit is a list of writes: all of them are
 * stored, in all maps, or none is.
 */
import { agentOf, allAccounts, FIRST_BALANCE, responseOf, variableOf } from './workload.mjs';

/** @import { Store, StoreMap, Write } from 'onewal' */
/** @import { Response, Trigger, Variable } from './workload.mjs' */
/** @typedef {ReturnType<typeof openMaps>} Maps */

/** So small that a run of seconds sees many checkpoints. */
export const STORE_OPTIONS = { checkpointBytes: 128 * 1024 };

/** @param {Store} store */
export function openMaps(store) {
  /** By account. @type {StoreMap<string, bigint>} */
  const balances = store.map('balances', { key: 'utf8' });
  /** By agent and variable. @type {StoreMap<string, Variable>} */
  const state = store.map('state', { key: 'utf8' });
  /** By trigger number. @type {StoreMap<number, Response>} */
  const responses = store.map('responses');
  /** What is still to be answered, by agent and trigger number. @type {StoreMap<[number, number], Trigger>} */
  const pending = store.map('pending');
  /** What a later run must know to go on. @type {StoreMap<string, string>} */
  const settings = store.map('settings', { key: 'utf8', value: 'utf8' });
  return { balances, state, responses, pending, settings };
}

/** The first commit. @param {Maps} maps @param {string} seed @returns {Write[]} */
export function founding(maps, seed) {
  const accounts = allAccounts();
  return [
    { type: 'put', map: maps.settings, key: 'seed', value: seed },
    ...accounts.map((key) => put(maps.balances, key, FIRST_BALANCE)),
  ];
}

/** @param {Maps} maps @param {Trigger} trigger @returns {Write[]} */
export function enqueueing(maps, trigger) {
  return [put(maps.pending, pendingKey(trigger.number), trigger)];
}

/**
 * The whole point: the money, the state variables, the response and the end of the trigger are ONE
 * commit. There is no moment at which one is stored without the others.
 *
 * @param {Maps} maps
 * @param {Trigger} trigger
 * @param {string} seed
 * @returns {Write[]}
 */
export function answering(maps, trigger, seed) {
  const { number, from, to, amount } = trigger;
  return [
    put(maps.balances, from, balance(maps, from) - amount),
    put(maps.balances, to, balance(maps, to) + amount),
    ...trigger.variables.map((name) => put(maps.state, name, variableOf(seed, number, name))),
    put(maps.responses, number, responseOf(trigger)),
    { type: 'remove', map: maps.pending, key: pendingKey(number) },
  ];
}

/** What an agent has not answered yet, oldest first. @param {Maps} maps @param {number} agent */
export function pendingOf(maps, agent) {
  return maps.pending.getRange({ start: [agent, 0], end: [agent + 1, 0] });
}

/** @param {Maps} maps */
export function nextNumber(maps) {
  let newest = 0;
  for (const number of maps.responses.getKeys({ reverse: true, limit: 1 })) newest = number;
  for (const [, number] of maps.pending.getKeys()) newest = Math.max(newest, number);
  return newest + 1;
}

/** @param {number} number @returns {[number, number]} */
const pendingKey = (number) => [agentOf(number), number];

/** @param {Maps} maps @param {string} account */
function balance(maps, account) {
  const value = maps.balances.get(account);
  if (value === undefined) throw new Error(`no such account: ${account}`);
  return value;
}

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
