// @ts-check
/**
 * One hash for all coins: a tree of three levels, by the first bytes of the coin id. A node on the
 * lowest level is the hash of its coins, any other that of its children; what is empty has no node.
 *
 *     key := level:u8 path:u8[level]
 */
import { hex } from '../bitcoin/block.mjs';
import { hashOf, joined, textOf } from './bytes.mjs';

/** @import { ReadMaps, TransactionMaps } from './maps.mjs' */

const LEVEL_MAX = 2;
/** Its path. */
export const ROOT = new Uint8Array(0);
export const NO_COINS = new Uint8Array(32);

/**
 * Recomputes the nodes above these coins, from the bottom up.
 *
 * @param {TransactionMaps} maps
 * @param {readonly Uint8Array[]} ids
 * @returns {Uint8Array} the root
 */
export function updateTree(maps, ids) {
  const { merkle_nodes } = maps;
  let paths = uniquePaths(ids, LEVEL_MAX);
  for (let level = LEVEL_MAX; level >= 0; level--) {
    for (const path of paths) {
      const hash = nodeHash(maps, path);
      if (hash === undefined) merkle_nodes.remove(nodeKey(path));
      else merkle_nodes.put(nodeKey(path), hash);
    }
    paths = uniquePaths(paths, level - 1);
  }
  return merkle_nodes.get(nodeKey(ROOT)) ?? NO_COINS;
}

/** @param {Pick<ReadMaps, 'coin_records' | 'merkle_nodes'>} maps @param {Uint8Array} path */
export function nodeHash({ coin_records, merkle_nodes }, path) {
  const isLowest = path.length === LEVEL_MAX;
  const below = isLowest
    ? [...coin_records.getRange({ prefix: path })]
    : [...merkle_nodes.getRange({ prefix: joined(Uint8Array.of(path.length + 1), path) })];
  if (below.length === 0) return undefined;
  return hashOf(below.flatMap(({ key, value }) => [key, textOf(value)]));
}

/** @param {Uint8Array} path */
export const nodeKey = (path) => joined(Uint8Array.of(path.length), path);

/** Of the nodes above a coin. @param {Uint8Array} id */
export const pathsTo = (id) => [ROOT, id.subarray(0, 1), id.subarray(0, LEVEL_MAX)];

/** @param {readonly Uint8Array[]} longer @param {number} size */
function uniquePaths(longer, size) {
  const paths = longer.map((bytes) => bytes.subarray(0, Math.max(0, size)));
  return [...new Map(paths.map((path) => [hex(path), path])).values()];
}
