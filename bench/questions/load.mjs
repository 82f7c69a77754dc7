// @ts-check
import { copies } from '../harness/bare.mjs';
import { timed } from '../harness/clock.mjs';
import { KEY_SIZE } from '../harness/entries.mjs';
import { loadInto } from '../harness/loading.mjs';
import { peakMiB, residentMiB } from '../harness/memory.mjs';

/** @import { Context, Question } from '../harness/types.ts' */

const COPYING = 'copying the bytes in memory';

/** Leaves the directory loaded for what is asked next. @type {Question} */
export const load = {
  name: 'load',
  asks: 'How fast is a store filled, in commits of 1,000 entries, durable at the end?',
  directory: 'empty',
  engines: 'any',
  rows: [
    { name: 'random order', unit: 'per second', bare: COPYING },
    { name: 'memory at most', unit: 'MiB' },
  ],
  async measure(context) {
    await context.kind.load();
    const before = residentMiB();
    const speed = await loaded(context, (i) => i);
    return { 'random order': speed, 'memory at most': peakMiB() - before };
  },
  bare: async (context) => ({ 'random order': await bareCopies(context) }),
};

/** @type {Question} */
export const sortedLoad = {
  name: 'sorted-load',
  asks: 'And in the order of the keys?',
  directory: 'empty',
  engines: 'any',
  rows: [{ name: 'sorted', unit: 'per second', bare: COPYING }],
  async measure(context) {
    const order = context.entries.sorted(context.scale.entries);
    return { sorted: await loaded(context, (i) => order[i] ?? 0) };
  },
  bare: async (context) => ({ sorted: await bareCopies(context) }),
};

/** Entries per second. @param {Context} context @param {(i: number) => number} numberAt */
async function loaded(context, numberAt) {
  const { kind, directory, scale } = context;
  const engine = await kind.open(directory, {
    durability: 'buffered',
    cacheBytes: scale.cacheBytes,
  });
  const milliseconds = await timed(() => loadInto(engine, context, numberAt));
  await engine.close();
  return (scale.entries * 1000) / milliseconds;
}

/** @param {Context} context */
const bareCopies = ({ scale, entries }) => copies(scale, KEY_SIZE + entries.valueSize);
