// @ts-check
/**
 * The maps of the store, and the commit that a block is.
 */
import { createHash } from 'node:crypto';
import { coinCodec } from './coins.mjs';

/** @import { Store, StoreMap, Write } from 'onewal' */
/** @import { Changes, Coin, PlacedCoin } from './coins.mjs' */
/** @typedef {ReturnType<typeof openMaps>} Maps */
/** @typedef {{ height: number, header: Uint8Array }} Header */

/** So small that a few hundred blocks see several checkpoints. */
export const STORE_OPTIONS = { checkpointBytes: 32 * 1024 };

const NOTHING = new Uint8Array(0);

/** @param {Store} store */
export function openMaps(store) {
  /** By outpoint. @type {StoreMap<Uint8Array, Coin>} */
  const coins = store.map('coins', { key: 'binary', value: coinCodec });
  /** By the hash of the script, then the outpoint: the key says it all. @type {StoreMap<Uint8Array, Uint8Array>} */
  const coinsByScript = store.map('coins-by-script', { key: 'binary', value: 'binary' });
  /** By height: the coins that the block took away, to put them back. @type {StoreMap<number, PlacedCoin[]>} */
  const undo = store.map('undo');
  /** By height, and the newest once more as the tip. @type {StoreMap<number | 'tip', Header>} */
  const headers = store.map('headers');
  return { coins, coinsByScript, undo, headers };
}

/**
 * Four maps and one commit: the tip never names a block whose coins are not there.
 *
 * @param {Maps} maps
 * @param {Header} header
 * @param {Changes} changes
 * @returns {Write[]}
 */
export function connecting({ coins, coinsByScript, undo, headers }, header, { spent, created }) {
  return [
    ...spent.flatMap((placed) => [
      remove(coins, placed.outpoint),
      remove(coinsByScript, scriptKeyOf(placed)),
    ]),
    ...created.flatMap((placed) => [
      put(coins, placed.outpoint, placed.coin),
      put(coinsByScript, scriptKeyOf(placed), NOTHING),
    ]),
    put(undo, header.height, spent),
    put(headers, header.height, header),
    put(headers, 'tip', header),
  ];
}

/** @param {PlacedCoin} placed */
export function scriptKeyOf({ outpoint, coin }) {
  return Buffer.concat([createHash('sha256').update(coin.script).digest(), outpoint]);
}

/**
 * @template K, V
 * @param {StoreMap<K, V>} map
 * @param {K} key
 * @param {V} value
 * @returns {Write}
 */
const put = (map, key, value) => ({ type: 'put', map, key, value });

/**
 * @template K, V
 * @param {StoreMap<K, V>} map
 * @param {K} key
 * @returns {Write}
 */
const remove = (map, key) => ({ type: 'remove', map, key });
