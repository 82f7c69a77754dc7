/** `onewal/level` on Node and Electron: a location may be a directory path. */
import './index-node.ts';

export * from './facade/level.ts';
