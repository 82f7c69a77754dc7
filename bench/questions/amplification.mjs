// @ts-check
import { engineOn } from '../engines/onewal.mjs';
import { counting } from '../harness/counting-files.mjs';
import { KEY_SIZE } from '../harness/entries.mjs';
import { loadInto } from '../harness/loading.mjs';
import { Random } from '../harness/random.mjs';
import { discard, scratchDirectory } from '../harness/scratch.mjs';

/** @import { Context, Durability, Engine, Question } from '../harness/types.ts' */

const COMMIT_COUNT_MAX = 2000;
/** Of more than this only the first row is measured: the others load it four times. */
const FULL_COUNT_MAX = 1_000_000;

/** @type {Question} */
export const amplification = {
  name: 'amplification',
  asks: 'How many bytes does the engine write for each byte of keys and values?',
  directory: 'empty',
  engines: 'onewal',
  rows: [
    { name: 'load, random order', unit: 'times' },
    { name: 'load, sorted', unit: 'times' },
    { name: 'load, then change each once', unit: 'times' },
    { name: 'durable puts, one at a time', unit: 'times' },
  ],
  async measure(context) {
    const { entries, scale } = context;
    const shuffled = await ratio(context, scale.entries, (engine) =>
      loadInto(engine, context, (i) => i),
    );
    if (scale.entries > FULL_COUNT_MAX) return { 'load, random order': shuffled };
    const order = entries.sorted(scale.entries);
    const random = new Random(scale.seed + 5);
    const commitCount = Math.min(COMMIT_COUNT_MAX, scale.entries);
    /** @param {Engine} engine */
    const putSome = async (engine) => {
      for (let n = 0; n < commitCount; n++) await engine.put(entries.key(n), entries.value(n));
    };
    return {
      'load, random order': shuffled,
      'load, sorted': await ratio(context, scale.entries, (engine) =>
        loadInto(engine, context, (i) => order[i] ?? 0),
      ),
      'load, then change each once': await ratio(context, 2 * scale.entries, async (engine) => {
        await loadInto(engine, context, (i) => i);
        await loadInto(engine, context, () => random.below(scale.entries));
      }),
      'durable puts, one at a time': await ratio(context, commitCount, putSome, 'synced'),
    };
  },
};

/**
 * @param {Context} context
 * @param {number} count of entries that `write` writes
 * @param {(engine: Engine) => Promise<unknown>} write
 * @param {Durability} [durability]
 */
async function ratio({ entries }, count, write, durability = 'buffered') {
  const { Store } = await import('onewal');
  const { NodeFileSystem } = await import('onewal/node');
  const directory = scratchDirectory();
  const { files, counted } = counting(new NodeFileSystem(directory));
  const engine = engineOn(await Store.open(files, { durability }));
  await write(engine);
  await engine.close();
  discard(directory);
  return counted.bytes / (count * (KEY_SIZE + entries.valueSize));
}
