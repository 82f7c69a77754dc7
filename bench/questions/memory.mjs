// @ts-check
import { loadedEngine } from '../harness/loading.mjs';
import { residentMiB } from '../harness/memory.mjs';
import { Random } from '../harness/random.mjs';

/** @import { Question } from '../harness/types.ts' */

const READ_COUNT_MAX = 1_000_000;

/** @type {Question} */
export const memory = {
  name: 'memory',
  asks: 'How much memory do as many random reads as there are entries take, beyond the library?',
  directory: 'loaded',
  engines: 'any',
  rows: [
    { name: 'opened', unit: 'MiB' },
    { name: 'after reads', unit: 'MiB' },
  ],
  async measure(context) {
    const { kind, entries, scale } = context;
    await kind.load();
    const before = residentMiB();
    const engine = await loadedEngine(context);
    const opened = residentMiB() - before;
    const random = new Random(scale.seed + 4);
    for (let i = 0; i < Math.min(scale.entries, READ_COUNT_MAX); i++) {
      const n = random.below(scale.entries);
      entries.check(n, engine.get(entries.key(n)));
    }
    const afterReads = residentMiB() - before;
    await engine.close();
    return { opened, 'after reads': afterReads };
  },
};
