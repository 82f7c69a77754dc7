// @ts-check
import { loadedEngine } from '../harness/loading.mjs';

/** @import { Context, Engine, Question } from '../harness/types.ts' */

const WRITER_COUNT = 4;
const WRITE_COUNT = 100;
/** Longer than the rest: checkpoints and compactions have to come. */
const TIME_FACTOR = 5;

/** @type {Question} */
export const stalls = {
  name: 'stalls',
  asks: 'How long does the event loop stand still while unsynced commits of 100 entries come at full speed?',
  directory: 'loaded',
  engines: 'persistent',
  rows: [
    { name: 'median', unit: 'ms' },
    { name: 'p99', unit: 'ms' },
    { name: 'longest', unit: 'ms' },
    { name: 'entries written', unit: 'per second' },
  ],
  async measure(context) {
    const engine = await loadedEngine(context, 'buffered');
    const start = performance.now();
    const isOver = () => performance.now() - start >= context.scale.milliseconds * TIME_FACTOR;
    const gaps = loopGaps(isOver);
    const count = await written(engine, context, isOver);
    const seconds = (performance.now() - start) / 1000;
    const sorted = (await gaps).sort();
    await engine.close();
    return {
      median: quantile(sorted, 0.5),
      p99: quantile(sorted, 0.99),
      longest: quantile(sorted, 1),
      'entries written': count / seconds,
    };
  },
};

/** Milliseconds from each turn of the event loop to the next. @param {() => boolean} isOver */
async function loopGaps(isOver) {
  /** @type {number[]} */
  const gaps = [];
  let last = performance.now();
  while (!isOver()) {
    await new Promise(setImmediate);
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }
  return Float64Array.from(gaps);
}

/** @param {Engine} engine @param {Context} context @param {() => boolean} isOver */
async function written(engine, { entries, scale }, isOver) {
  let n = 4 * scale.entries;
  let count = 0;
  const writer = async () => {
    while (!isOver()) {
      await engine.commit(
        Array.from({ length: WRITE_COUNT }, () => {
          n += 1;
          return { map: 0, key: entries.key(n), value: entries.value(n) };
        }),
      );
      count += WRITE_COUNT;
      // Where a commit blocks, others would never have their turn.
      await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: WRITER_COUNT }, writer));
  return count;
}

/** @param {Float64Array} sorted @param {number} share */
function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
