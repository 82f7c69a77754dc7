/** Clients that are killed, and channels that are not for bytes alone. */
import { fork, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { connect, type RemoteServer, serve } from '../../src/remote/index.ts';
import { bundleForNode } from '../support/child-bundle.ts';
import { EVERYTHING } from './policies.ts';

const CLIENT = join(import.meta.dirname, 'client.child.ts');
const OWNER = join(import.meta.dirname, 'owner.child.ts');
/** What the client has open when it has come to its end. */
const HELD = { views: 1, transactions: 1, subscriptions: 1, pending: 0, requests: 9 };

test('a process that is killed lets go of views, locks and transactions', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const child = fork(await bundleForNode(CLIENT), { serialization: 'advanced' });
  const server = serve(store, child, EVERYTHING);
  await untilHeld(server);

  child.kill('SIGKILL');
  expect(await server.closed).toMatchObject({ code: 'PORT_CLOSED' });

  await expectReleased(store, server);
});

test('a worker that is terminated does too', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const { port1, port2 } = new MessageChannel();
  const options = { workerData: port2, transferList: [port2 as never] };
  const worker = new Worker(await bundleForNode(CLIENT), options);
  const server = serve(store, port1, EVERYTHING);
  await untilHeld(server);

  await worker.terminate();
  expect(await server.closed).toMatchObject({ code: 'PORT_CLOSED' });

  await expectReleased(store, server);
});

test('an owner that is killed leaves writes that are on their way unknown', async () => {
  const child = fork(await bundleForNode(OWNER), { serialization: 'advanced' });
  await once(child, 'message');
  const store = await connect(child);
  const map = store.map<string, number>('m');
  await map.put('a', 1);

  const write = map.put('b', 1).catch((error: unknown) => error);
  const read = map.get('a').catch((error: unknown) => error);
  child.kill('SIGKILL');
  expect(await store.closed).toMatchObject({ code: 'PORT_CLOSED' });

  const outcomes = [await write, await read];
  if (outcomes[0] instanceof Error) expect(outcomes[0]).toMatchObject({ committed: 'unknown' });
  await expect(map.put('c', 1)).rejects.toMatchObject({ code: 'PORT_CLOSED', committed: 'no' });
});

test('other messages of a process go where they went, and are not counted', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const child = fork(await bundleForNode(CLIENT), { serialization: 'advanced' });
  const seen: Serializable[] = [];
  child.on('message', (message) => seen.push(message));
  const server = serve(store, child, EVERYTHING);
  child.emit('message', 'something else');
  child.emit('message', { onewall: 1 });
  await untilHeld(server);

  expect(server.stats().malformed).toBe(0);
  expect(seen).toContain('something else');
  child.kill('SIGKILL');
  await server.closed;
  await store.close();
});

test('a channel that is of JSON is refused by either side', async () => {
  const child = fork(await bundleForNode(OWNER), { serialization: 'json' });
  await once(child, 'message');

  await expect(connect(child)).rejects.toMatchObject({ name: 'FormatError', code: 'PROTOCOL' });
  const exit = once(child, 'exit');
  child.disconnect();
  await exit;
});

async function untilHeld(server: RemoteServer): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (server.stats().requests < HELD.requests || server.stats().pending > 0) {
    if (Date.now() > deadline) throw new Error(JSON.stringify(server.stats()));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(server.stats()).toMatchObject({ views: 1, transactions: 1, subscriptions: 1 });
}

async function expectReleased(store: Store, server: RemoteServer): Promise<void> {
  expect(server.stats()).toMatchObject({ isOpen: false, views: 0, transactions: 0 });
  expect(store.stats()).toMatchObject({ openViews: 0, openTransactions: 0 });
  await store.transaction((own) => own.map(store.map('m')).lock('a'), {
    ...{ mode: 'pessimistic', lockTimeout: 0, maxRetries: 0 },
  });
  expect(store.map('m').get('a')).toBe(1);
  await store.close();
}
