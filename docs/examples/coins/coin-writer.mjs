// @ts-check
/**
 * Writes coins within a transaction. A coin is written in one place, so the nine maps that know of
 * it cannot come to differ, and the totals neither.
 */
import { heightBytes, joined } from './bytes.mjs';
import { NOTHING } from './maps.mjs';

/** @import { CoinRecord, MapName, Totals, TransactionMaps } from './maps.mjs' */
/** @typedef {{ [Name in MapName]?: Uint8Array }} IndexKeys */

/** @type {Totals} */
export const NO_TOTALS = { unspent: 0, spent: 0, archived: 0, amount: 0n };

/** What is wrong with a block. */
export class InvalidBlockError extends Error {}

/** @param {Uint8Array} id @param {CoinRecord} record @returns {IndexKeys} where it stands besides */
export function indexKeysOf(id, { parent, puzzleHash, hint, confirmedHeight, spentHeight }) {
  return {
    coin_by_puzzle_hash: joined(puzzleHash, id),
    coin_by_confirmed_height: joined(heightBytes(confirmedHeight), id),
    ...(parent && { coin_by_parent: joined(parent, id) }),
    ...(hint && { hints: joined(id, hint), hints_by_value: joined(hint, id) }),
    ...(spentHeight === null
      ? { unspent_by_puzzle_hash: joined(puzzleHash, id) }
      : { coin_by_spent_height: joined(heightBytes(spentHeight), id) }),
  };
}

export class CoinWriter {
  /** Ids of the coins that were written. @type {Uint8Array[]} */
  written = [];
  created = 0;
  spent = 0;
  /** Of these, coins that the same block has created. */
  spentOfOwn = 0;

  /** @param {TransactionMaps} maps */
  constructor(maps) {
    this.maps = maps;
    this.totals = { .../** @type {Totals} */ (maps.metadata.get('totals') ?? NO_TOTALS) };
  }

  /** @param {Uint8Array} id @param {CoinRecord} record @throws {InvalidBlockError} */
  create(id, record) {
    const { coin_records, archive_coin_records } = this.maps;
    if (coin_records.has(id) || archive_coin_records.has(id)) {
      throw new InvalidBlockError('it creates a coin that there is already');
    }
    this.#write(id, undefined, record);
    this.created += 1;
    this.totals.unspent += 1;
    this.totals.amount += record.amount;
  }

  /** Sees what this transaction has written: also a coin of the same block. @param {Uint8Array} id @param {number} height @throws {InvalidBlockError} */
  spend(id, height) {
    const record = this.maps.coin_records.get(id);
    if (record === undefined) throw new InvalidBlockError('it spends a coin that nobody knows');
    if (record.spentHeight !== null) throw new InvalidBlockError('it spends a coin again');
    this.#write(id, record, { ...record, spentHeight: height });
    this.spent += 1;
    if (record.confirmedHeight === height) this.spentOfOwn += 1;
    this.totals.unspent -= 1;
    this.totals.spent += 1;
    this.totals.amount -= record.amount;
  }

  /** Moves what was spent at this height out of the maps that are searched. @param {number} height */
  archive(height) {
    const { coin_records, coin_by_spent_height, archive_coin_records } = this.maps;
    if (height < 0) return;
    const prefix = heightBytes(height);
    for (const key of [...coin_by_spent_height.getKeys({ prefix })]) {
      const id = key.subarray(prefix.length);
      const record = /** @type {CoinRecord} */ (coin_records.get(id));
      this.#write(id, record, undefined);
      archive_coin_records.put(id, record);
      this.totals.spent -= 1;
      this.totals.archived += 1;
    }
  }

  /** @param {Uint8Array} id @param {CoinRecord | undefined} before @param {CoinRecord | undefined} after */
  #write(id, before, after) {
    const old = before ? indexKeysOf(id, before) : {};
    const now = after ? indexKeysOf(id, after) : {};
    for (const [map, key] of indexEntries(old)) if (!(map in now)) this.maps[map].remove(key);
    for (const [map, key] of indexEntries(now)) if (!(map in old)) this.maps[map].put(key, NOTHING);
    if (after) this.maps.coin_records.put(id, after);
    else this.maps.coin_records.remove(id);
    this.written.push(id);
  }
}

/** @typedef {'coin_by_puzzle_hash'} AnyIndex all indexes are maps of one kind */

/** @param {IndexKeys} keys */
const indexEntries = (keys) => /** @type {[AnyIndex, Uint8Array][]} */ (Object.entries(keys));
