/** onewal on Node and Electron: a location may be a directory path. */
import { randomBytes } from 'node:crypto';
import { NodeFileSystem } from './fs/node.ts';
import { setHost } from './store/host.ts';

setHost({
  fileSystemAt: (path) => new NodeFileSystem(path),
  environment: { randomBytes: (size) => new Uint8Array(randomBytes(size)) },
});

export * from './index.ts';
