// @ts-check
/**
 * What a transaction changes is what undoes it: by map, each key with the value that it had, or
 * alone where there was none.
 */

/** @import { Transaction } from 'onewal' */
/** @import { TransactionMaps } from './maps.mjs' */
/** @typedef {{ [map: string]: [key: unknown, before?: unknown][] }} Undo */

/** @param {Transaction} transaction @returns {Undo} of all that it has written so far */
export function undoOf(transaction) {
  /** @type {Undo} */
  const undo = {};
  for (const { map, key, before } of transaction.changes()) {
    undo[map] ??= [];
    undo[map].push(before === undefined ? [key] : [key, before]);
  }
  return undo;
}

/** @param {TransactionMaps} maps @param {Undo} undo */
export function applyUndo(maps, undo) {
  const byName =
    /** @type {{ [name: string]: import('onewal').TransactionMap<unknown, unknown> }} */ (maps);
  for (const [name, entries] of Object.entries(undo)) {
    for (const [key, ...before] of entries) {
      if (before.length === 0) byName[name]?.remove(key);
      else byName[name]?.put(key, before[0]);
    }
  }
}
