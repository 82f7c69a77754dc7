// @ts-check
/**
 * What does it cost to use a store through a port? Commits and reads of the store itself, of a client
 * in the same thread, and of a client whose owner is a worker thread: one at a time, and 100 at once.
 * The files are in memory, so that only the way to them is measured.
 *
 *     npm run bench:remote [-- --count N]
 */

import { parseArgs } from 'node:util';
import { isMainThread, MessageChannel, parentPort, Worker } from 'node:worker_threads';
import { Store } from 'onewal';
import { MemoryFileSystem } from 'onewal/memory';
import { connect, serve } from 'onewal/remote';

const AT_ONCE = 100;
const KEY_COUNT = 1000;
const RANGE_COUNT = 100_000;
const EVERYTHING = /** @type {import('onewal/remote').Policy} */ ({ read: 'all', write: 'all' });

if (isMainThread) await main();
else {
  const store = await Store.open(new MemoryFileSystem());
  parentPort?.on('message', (port) => serve(store, port, EVERYTHING));
}

async function main() {
  const { values } = parseArgs({ options: { count: { type: 'string', default: '20000' } } });
  const count = Number(values.count);
  const own = await Store.open(new MemoryFileSystem());
  const here = new MessageChannel();
  serve(own, here.port1, EVERYTHING);
  const near = await connect(here.port2);
  const there = new MessageChannel();
  const worker = new Worker(new URL(import.meta.url));
  worker.postMessage(there.port1, [there.port1]);
  const far = await connect(there.port2);
  const rows = {
    'the store itself': await measure(own, count),
    'a port to this thread': await measure(near, count),
    'a port to a worker': await measure(far, count),
  };
  console.log('microseconds each');
  console.table(rows);
  await near.close();
  await far.close();
  await own.close();
  await worker.terminate();
}

/**
 * @param {Store | import('onewal/remote').RemoteStore} store
 * @param {number} count
 */
async function measure(store, count) {
  const map = /** @type {import('onewal/remote').RemoteMap<string, number>} */ (store.map('m'));
  const buffered = /** @type {const} */ ({ durability: 'buffered' });
  /** @param {number} n */
  const put = (n) => map.put(`key ${n % KEY_COUNT}`, n, buffered);
  /** @param {number} n */
  const get = async (n) => map.get(`key ${n % KEY_COUNT}`);
  /** @param {number} n */
  const transact = async (n) => {
    const transaction = await store.begin(buffered);
    const own = /** @type {import('onewal/remote').RemoteTransaction} */ (transaction).map(map);
    own.put(`key ${n % KEY_COUNT}`, ((await own.get(`key ${n % KEY_COUNT}`)) ?? 0) + 1);
    await transaction.commit();
  };
  await atOnce(put, count);
  const row = {
    put: await oneByOne(put, count),
    'put, 100 at once': await atOnce(put, count),
    get: await oneByOne(get, count),
    'get, 100 at once': await atOnce(get, count),
    'read and write in a transaction': await oneByOne(transact, Math.ceil(count / 4)),
  };
  const numbers = store.map('n');
  for (let start = 0; start < RANGE_COUNT; start += KEY_COUNT) {
    await store.batch(
      Array.from({ length: KEY_COUNT }, (_, n) => ({
        ...{ type: /** @type {const} */ ('put'), map: 'n', key: start + n, value: n },
      })),
      buffered,
    );
  }
  return { ...row, 'entry of a range': await timed(() => walk(numbers), RANGE_COUNT) };
}

/** @param {{ getRange(): AsyncIterable<unknown> }} map */
async function walk(map) {
  for await (const _ of map.getRange());
}

/**
 * @param {(n: number) => Promise<unknown>} run
 * @param {number} count
 */
function oneByOne(run, count) {
  return timed(async () => {
    for (let n = 0; n < count; n++) await run(n);
  }, count);
}

/**
 * @param {(n: number) => Promise<unknown>} run
 * @param {number} count
 */
function atOnce(run, count) {
  return timed(async () => {
    for (let n = 0; n < count; n += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => run(n + i)));
    }
  }, count);
}

/**
 * @param {() => Promise<void>} run
 * @param {number} count
 */
async function timed(run, count) {
  const start = performance.now();
  await run();
  return Number((((performance.now() - start) * 1000) / count).toFixed(1));
}
