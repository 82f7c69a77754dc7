// @ts-check
/**
 * What must hold after every batch, among managers that each know only their own maps: each function
 * gives a sentence for each break. Memory is what is asked; that it is what the disk holds is the
 * first thing to hold.
 */
import { isDeepStrictEqual } from 'node:util';
import { LIFETIME } from './managers/flame.mjs';
import { managersOf, memoryOf } from './seven.mjs';

/** @import { Rollup } from './rollup.mjs' */
/** @import { Managers } from './seven.mjs' */

/** @param {Rollup} rollup @returns {string[]} */
export function faultsIn(rollup) {
  const all = [supplyFaults, shadowFaults, registryFaults, flameFaults];
  return [...memoryFaults(rollup), ...all.flatMap((faults) => [...faults(rollup.managers)])];
}

/** Memory is what a fresh start would read from disk. @param {Rollup} rollup */
function* memoryFaults({ store, managers }) {
  const inMemory = memoryOf(managers);
  for (const [name, onDisk] of Object.entries(memoryOf(managersOf(store)))) {
    if (isDeepStrictEqual(Object.entries(inMemory).find(([known]) => known === name)?.[1], onDisk))
      continue;
    yield `${name}: memory and disk differ`;
  }
}

/** What was lifted is in the balances or in the graveyard. @param {Managers} managers */
function* supplyFaults({ coin, graveyard, params }) {
  const supply = params.numbers.get('supply') ?? 0;
  const held = sum([...coin.bodies.values()].map(({ balance }) => balance)) + graveyard.total;
  if (held !== supply) yield `${held} satoshis are there, and ${supply} were lifted`;
}

/** The balance of a contract is what is allocated in it. @param {Managers} managers */
function* shadowFaults({ coin }) {
  for (const [contract, { balance, allocations }] of coin.bodies) {
    const allocated = sum(allocations.values());
    if (allocations.size > 0 && allocated !== balance) {
      yield `${contract} has ${balance} satoshis, and ${allocated} are allocated`;
    }
  }
}

/** Who has something is registered, and nobody is alive and buried. @param {Managers} managers */
function* registryFaults({ coin, privileges, registry, graveyard }) {
  const holders = [...privileges.holders.values()].flatMap((accounts) => [...accounts]);
  for (const account of new Set([...coin.bodies.keys(), ...holders])) {
    if (!registry.ranks.has(account)) yield `${account} has something, and is not registered`;
  }
  for (const account of graveyard.graves.keys()) {
    if (registry.ranks.has(account)) yield `${account} is buried, and registered`;
  }
}

/** Burning flames cover every balance. @param {Managers} managers */
function* flameFaults({ coin, flame, params }) {
  const height = params.numbers.get('height') ?? 0;
  for (const [account, { balance }] of coin.bodies) {
    const burning = [...(flame.flames.get(account) ?? [])].filter(
      ([lit]) => lit > height - LIFETIME,
    );
    const covered = sum(burning.map(([, satoshis]) => satoshis));
    if (covered < balance) yield `${account} has ${balance} satoshis, and flames for ${covered}`;
  }
}

/** @param {Iterable<number>} numbers */
function sum(numbers) {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
