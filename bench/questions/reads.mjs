// @ts-check
import { perSecond } from '../harness/clock.mjs';
import { loadedEngine } from '../harness/loading.mjs';
import { Random } from '../harness/random.mjs';

/** @import { Context, Question } from '../harness/types.ts' */

const HOT_COUNT = 2000;
const BLOCK_COUNT = 1000;

/** @type {Question} */
export const reads = {
  name: 'reads',
  asks: 'How fast are single entries read, each value checked?',
  directory: 'loaded',
  engines: 'any',
  rows: [
    { name: 'random', unit: 'per second', bare: '`Map.get`' },
    { name: `hot`, unit: 'per second', bare: '`Map.get`' },
    { name: 'absent', unit: 'per second', bare: '`Map.get`' },
  ],
  async measure(context) {
    const engine = await loadedEngine(context);
    const figures = await readsOf(context, (key) => engine.get(key));
    await engine.close();
    return figures;
  },
  bare(context) {
    const { entries, scale } = context;
    /** @type {Map<string, Uint8Array>} */
    const map = new Map();
    for (let n = 0; n < scale.entries; n++) map.set(textOf(entries.key(n)), entries.value(n));
    return readsOf(context, (key) => map.get(textOf(key)));
  },
};

/** @param {Context} context @param {(key: Uint8Array) => Uint8Array | undefined} get */
async function readsOf({ entries, scale }, get) {
  const random = new Random(scale.seed + 1);
  /** @param {(n: number) => void} read @param {() => number} choose */
  const speed = (read, choose) =>
    perSecond(scale, {
      count: BLOCK_COUNT,
      run: () => {
        for (let i = 0; i < BLOCK_COUNT; i++) read(choose());
      },
    });
  const present = (/** @type {number} */ n) => entries.check(n, get(entries.key(n)));
  const absent = (/** @type {number} */ n) => {
    if (get(entries.key(n)) !== undefined) throw new Error(`entry ${n} was never written`);
  };
  const hotCount = Math.min(HOT_COUNT, scale.entries);
  return {
    random: await speed(present, () => random.below(scale.entries)),
    hot: await speed(present, () => random.below(hotCount)),
    absent: await speed(absent, () => scale.entries + random.below(scale.entries)),
  };
}

/** @param {Uint8Array} key */
const textOf = (key) => Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
