// @ts-check
/**
 * The coins of a chain. Applying a block is one transaction over all twelve maps, rolling it back
 * another: after either, or a crash within, the maps agree with each other and with the tip.
 */
import { Store } from 'onewal';
import { outpointOf } from '../bitcoin/outpoint.mjs';
import { hashOf } from './bytes.mjs';
import { CoinWriter, InvalidBlockError } from './coin-writer.mjs';
import { makingAll, mapsOf, openMaps } from './maps.mjs';
import { updateTree } from './state-tree.mjs';
import { applyUndo, undoOf } from './undo.mjs';

/** @import { FileSystem, StoreOptions } from 'onewal' */
/** @import { Block, Output, Transaction as CoinTransaction } from '../bitcoin/block.mjs' */
/** @import { CoinRecord, Maps, Tip, Totals } from './maps.mjs' */

/** A coin that is there before the first block. @typedef {{ id: Uint8Array, output: Output, height: number, isCoinbase: boolean }} EarlierCoin */

/** Spent coins leave the indexes after so many blocks. */
export const ARCHIVE_AFTER = 6;

const TIME_OFFSET = 68;
const RETURN = 0x6a; // the operation that ends a script in failure: nobody can spend it
/** Scripts that pay to the hash of a key, and of a script, around 20 bytes of hash. */
const ADDRESS_SCRIPT = /^(?:76a914([0-9a-f]{40})88ac|a914([0-9a-f]{40})87)$/;

export class CoinStore {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Maps} */
    this.maps = openMaps(store);
  }

  /** @param {string | FileSystem} location @param {StoreOptions} [options] */
  static async open(location, options) {
    return new CoinStore(await Store.open(location, options));
  }

  /** Undefined before `begin`. */
  get tip() {
    return /** @type {Tip | undefined} */ (this.maps.metadata.get('tip'));
  }

  get totals() {
    return /** @type {Totals} */ (this.maps.metadata.get('totals'));
  }

  /**
   * Where the chain goes on from: a block, and the coins that are there after it.
   *
   * @param {{ height: number, hash: string, coins?: readonly EarlierCoin[] }} start
   */
  async begin({ height, hash, coins = [] }) {
    await this.store.batch(makingAll(this.maps));
    await this.store.transaction((transaction) => {
      const maps = mapsOf(this.maps, transaction);
      if (maps.metadata.has('tip')) throw new Error('this store has a chain already');
      const writer = new CoinWriter(maps);
      for (const { id, output, height: confirmedHeight, isCoinbase } of coins) {
        writer.create(id, recordOf(output, { parent: null, confirmedHeight, isCoinbase }));
      }
      putTip(writer, { height, hash, time: 0 });
    });
  }

  /**
   * All of the block, or nothing: a block that spends what is not there rejects with an
   * InvalidBlockError, at whichever coin that is found out.
   *
   * @param {Block} block
   */
  apply({ hash, previous, header, transactions }) {
    return this.store.transaction((transaction) => {
      const maps = mapsOf(this.maps, transaction);
      const tip = /** @type {Tip} */ (maps.metadata.get('tip'));
      if (previous !== tip.hash) throw new InvalidBlockError('it does not follow the tip');
      const height = tip.height + 1;
      const writer = new CoinWriter(maps);
      for (const [i, moved] of transactions.entries()) {
        moveCoins(writer, moved, { confirmedHeight: height, isCoinbase: i === 0 });
      }
      writer.archive(height - ARCHIVE_AFTER);
      putTip(writer, { height, hash, time: timeIn(header) });
      maps.state_snapshots.put(height, undoOf(transaction));
      const { created, spent, spentOfOwn } = writer;
      return { height, created, spent, spentOfOwn };
    });
  }

  /** Takes the newest block back. */
  rollBack() {
    return this.store.transaction((transaction) => {
      const maps = mapsOf(this.maps, transaction);
      const { height } = /** @type {Tip} */ (maps.metadata.get('tip'));
      const undo = maps.state_snapshots.get(height);
      if (undo === undefined) throw new Error(`nothing undoes what is at height ${height}`);
      applyUndo(maps, undo);
      maps.state_snapshots.remove(height);
      return { height };
    });
  }

  close() {
    return this.store.close();
  }
}

/**
 * @param {CoinWriter} writer
 * @param {CoinTransaction} transaction
 * @param {{ confirmedHeight: number, isCoinbase: boolean }} origin
 */
function moveCoins(writer, { txid, inputs, outputs }, origin) {
  const spent = inputs.map(({ txid: from, index }) => outpointOf(from, index));
  if (!origin.isCoinbase) for (const id of spent) writer.spend(id, origin.confirmedHeight);
  const parent = spent[0] ?? null;
  for (const [index, output] of outputs.entries()) {
    if (output.script[0] === RETURN) continue;
    writer.create(outpointOf(txid, index), recordOf(output, { parent, ...origin }));
  }
}

/**
 * @param {Output} output
 * @param {Pick<CoinRecord, 'parent' | 'confirmedHeight' | 'isCoinbase'>} origin
 * @returns {CoinRecord}
 */
function recordOf({ amount, script }, { parent, confirmedHeight, isCoinbase }) {
  const address = ADDRESS_SCRIPT.exec(Buffer.from(script).toString('hex'));
  const hint = address && new Uint8Array(Buffer.from(address[1] ?? address[2] ?? '', 'hex'));
  const puzzleHash = hashOf([script]);
  return { parent, puzzleHash, hint, amount, confirmedHeight, spentHeight: null, isCoinbase };
}

/** @param {CoinWriter} writer @param {Omit<Tip, 'stateRoot'>} tip */
function putTip({ maps, totals, written }, tip) {
  maps.metadata.put('totals', totals);
  maps.metadata.put('tip', { ...tip, stateRoot: updateTree(maps, written) });
}

/** @param {Uint8Array} header */
function timeIn(header) {
  return new DataView(header.buffer, header.byteOffset).getUint32(TIME_OFFSET, true);
}
