// @ts-check
import { syncedWrites } from '../harness/bare.mjs';
import { perSecond, repeated } from '../harness/clock.mjs';
import { loadedEngine } from '../harness/loading.mjs';

/** @import { Context, Durability, Engine, Figures, Question, Row, Write } from '../harness/types.ts' */

const IN_FLIGHT_COUNT = 64;
const WRITE_COUNT = 10;
/** A frame of a commit of one entry, about. */
const FRAME_SIZE = 256;
const SYNCED_WRITE = 'pwrite + fdatasync';

/** @param {string} [bare] @returns {Row[]} */
const rowsWith = (bare) => [
  { name: 'one at a time', unit: 'per second', ...(bare && { bare }) },
  { name: 'one at a time, median', unit: 'ms' },
  { name: 'one at a time, p99', unit: 'ms' },
  { name: 'one at a time, blocking', unit: 'per second', ...(bare && { bare }) },
  { name: '64 in flight', unit: 'per second' },
  { name: '10 writes over 3 maps', unit: 'per second', ...(bare && { bare }) },
];

/** @type {Question} */
export const commits = {
  name: 'commits',
  asks: 'How fast are commits that wait for the medium?',
  directory: 'loaded',
  engines: 'any',
  rows: rowsWith(SYNCED_WRITE),
  measure: async (context) =>
    context.kind.durability === 'none' ? {} : measured(context, 'synced'),
  async bare({ directory, scale }) {
    const limit = await syncedWrites(directory, scale, FRAME_SIZE);
    return {
      'one at a time': limit,
      'one at a time, blocking': limit,
      '10 writes over 3 maps': await syncedWrites(directory, scale, FRAME_SIZE * WRITE_COUNT),
    };
  },
};

/** @type {Question} */
export const buffered = {
  name: 'buffered',
  asks: 'How fast are commits that only the operating system must have?',
  directory: 'loaded',
  engines: 'any',
  rows: rowsWith(),
  measure: (context) => measured(context, 'buffered'),
};

/** @param {Context} context @param {Durability} durability @returns {Promise<Figures>} */
async function measured(context, durability) {
  const { entries, scale } = context;
  const engine = await loadedEngine(context, durability);
  let n = 2 * scale.entries; // beyond all that are looked for elsewhere
  const put = () => engine.put(entries.key(++n), entries.value(n));
  const { latency } = await repeated(scale, put);
  const blocking = await blockingPerSecond(engine, context, () => ++n);
  const inFlight = await inFlightPerSecond(scale.milliseconds, put);
  const overMaps = await repeated(scale, () => engine.commit(writesOver3Maps(context, ++n)));
  await verify(engine, context, n);
  await engine.close();
  return {
    'one at a time': 1000 / latency.mean,
    'one at a time, median': latency.p50,
    'one at a time, p99': latency.p99,
    ...blocking,
    '64 in flight': inFlight,
    '10 writes over 3 maps': 1000 / overMaps.latency.mean,
  };
}

/** @param {Engine} engine @param {Context} context @param {() => number} next @returns {Promise<Figures>} */
async function blockingPerSecond({ putNow }, { entries, scale }, next) {
  if (putNow === undefined) return {};
  const put = () => {
    const n = next();
    putNow(entries.key(n), entries.value(n));
  };
  return { 'one at a time, blocking': await perSecond(scale, { count: 1, run: put }) };
}

/** @param {number} milliseconds @param {() => unknown} put */
async function inFlightPerSecond(milliseconds, put) {
  let count = 0;
  const start = performance.now();
  const writer = async () => {
    while (performance.now() - start < milliseconds) {
      await put();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT_COUNT }, writer));
  return (count * 1000) / (performance.now() - start);
}

/** @param {Context} context @param {number} n @returns {Write[]} */
function writesOver3Maps({ entries }, n) {
  return Array.from({ length: WRITE_COUNT }, (_, i) => {
    const key = entries.key(n);
    key[0] = i;
    return { map: /** @type {0 | 1 | 2} */ (i % 3), key, value: entries.value(n) };
  });
}

/** The last commit is there. @param {Engine} engine @param {Context} context @param {number} n */
async function verify(engine, { entries }, n) {
  const key = entries.key(n);
  key[0] = 0;
  entries.check(n, await engine.get(key));
}
