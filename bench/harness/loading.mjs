// @ts-check
/** Fills a store: commits of 1,000 entries, durable at the end. */

/** @import { Context, Durability, Engine, Write } from './types.ts' */

const BATCH_COUNT = 1000;

/**
 * @param {Engine} engine
 * @param {Context} context
 * @param {(i: number) => number} numberAt which entry comes when
 */
export async function loadInto(engine, { entries, scale }, numberAt) {
  for (let start = 0; start < scale.entries; start += BATCH_COUNT) {
    /** @type {Write[]} */
    const writes = [];
    for (let i = start; i < Math.min(scale.entries, start + BATCH_COUNT); i++) {
      const n = numberAt(i);
      writes.push({ map: 0, key: entries.key(n), value: entries.value(n) });
    }
    await engine.commit(writes);
  }
  await engine.flush();
}

/**
 * Opens what was loaded. What keeps nothing is filled again.
 *
 * @param {Context} context @param {Durability} [durability]
 */
export async function loadedEngine(context, durability = 'synced') {
  const { kind, directory, scale } = context;
  const engine = await kind.open(directory, { durability, cacheBytes: scale.cacheBytes });
  if (!kind.isPersistent) await loadInto(engine, context, (i) => i);
  return engine;
}
