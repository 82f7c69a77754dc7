// @ts-check
/**
 * The seed's fault, ended: state variables, balances, responses, the trigger's deletion and the
 * count of responses lie in one store, and one transaction writes them.
 */
import { Store } from 'onewal';
import { handlePrimaryTrigger } from './handle-trigger.mjs';
import { genesis, stabilising, tablesOf } from './ledger.mjs';

/** @import { FileSystem, StoreOptions, Transaction } from 'onewal' */
/** @import { Trigger } from './chain.mjs' */
/** @import { Response } from './handle-trigger.mjs' */
/** @import { Ledger } from './ledger.mjs' */

export class OneStore {
  static diskCount = 1;

  /** @param {readonly FileSystem[]} disks @param {StoreOptions} [options] */
  static async open([disk], options) {
    if (disk === undefined) throw new Error('a node needs a disk');
    const node = new OneStore(await Store.open(disk, options));
    if (node.tables.balances.getCount() === 0) await node.store.batch(genesis(node.tables));
    return node;
  }

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.tables = tablesOf({ stateIn: store, restIn: store });
  }

  /** @param {Trigger[]} triggers */
  async stabilise(triggers) {
    await this.store.batch(stabilising(this.tables, triggers));
  }

  /** @param {Trigger} trigger @returns {Promise<Response[]>} */
  answer(trigger) {
    return this.store.transaction((txn) => handlePrimaryTrigger(this.#ledger(txn), trigger));
  }

  /** What the answer would be, and what it would change. Nothing of it happens. @param {Trigger} trigger */
  dryRun(trigger) {
    const txn = this.store.begin();
    try {
      const responses = handlePrimaryTrigger(this.#ledger(txn), trigger);
      return { responses, changes: [...txn.changes()] };
    } finally {
      txn.abort();
    }
  }

  close() {
    return this.store.close();
  }

  /** @param {Transaction} txn @returns {Ledger} */
  #ledger(txn) {
    return {
      state: txn.map(this.tables.state),
      balances: txn.map(this.tables.balances),
      responses: txn.map(this.tables.responses),
      triggers: txn.map(this.tables.triggers),
      units: txn.map(this.tables.units),
      savepoint: () => {
        const savepoint = txn.savepoint();
        return () => txn.rollbackTo(savepoint);
      },
    };
  }
}
