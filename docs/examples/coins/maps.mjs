// @ts-check
/**
 * The twelve maps, under the names that dig-coinstore gives its column families, and where in them
 * a coin stands.
 */

/** @import { Reads, Store, StoreMap, Transaction, TransactionMap, Write } from 'onewal' */
/** @import { Undo } from './undo.mjs' */

/**
 * @typedef {object} CoinRecord
 * @property {Uint8Array | null} parent the coin that its transaction spent first; null: not known
 * @property {Uint8Array} puzzleHash SHA-256 of the script that says who may spend it
 * @property {Uint8Array | null} hint the address that the script names, if it names one
 * @property {bigint} amount in satoshi
 * @property {number} confirmedHeight of the block that made it
 * @property {number | null} spentHeight of the block that spent it
 * @property {boolean} isCoinbase it is new money
 */

/** @typedef {{ height: number, hash: string, time: number, stateRoot: Uint8Array }} Tip */
/** @typedef {{ unspent: number, spent: number, archived: number, amount: bigint }} Totals */
/** The key says it all: the value is empty. @typedef {StoreMap<Uint8Array, Uint8Array>} Index */
/** @typedef {ReturnType<typeof openMaps>} Maps */
/** @typedef {keyof Maps} MapName */

/** The same maps, as a transaction or a view has them. @typedef {{ [Name in MapName]: Maps[Name] extends StoreMap<infer K, infer V> ? TransactionMap<K, V> : never }} TransactionMaps */
/** @typedef {{ [Name in MapName]: Maps[Name] extends StoreMap<infer K, infer V> ? Reads<K, V> : never }} ReadMaps */

export const NOTHING = new Uint8Array(0);

const BINARY = /** @type {const} */ ({ key: 'binary', value: 'binary' });

/** @param {Store} store */
export function openMaps(store) {
  /** By coin id. @type {StoreMap<Uint8Array, CoinRecord>} */
  const coin_records = store.map('coin_records', { key: 'binary' });
  /** By coin id: spent so long ago that no index has it any more. @type {StoreMap<Uint8Array, CoinRecord>} */
  const archive_coin_records = store.map('archive_coin_records', { key: 'binary' });
  /** By height: what undoes the block. @type {StoreMap<number, Undo>} */
  const state_snapshots = store.map('state_snapshots');
  /** The tip of the chain, and the totals. @type {StoreMap<string, Tip | Totals>} */
  const metadata = store.map('metadata', { key: 'utf8' });
  /** Hashes over all coins, by level and path. @type {StoreMap<Uint8Array, Uint8Array>} */
  const merkle_nodes = store.map('merkle_nodes', BINARY);
  /** @param {string} name @returns {Index} */
  const index = (name) => store.map(name, BINARY);
  return {
    coin_records,
    coin_by_puzzle_hash: index('coin_by_puzzle_hash'),
    unspent_by_puzzle_hash: index('unspent_by_puzzle_hash'),
    coin_by_parent: index('coin_by_parent'),
    coin_by_confirmed_height: index('coin_by_confirmed_height'),
    coin_by_spent_height: index('coin_by_spent_height'),
    hints: index('hints'),
    hints_by_value: index('hints_by_value'),
    merkle_nodes,
    archive_coin_records,
    state_snapshots,
    metadata,
  };
}

/**
 * A map exists from its first put on, and a snapshot's root names the maps that exist: with all of
 * them there from the start, the root says what the content is and nothing of its history.
 *
 * @param {Maps} maps
 * @returns {Write[]}
 */
export function makingAll(maps) {
  const { metadata, state_snapshots } = maps;
  /** The others take any bytes. @type {[map: unknown, key: string | number][]} */
  const firstKeys = [
    [metadata, 'first'],
    [state_snapshots, 0],
  ];
  return Object.values(maps).flatMap((map) => {
    const key = new Map(firstKeys).get(map) ?? NOTHING;
    return [
      { type: 'put', map, key, value: NOTHING },
      { type: 'remove', map, key },
    ];
  });
}

/**
 * @param {Maps} maps
 * @param {Transaction} transaction
 */
export function mapsOf(maps, transaction) {
  const opened = Object.entries(maps).map(([name, map]) => [
    name,
    transaction.map(/** @type {StoreMap<unknown, unknown>} */ (map)),
  ]);
  return /** @type {TransactionMaps} */ (Object.fromEntries(opened));
}
