// @ts-check
/**
 * What both modes do with a store between two lives of a worker: open it, look at it, close it.
 */
import { performance } from 'node:perf_hooks';
import { Store } from 'onewal';
import { otherFault } from './tally.mjs';

/** @import { StoreOptions } from 'onewal' */
/** @import { Check, Fault } from './tally.mjs' */

/**
 * @template T
 * @param {string} directory
 * @param {StoreOptions} options
 * @param {(store: Store) => T | Promise<T>} look
 */
export async function withStore(directory, options, look) {
  const store = await Store.open(directory, options);
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

/**
 * A store that does not open, or cannot be read, after a mere kill is a fault like any other.
 *
 * @param {string} directory
 * @param {StoreOptions & { isThorough: boolean }} options
 * @param {(store: Store) => { summary: string, faults: Fault[] }} inspect
 * @returns {Promise<Check>}
 */
export async function checkStore(directory, { isThorough, ...options }, inspect) {
  const start = performance.now();
  try {
    return await withStore(directory, options, async (store) => {
      const openMs = performance.now() - start;
      const { summary, faults } = inspect(store);
      return {
        openMs,
        summary,
        faults: isThorough ? [...faults, ...(await verifyFaults(store))] : faults,
      };
    });
  } catch (error) {
    const openMs = performance.now() - start;
    return { openMs, summary: 'it cannot be read', faults: [otherFault(String(error))] };
  }
}

/** @param {Store} store @returns {Promise<Fault[]>} */
async function verifyFaults(store) {
  const { damage } = await store.verify();
  return damage.map(({ file, offset, reason }) =>
    otherFault(`${file} at byte ${offset}: ${reason}`),
  );
}
