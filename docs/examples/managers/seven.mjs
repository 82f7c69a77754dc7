// @ts-check
/**
 * The seven managers of one store. Each keeps in memory what it wants to find quickly; the store
 * says what has changed there, in the step in which it changes, and so memory is never ahead of the
 * disk and never behind it.
 */
import { Coin } from './managers/coin.mjs';
import { Flame } from './managers/flame.mjs';
import { Graveyard } from './managers/graveyard.mjs';
import { Params } from './managers/params.mjs';
import { Privileges } from './managers/privileges.mjs';
import { Registry } from './managers/registry.mjs';
import { State } from './managers/state.mjs';

/** @import { Store } from 'onewal' */

/** @typedef {ReturnType<typeof managersOf>} Managers */

/** What a manager does in memory when an entry of one of its maps is now this, or (undefined) gone. @typedef {(key: any, value: any) => void} Follow */

/** Managers with the memory of what the store holds now. @param {Store} store */
export function managersOf(store) {
  const managers = {
    coin: new Coin(store),
    state: new State(store),
    flame: new Flame(store),
    registry: new Registry(store),
    privileges: new Privileges(store),
    graveyard: new Graveyard(store),
    params: new Params(store),
  };
  for (const [map, follow] of followersOf(managers)) {
    for (const { key, value } of store.map(map).getRange()) follow(key, value);
  }
  return managers;
}

/** From now on. @param {Store} store @param {Managers} managers */
export function keepInStep(store, managers) {
  const followers = followersOf(managers);
  store.on('commit', ({ changes }) => {
    for (const { map, key, after } of changes) followers.get(map)?.(key, after);
  });
}

/** By the name of the map. @param {Managers} managers @returns {Map<string, Follow>} */
function followersOf(managers) {
  return new Map(Object.values(managers).flatMap(({ follow }) => Object.entries(follow)));
}

/** What the managers have in memory. @param {Managers} managers */
export function memoryOf({ coin, state, flame, registry, privileges, graveyard, params }) {
  return {
    coin: coin.bodies,
    state: state.contracts,
    flame: flame.flames,
    registry: registry.ranks,
    privileges: privileges.holders,
    graveyard: [graveyard.graves, graveyard.total],
    params: params.numbers,
  };
}
