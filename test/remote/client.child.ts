/** A process or a worker that uses the store of its parent, holds what it can, and never lets go. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { connect, type PortLike } from '../../src/remote/index.ts';

const port: PortLike = (workerData as MessagePort | null) ?? process;
const store = await connect(port);
const map = store.map<string, number>('m');
await map.put('a', 1);
await store.view();
await store.on('commit', () => undefined);
const transaction = await store.begin({ mode: 'pessimistic' });
await transaction.map(map).lock('a');
transaction.map(map).put('a', 2);
await transaction.size();
