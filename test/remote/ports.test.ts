/** The contract of a served store, over every port that Node has. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { connect, type RemoteStore, serve } from '../../src/remote/index.ts';
import { remoteContract, type ServedStore } from '../contract/remote.ts';
import { bundleForNode } from '../support/child-bundle.ts';
import { EVERYTHING } from './policies.ts';

const OWNER = join(import.meta.dirname, 'owner.child.ts');

remoteContract({
  name: 'a MessageChannel',
  start: async () => {
    const owned = await Store.open(new MemoryFileSystem());
    const client = (): Promise<RemoteStore> => {
      const { port1, port2 } = new MessageChannel();
      serve(owned, port1, EVERYTHING);
      return connect(port2);
    };
    return clients([await client(), await client()], () => owned.close());
  },
});

remoteContract({
  name: 'a worker thread',
  start: async () => {
    const worker = new Worker(await bundleForNode(OWNER));
    const client = (): Promise<RemoteStore> => {
      const { port1, port2 } = new MessageChannel();
      worker.postMessage(port1, [port1 as never]);
      return connect(port2);
    };
    return clients([await client(), await client()], () => worker.terminate());
  },
});

remoteContract({
  name: 'a child process',
  start: async () => {
    const child = fork(await bundleForNode(OWNER), { serialization: 'advanced' });
    await once(child, 'message');
    const store = await connect(child);
    return clients([store, store], async () => {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    });
  },
});

function clients(
  [store, other]: readonly [RemoteStore, RemoteStore],
  stop: () => Promise<unknown>,
): ServedStore {
  return {
    ...{ store, other },
    stop: async () => {
      await Promise.all([store.close(), other.close()]);
      await stop();
    },
  };
}
