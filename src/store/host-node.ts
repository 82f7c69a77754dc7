/** Node and Electron as a host: a location may be a directory path. Loaded for its effect. */
import { randomBytes } from 'node:crypto';
import { markAsUntransferable } from 'node:worker_threads';
import { poolCopies } from '../bytes/pool.ts';
import { NodeFileSystem } from '../fs/node.ts';
import { setHost } from './host.ts';

setHost({
  fileSystemAt: (path) => new NodeFileSystem(path),
  environment: { randomBytes: (size) => new Uint8Array(randomBytes(size)) },
});
poolCopies(markAsUntransferable);
