// @ts-check
import { KEY_SIZE } from '../harness/entries.mjs';
import { sizeOf } from '../harness/scratch.mjs';

/** @import { Question } from '../harness/types.ts' */

/** @type {Question} */
export const disk = {
  name: 'disk',
  asks: 'How many bytes on the disk does an entry take, its key and value being 120?',
  directory: 'loaded',
  engines: 'persistent',
  rows: [
    { name: 'as loaded', unit: 'bytes', bare: 'key and value' },
    { name: 'compacted', unit: 'bytes', bare: 'key and value' },
  ],
  async measure({ kind, directory, scale }) {
    const loaded = sizeOf(directory);
    const engine = await kind.open(directory, {
      durability: 'buffered',
      cacheBytes: scale.cacheBytes,
    });
    await engine.compact();
    await engine.flush();
    await engine.close();
    return { 'as loaded': loaded / scale.entries, compacted: sizeOf(directory) / scale.entries };
  },
  async bare({ entries }) {
    const size = KEY_SIZE + entries.valueSize;
    return { 'as loaded': size, compacted: size };
  },
};
