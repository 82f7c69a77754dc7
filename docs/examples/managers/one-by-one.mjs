// @ts-check
/**
 * The seed's fault: a loop over the delta that writes entry after entry, each to disk and then to
 * memory, and returns at the first error. What was written before that stays.
 */
import { Rollup } from './rollup.mjs';

/** @import { Transaction } from 'onewal' */

export class OneByOne extends Rollup {
  /** @override @param {Transaction} delta */
  async applyChanges(delta) {
    const changes = [...delta.changes()];
    delta.abort(); // rollback_last: it reverts the delta, and nothing else
    for (const { map, key, after, kind } of changes) {
      if (kind === 'put') await this.store.map(map).put(key, after);
      else await this.store.map(map).remove(key);
    }
  }
}
