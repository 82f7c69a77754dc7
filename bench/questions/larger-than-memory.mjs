// @ts-check
import { engineOn } from '../engines/onewal.mjs';
import { perSecond, timed } from '../harness/clock.mjs';
import { Entries } from '../harness/entries.mjs';
import { loadInto } from '../harness/loading.mjs';
import { peakMiB } from '../harness/memory.mjs';
import { Random } from '../harness/random.mjs';
import { sizeOf } from '../harness/scratch.mjs';

/** @import { Engine, Question } from '../harness/types.ts' */

const CACHE_BYTES = 32 << 20;
const VALUE_SIZE = 1000;
const GIB = 2 ** 30;
const BLOCK_COUNT = 100;
/** Of the entries of the scale: 10 million make 5 GB. */
const SHARE = 1 / 2;

/** @type {Question} */
export const larger = {
  name: 'larger-than-memory',
  asks: 'What does a store do that is larger than its memory?',
  directory: 'empty',
  engines: 'onewal',
  rows: [
    { name: 'GiB on disk', unit: 'times' },
    { name: 'load, entries per second', unit: 'per second' },
    { name: 'random reads per second', unit: 'per second' },
    { name: 'full scan, entries per second', unit: 'per second' },
    { name: 'compaction, seconds', unit: 'times' },
    { name: 'open again, ms', unit: 'ms' },
    { name: 'memory of the process at most, MiB', unit: 'MiB' },
  ],
  async measure(context) {
    const { directory, scale } = context;
    const entries = new Entries({ seed: scale.seed, valueSize: VALUE_SIZE });
    const count = Math.max(1, Math.floor(scale.entries * SHARE));
    const engine = await opened(directory);
    const part = { ...context, entries, scale: { ...scale, entries: count } };
    const load = await timed(() => loadInto(engine, part, (i) => i));
    const random = new Random(scale.seed);
    const reads = await perSecond(scale, {
      count: BLOCK_COUNT,
      run: () => {
        for (let i = 0; i < BLOCK_COUNT; i++) {
          const n = random.below(count);
          entries.check(n, engine.get(entries.key(n)));
        }
      },
    });
    const scan = await scanned(engine, entries, count);
    const compaction = await timed(() => engine.compact());
    await engine.close();
    const size = sizeOf(directory);
    const again = await timed(async () => (await opened(directory)).close());
    return {
      'GiB on disk': size / GIB,
      'load, entries per second': (count * 1000) / load,
      'random reads per second': reads,
      'full scan, entries per second': (count * 1000) / scan,
      'compaction, seconds': compaction / 1000,
      'open again, ms': again,
      'memory of the process at most, MiB': peakMiB(),
    };
  },
};

/** @param {string} directory */
async function opened(directory) {
  const { Store } = await import('onewal');
  return engineOn(await Store.open(directory, { cacheBytes: CACHE_BYTES, durability: 'buffered' }));
}

/** @param {Engine} engine @param {Entries} entries @param {number} count */
async function scanned(engine, entries, count) {
  const order = entries.sorted(count);
  let i = 0;
  const milliseconds = await timed(() =>
    engine.scan((_, value) => entries.check(order[i++] ?? 0, value), {}),
  );
  if (i !== count) throw new Error(`a scan of ${count} has met ${i}`);
  return milliseconds;
}
