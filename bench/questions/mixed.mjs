// @ts-check
import { loadedEngine } from '../harness/loading.mjs';
import { Random } from '../harness/random.mjs';

/** @import { Context, Engine, Question } from '../harness/types.ts' */

const CLIENT_COUNT = 16;

/** @type {Question} */
export const mixed = {
  name: 'mixed',
  asks: 'How fast are 16 clients that read and durably write in turn, some keys far more often?',
  directory: 'loaded',
  engines: 'any',
  rows: [{ name: 'operations', unit: 'per second' }],
  async measure(context) {
    const { kind, scale } = context;
    const engine = await loadedEngine(context, kind.durability === 'none' ? 'buffered' : 'synced');
    const versions = new Uint8Array(scale.entries);
    let count = 0;
    const start = performance.now();
    const isOver = () => performance.now() - start >= scale.milliseconds;
    const clientCount = Math.min(CLIENT_COUNT, scale.entries);
    const clients = Array.from({ length: clientCount }, async (_, client) => {
      const random = new Random(scale.seed + 3 + client);
      while (!isOver()) {
        await turn(engine, {
          context,
          versions,
          chosen: () => ownKey(random, client, scale.entries),
        });
        count += 2;
      }
    });
    await Promise.all(clients);
    const seconds = (performance.now() - start) / 1000;
    await engine.close();
    return { operations: count / seconds };
  },
};

/** @typedef {{ context: Context, versions: Uint8Array, chosen: () => number }} Client */

/** One read, one write. @param {Engine} engine @param {Client} client */
async function turn(engine, { context: { entries }, versions, chosen }) {
  const read = chosen();
  entries.check(read, engine.get(entries.key(read)), versions[read]);
  const written = chosen();
  const version = ((versions[written] ?? 0) + 1) & 255;
  await engine.put(entries.key(written), entries.value(written, version));
  versions[written] = version;
}

/** Of no other client: what it reads is what it wrote last. @param {Random} random @param {number} client @param {number} count */
function ownKey(random, client, count) {
  const n = random.zipfian(count);
  const own = n - (n % CLIENT_COUNT) + client;
  return own < count ? own : client;
}
