// @ts-check
/**
 * Whether the twelve maps agree: what must be in the others follows from the coins in two of them.
 */
import { hex } from '../bitcoin/block.mjs';
import { textOf } from './bytes.mjs';
import { indexKeysOf, NO_TOTALS } from './coin-writer.mjs';
import { NO_COINS, nodeHash, nodeKey, pathsTo, ROOT } from './state-tree.mjs';

/** @import { StoreMap, View } from 'onewal' */
/** @import { CoinStore } from './coin-store.mjs' */
/** @import { Maps, ReadMaps, Tip } from './maps.mjs' */

const INDEXES = /** @type {const} */ ([
  'coin_by_puzzle_hash',
  'unspent_by_puzzle_hash',
  'coin_by_parent',
  'coin_by_confirmed_height',
  'coin_by_spent_height',
  'hints',
  'hints_by_value',
]);

/** @param {CoinStore} coinStore @returns {string[]} what is wrong; a store without a chain is empty */
export function faultsIn({ store, maps }) {
  const view = store.view();
  try {
    const read = readMaps(maps, view);
    const tip = /** @type {Tip | undefined} */ (read.metadata.get('tip'));
    if (tip === undefined) return maps.coin_records.getCount() > 0 ? ['coins without a chain'] : [];
    return [
      ...indexFaults(read),
      ...totalFaults(read),
      ...treeFaults(read, tip),
      ...chainFaults(read, tip),
    ];
  } finally {
    view.release();
  }
}

/** @param {ReadMaps} maps */
function* indexFaults(maps) {
  /** @type {Map<string, Set<string>>} */
  const expected = new Map(INDEXES.map((name) => [name, new Set()]));
  for (const { key, value } of maps.coin_records.getRange()) {
    if (maps.archive_coin_records.has(key))
      yield `coin ${hex(key)} is archived, and still among the others`;
    for (const [name, indexKey] of Object.entries(indexKeysOf(key, value))) {
      expected.get(name)?.add(hex(indexKey));
    }
  }
  for (const name of INDEXES) {
    const keys = expected.get(name) ?? new Set();
    for (const key of maps[name].getKeys()) {
      if (!keys.delete(hex(key))) yield `${name} has ${hex(key)}, which no coin asks for`;
    }
    for (const key of keys) yield `${name} lacks ${key}`;
  }
}

/** @param {ReadMaps} maps */
function* totalFaults({ coin_records, archive_coin_records, metadata }) {
  const totals = { ...NO_TOTALS, archived: archive_coin_records.getCount() };
  for (const { value } of coin_records.getRange()) {
    if (value.spentHeight === null) {
      totals.unspent += 1;
      totals.amount += value.amount;
    } else totals.spent += 1;
  }
  const stored = textOf(metadata.get('totals'));
  if (stored !== textOf(totals)) yield `the totals are ${stored}, and must be ${textOf(totals)}`;
}

/** @param {ReadMaps} maps @param {Tip} tip */
function* treeFaults(maps, tip) {
  const { coin_records, merkle_nodes } = maps;
  for (const id of coin_records.getKeys()) {
    const isMissing = pathsTo(id).some((path) => !merkle_nodes.has(nodeKey(path)));
    if (isMissing) yield `coin ${hex(id)} is not in the tree`;
  }
  for (const { key, value } of merkle_nodes.getRange()) {
    const hash = nodeHash(maps, key.subarray(1));
    if (textOf(hash) !== textOf(value)) yield `node ${hex(key)} is not the hash of what is below`;
  }
  const root = merkle_nodes.get(nodeKey(ROOT)) ?? NO_COINS;
  if (textOf(root) !== textOf(tip.stateRoot)) yield 'the tip names another state';
}

/** @param {ReadMaps} maps @param {Tip} tip */
function* chainFaults({ coin_records, archive_coin_records, state_snapshots }, tip) {
  for (const coins of [coin_records, archive_coin_records]) {
    for (const { key, value } of coins.getRange()) {
      const height = Math.max(value.confirmedHeight, value.spentHeight ?? 0);
      if (height > tip.height) yield `coin ${hex(key)} is of block ${height}, above the tip`;
    }
  }
  const heights = [...state_snapshots.getKeys()].reverse();
  for (const [i, height] of heights.entries()) {
    if (height !== tip.height - i) yield `something undoes ${height}, and not ${tip.height - i}`;
  }
}

/** @param {Maps} maps @param {View} view */
function readMaps(maps, view) {
  const read = Object.entries(maps).map(([name, map]) => [
    name,
    view.map(/** @type {StoreMap<unknown, unknown>} */ (map)),
  ]);
  return /** @type {ReadMaps} */ (Object.fromEntries(read));
}
