// @ts-check
import { copies, syncedWrites } from '../harness/bare.mjs';
import { perSecond } from '../harness/clock.mjs';
import { Entries } from '../harness/entries.mjs';

/** @import { Context, Engine, Figures, Question, Scale } from '../harness/types.ts' */

const SIZES = /** @type {const} */ ([
  ['16 B', 16],
  ['100 B', 100],
  ['1 KB', 1024],
  ['64 KB', 64 << 10],
  ['1 MB', 1 << 20],
]);
/** What the values of one size take together, at most. */
const TOTAL_SIZE = 32 << 20;
const MEGA = 1e6;

/** @type {Question} */
export const valueSizes = {
  name: 'value-sizes',
  asks: 'How many bytes of values go in with durable puts, one at a time, and come out again?',
  directory: 'empty',
  engines: 'persistent',
  rows: SIZES.flatMap(([name]) => [
    { name: `put ${name}`, unit: 'MB/s', bare: 'pwrite + fdatasync' },
    { name: `get ${name}`, unit: 'MB/s', bare: 'copying the bytes in memory' },
  ]),
  async measure(context) {
    const engine = await context.kind.open(context.directory, {
      durability: 'synced',
      cacheBytes: context.scale.cacheBytes,
    });
    /** @type {Figures} */
    const figures = {};
    for (const [name, size] of SIZES)
      Object.assign(figures, await speeds(engine, context, [name, size]));
    await engine.close();
    return figures;
  },
  async bare({ directory, scale }) {
    /** @type {Figures} */
    const figures = {};
    for (const [name, size] of SIZES) {
      const short = fifthOf(scale);
      figures[`put ${name}`] = ((await syncedWrites(directory, short, size)) * size) / MEGA;
      figures[`get ${name}`] = ((await copies(short, size)) * size) / MEGA;
    }
    return figures;
  },
};

/** @param {Engine} engine @param {Context} context @param {readonly [string, number]} size */
async function speeds(engine, { scale }, [name, valueSize]) {
  const entries = new Entries({ seed: scale.seed + valueSize, valueSize });
  const count = Math.min(scale.entries, Math.max(1, Math.floor(TOTAL_SIZE / valueSize)));
  const short = fifthOf(scale);
  let written = 0;
  const put = () => {
    const n = written++ % count;
    return engine.put(entries.key(n), entries.value(n));
  };
  const puts = await perSecond(short, { count: 1, run: put });
  let read = 0;
  const get = () => {
    const n = read++ % Math.min(count, written);
    entries.check(n, engine.get(entries.key(n)));
  };
  const gets = await perSecond(short, { count: 1, run: get });
  return {
    [`put ${name}`]: (puts * valueSize) / MEGA,
    [`get ${name}`]: (gets * valueSize) / MEGA,
  };
}

/** @param {Scale} scale */
const fifthOf = (scale) => ({ ...scale, milliseconds: scale.milliseconds / SIZES.length });
