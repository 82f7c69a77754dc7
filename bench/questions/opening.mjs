// @ts-check
import { timed } from '../harness/clock.mjs';

/** @import { Engine, Question } from '../harness/types.ts' */

/** @type {Question} */
export const opening = {
  name: 'opening',
  asks: 'How long until a fresh process has read its first entry?',
  directory: 'loaded',
  engines: 'persistent',
  rows: [
    { name: 'import', unit: 'ms' },
    { name: 'open', unit: 'ms' },
    { name: 'first read', unit: 'ms' },
    { name: 'close', unit: 'ms' },
  ],
  async measure({ kind, directory, scale, entries }) {
    const importing = await timed(() => kind.load());
    let engine = /** @type {Engine | undefined} */ (undefined);
    const open = await timed(async () => {
      engine = await kind.open(directory, {
        durability: 'synced',
        cacheBytes: scale.cacheBytes,
      });
    });
    const n = Math.floor(scale.entries / 2);
    const key = entries.key(n);
    const value = entries.value(n);
    let found = /** @type {Uint8Array | undefined} */ (value);
    const read = await timed(() => {
      found = engine?.get(key);
    });
    entries.check(n, found);
    const close = await timed(() => engine?.close());
    return { import: importing, open, 'first read': read, close };
  },
};
