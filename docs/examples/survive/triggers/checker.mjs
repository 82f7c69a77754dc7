// @ts-check
/**
 * Compares a store with what the seed says must be in it. A trigger has two honest states:
 *
 *     pending    its entry is there, and nothing that its answer writes
 *     answered   its entry is gone, its response is there, its money has moved, and each of its
 *                state variables is as it set it, or as a later trigger did
 *
 * Everything in between is half applied. The checker knows no commit but the acknowledged ones: the
 * rest it works out from the numbers of the triggers, which are taken in without gaps.
 */
import { isDeepStrictEqual } from 'node:util';
import { halfApplied, lost, otherFault } from '../tally.mjs';
import { allAccounts, FIRST_BALANCE, responseOf, triggerOf, variableOf } from './workload.mjs';

/** @import { Fault } from '../tally.mjs' */
/** @import { Acknowledged } from './acknowledged.mjs' */
/** @import { Maps } from './maps.mjs' */
/** @import { Response, Trigger, Variable } from './workload.mjs' */

/**
 * @typedef {object} Contents of a store
 * @property {Map<string, bigint>} balances
 * @property {Map<string, Variable>} state
 * @property {Map<number, Response>} responses
 * @property {Map<number, Trigger>} pending
 */

/** @param {Maps} maps @returns {Contents} */
export function contentsOf(maps) {
  const pending = new Map();
  for (const { key, value } of maps.pending.getRange()) pending.set(key[1], value);
  return {
    balances: entriesOf(maps.balances),
    state: entriesOf(maps.state),
    responses: entriesOf(maps.responses),
    pending,
  };
}

/**
 * @template K, V
 * @param {import('onewal').StoreMap<K, V>} map
 * @returns {Map<K, V>}
 */
function entriesOf(map) {
  const entries = new Map();
  for (const { key, value } of map.getRange()) entries.set(key, value);
  return entries;
}

/**
 * @param {Contents} contents
 * @param {{ sequence: number, seed: string, acknowledged: Acknowledged }} known the store is at
 *   `sequence`, was made with `seed`, and has to hold what was `acknowledged`
 * @returns {Fault[]}
 */
export function faultsIn(contents, { sequence, seed, acknowledged }) {
  const kept = [...acknowledgementFaults(contents, sequence, acknowledged)];
  if (sequence === 0) return kept; // the worker was killed before its first commit
  const answered = [...contents.responses.keys()].map((number) => triggerOf(seed, number));
  return [
    ...kept,
    ...triggerFaults(contents, seed),
    ...variableFaults(contents.state, answered, seed),
    ...moneyFaults(contents.balances, answered),
    ...sequenceFaults(contents, sequence),
  ];
}

/** @param {Contents} contents @param {number} sequence @param {Acknowledged} acknowledged */
function* acknowledgementFaults({ pending, responses }, sequence, acknowledged) {
  if (sequence < acknowledged.highestSequence) {
    yield lost(
      `sequence ${acknowledged.highestSequence} was acknowledged, and the store is at ${sequence}`,
    );
  }
  for (const number of acknowledged.answered) {
    if (!responses.has(number))
      yield lost(`the answer to trigger ${number} was acknowledged, and is not there`);
  }
  for (const number of acknowledged.enqueued) {
    if (pending.has(number) || responses.has(number)) continue;
    yield lost(`trigger ${number} was acknowledged as taken in, and is not there`);
  }
  for (const text of acknowledged.contradictions) yield otherFault(text);
}

/** @param {Contents} contents @param {string} seed */
function* triggerFaults({ pending, responses }, seed) {
  let newest = 0;
  for (const number of [...pending.keys(), ...responses.keys()]) newest = Math.max(newest, number);
  for (let number = 1; number <= newest; number++) {
    const trigger = triggerOf(seed, number);
    const entry = pending.get(number);
    const response = responses.get(number);
    if (entry && response)
      yield halfApplied(`trigger ${number} has a response, and is still pending`);
    if (!entry && !response) yield halfApplied(`trigger ${number} is gone, and has no response`);
    if (entry && !isDeepStrictEqual(entry, trigger))
      yield otherFault(`trigger ${number} is not what was taken in`);
    if (response && !isDeepStrictEqual(response, responseOf(trigger))) {
      yield halfApplied(`the response to trigger ${number} is not what it asks for`);
    }
  }
}

/** @param {Map<string, Variable>} state @param {readonly Trigger[]} answered @param {string} seed */
function* variableFaults(state, answered, seed) {
  /** @type {Map<string, number>} */
  const setter = new Map();
  for (const { number, variables } of answered) {
    for (const name of variables) setter.set(name, number);
  }
  for (const [name, number] of setter) {
    if (state.has(name)) continue;
    yield halfApplied(`trigger ${number} is answered, and ${printable(name)} was never set`);
  }
  for (const [name, variable] of state) {
    const number = setter.get(name);
    if (number !== variable.trigger) {
      yield halfApplied(
        `${printable(name)} was set by trigger ${variable.trigger}, and must be by ${number ?? 'none'}`,
      );
    } else if (!isDeepStrictEqual(variable, variableOf(seed, number, name))) {
      yield halfApplied(`${printable(name)} is not what trigger ${number} sets`);
    }
  }
}

/** @param {Map<string, bigint>} balances @param {readonly Trigger[]} answered */
function* moneyFaults(balances, answered) {
  const expected = new Map(allAccounts().map((account) => [account, FIRST_BALANCE]));
  for (const { from, to, amount } of answered) {
    expected.set(from, (expected.get(from) ?? 0n) - amount);
    expected.set(to, (expected.get(to) ?? 0n) + amount);
  }
  const surplus = sum(balances.values()) - sum(expected.values());
  if (surplus !== 0n) yield otherFault(`the total of all balances is off by ${surplus}`);
  for (const [account, amount] of expected) {
    const balance = balances.get(account);
    if (balance === amount) continue;
    yield halfApplied(
      `${printable(account)} has ${balance}, and by the responses it must have ${amount}`,
    );
  }
}

/**
 * Sequence ids are consecutive, and every commit is known: the founding, one for each trigger taken
 * in, one for each answered.
 *
 * @param {Contents} contents
 * @param {number} sequence
 */
function* sequenceFaults({ pending, responses }, sequence) {
  const expected = 1 + pending.size + 2 * responses.size;
  if (sequence !== expected)
    yield otherFault(`the store is at sequence ${sequence}, and holds ${expected} commits`);
}

/** @param {Iterable<bigint>} amounts */
function sum(amounts) {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
}

/** @param {string} key */
const printable = (key) => key.replace('\n', ' ');
