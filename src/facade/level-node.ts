/** `onewal/level` on Node and Electron: a location may be a directory path. */
import '../store/host-node.ts';

export * from './level.ts';
