// @ts-check
import { perSecond } from '../harness/clock.mjs';
import { loadedEngine } from '../harness/loading.mjs';
import { Random } from '../harness/random.mjs';

/** @import { Context, Engine, Question } from '../harness/types.ts' */

const RANGE_COUNT = 100;
const BLOCK_COUNT = 20;

/** @type {Question} */
export const scans = {
  name: 'scans',
  asks: 'How fast are entries read in the order of their keys, each one checked?',
  directory: 'loaded',
  engines: 'any',
  rows: [
    { name: 'full scan', unit: 'per second' },
    { name: 'ranges of 100', unit: 'per second' },
  ],
  async measure(context) {
    const { entries, scale } = context;
    const engine = await loadedEngine(context);
    const order = entries.sorted(scale.entries);
    /** @param {number} first @param {number} count */
    const scan = (first, count) => scanned(engine, { context, order, first, count });
    const random = new Random(scale.seed + 2);
    const rangeCount = Math.min(RANGE_COUNT, scale.entries);
    const figures = {
      'full scan': await perSecond(scale, {
        count: scale.entries,
        run: () => scan(0, scale.entries),
      }),
      'ranges of 100': await perSecond(scale, {
        count: BLOCK_COUNT,
        run: async () => {
          for (let i = 0; i < BLOCK_COUNT; i++) {
            await scan(random.below(scale.entries - rangeCount + 1), rangeCount);
          }
        },
      }),
    };
    await engine.close();
    return figures;
  },
};

/**
 * @param {Engine} engine
 * @param {{ context: Context, order: Uint32Array, first: number, count: number }} part of the order
 */
async function scanned(engine, { context: { entries, scale }, order, first, count }) {
  let i = first;
  const isWhole = count === scale.entries;
  const options = isWhole ? {} : { start: entries.key(order[first] ?? 0), limit: count };
  await engine.scan((_, value) => entries.check(order[i++] ?? 0, value), options);
  if (i !== first + count) throw new Error(`a scan of ${count} has met ${i - first}`);
}
