// @ts-check
import { importPeer, versionOfPeer } from './import-peer.mjs';
import { engineOn, VIEWS } from './level.mjs';

/** @import { EngineKind } from '../harness/types.ts' */

/** @type {EngineKind} */
export const classicLevel = {
  name: 'classic-level',
  options:
    '`view` encodings, three sublevels, `getSync`, `nextv(1000)`, `cacheSize`; synced: `sync: true`; unsynced: `sync: false`',
  durability: 'synced',
  isNative: true,
  isPersistent: true,
  version: () => versionOfPeer('classic-level'),
  load: () => importPeer('classic-level'),
  async open(directory, { durability, cacheBytes }) {
    const { ClassicLevel } = await importPeer('classic-level');
    return engineOn(new ClassicLevel(directory, { ...VIEWS, cacheSize: cacheBytes }), {
      sync: durability === 'synced',
    });
  },
};
