// @ts-check
/**
 * All that a store holds, in lines of text: equal lines, equal content.
 */

import { hex } from '../bitcoin/block.mjs';
import { hashOf, textOf } from './bytes.mjs';

/** @import { StoreMap } from 'onewal' */
/** @import { CoinStore } from './coin-store.mjs' */

/** Of one state, however much is committed meanwhile. @param {CoinStore} coinStore @returns {string[]} */
export function contentOf({ store, maps }) {
  const view = store.view();
  const lines = [];
  for (const [name, map] of Object.entries(maps)) {
    const entries = view.map(/** @type {StoreMap<unknown, unknown>} */ (map)).getRange();
    for (const { key, value } of entries) lines.push(`${name} ${textOf(key)} ${textOf(value)}`);
  }
  view.release();
  return lines;
}

/** SHA-256 over the lines. @param {readonly string[]} lines */
export const digestOf = (lines) => hex(hashOf(lines.map((line) => `${line}\n`)));

/** Of the one snapshot that a compaction leaves: over the very bytes. @param {CoinStore} coinStore */
export async function snapshotRootOf({ store }) {
  const { root } = await store.compact();
  return hex(root ?? new Uint8Array(0));
}
