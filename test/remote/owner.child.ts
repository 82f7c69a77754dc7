/** A process or a worker that owns a store in memory, and serves it to whoever asks. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index-node.ts';
import { serve } from '../../src/remote/index.ts';
import { EVERYTHING } from './policies.ts';

const store = await Store.open(new MemoryFileSystem());

if (parentPort === null) {
  serve(store, process, EVERYTHING);
  process.send?.('ready');
  process.on('disconnect', () => void store.close());
} else {
  parentPort.on('message', (port: MessagePort) => serve(store, port, EVERYTHING));
}
