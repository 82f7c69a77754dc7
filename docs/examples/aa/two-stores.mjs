// @ts-check
/**
 * The seed's fault: the state variables lie in a store of their own (there RocksDB), everything else
 * in another (there SQL). Each has transactions, and each commit is atomic; the two are not one.
 */
import { Store } from 'onewal';
import { handlePrimaryTrigger } from './handle-trigger.mjs';
import { genesis, stabilising, tablesOf } from './ledger.mjs';

/** @import { FileSystem, Transaction } from 'onewal' */
/** @import { Trigger } from './chain.mjs' */
/** @import { Ledger } from './ledger.mjs' */

export class TwoStores {
  static diskCount = 2;

  /** @param {readonly FileSystem[]} disks */
  static async open([kvDisk, sqlDisk]) {
    if (kvDisk === undefined || sqlDisk === undefined) throw new Error('a node needs two disks');
    const node = new TwoStores(await Store.open(kvDisk), await Store.open(sqlDisk));
    if (node.tables.balances.getCount() === 0) await node.sql.batch(genesis(node.tables));
    return node;
  }

  /** @param {Store} kv @param {Store} sql */
  constructor(kv, sql) {
    this.kv = kv;
    this.sql = sql;
    this.tables = tablesOf({ stateIn: kv, restIn: sql });
  }

  /** @param {Trigger[]} triggers */
  async stabilise(triggers) {
    await this.sql.batch(stabilising(this.tables, triggers));
  }

  /** @param {Trigger} trigger */
  async answer(trigger) {
    const kv = this.kv.begin();
    const sql = this.sql.begin();
    const responses = handlePrimaryTrigger(this.#ledger(kv, sql), trigger);
    await kv.commit(); // batch.write({ sync: true })
    await sql.commit(); // COMMIT
    return responses;
  }

  async close() {
    await this.kv.close();
    await this.sql.close();
  }

  /** @param {Transaction} kv @param {Transaction} sql @returns {Ledger} */
  #ledger(kv, sql) {
    return {
      state: kv.map(this.tables.state),
      balances: sql.map(this.tables.balances),
      responses: sql.map(this.tables.responses),
      triggers: sql.map(this.tables.triggers),
      units: sql.map(this.tables.units),
      savepoint: () => {
        const [inKv, inSql] = [kv.savepoint(), sql.savepoint()];
        return () => {
          kv.rollbackTo(inKv);
          sql.rollbackTo(inSql);
        };
      },
    };
  }
}
