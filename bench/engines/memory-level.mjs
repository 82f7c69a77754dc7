// @ts-check
import { createRequire } from 'node:module';
import { engineOn, VIEWS } from './level.mjs';

/** @import { EngineKind } from '../harness/types.ts' */

const require = createRequire(import.meta.url);

/** @type {EngineKind} */
export const memoryLevel = {
  name: 'memory-level',
  options: '`view` encodings, three sublevels, `getSync`, `nextv(1000)`; in memory only',
  durability: 'none',
  isNative: false,
  isPersistent: false,
  version: () => require('memory-level/package.json').version,
  load: () => import('memory-level'),
  async open() {
    const { MemoryLevel } = await import('memory-level');
    return engineOn(new MemoryLevel({ ...VIEWS, storeEncoding: 'view' }), {});
  },
};
