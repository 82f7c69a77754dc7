/** What a tab hears from a worker that has the store open. */
import { afterEach, expect, test, vi } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { shareFromWorker } from '../../src/remote/index.ts';
import { holdInWorker, type WorkerLike } from '../../src/remote/worker-holder.ts';
import { DEFAULT_ENVIRONMENT } from '../../src/store/environment.ts';
import { setHost } from '../../src/store/host.ts';
import { insideOf } from '../../src/store/inside.ts';
import { FakeOrigin } from './fake-tabs.ts';

type Listener = (event: { readonly data: unknown }) => void;

afterEach(() => {
  vi.unstubAllGlobals();
  setHost({ environment: DEFAULT_ENVIRONMENT });
});

/** A worker in this thread: what is posted arrives in a later turn. */
function startWorker(open: () => Promise<Store>): WorkerLike {
  const [toPage, toWorker]: [Listener[], Listener[]] = [[], []];
  const post = (listeners: Listener[]) => (data: unknown) => {
    setImmediate(() => listeners.forEach((listener) => void listener({ data })));
  };
  setImmediate(() =>
    shareFromWorker(
      { open },
      {
        postMessage: post(toPage),
        addEventListener: (_, listener) => void toWorker.push(listener),
      },
    ),
  );
  return {
    postMessage: post(toWorker),
    addEventListener: (type, listener) => {
      if (type === 'message') toPage.push(listener as Listener);
    },
    terminate: () => undefined,
  };
}

async function heldStore() {
  vi.stubGlobal('navigator', { locks: { request: () => new Promise(() => undefined) } });
  const store = await Store.open(new MemoryFileSystem(), { durability: 'buffered' });
  await store.map('m').put('k', 'v');
  const start = () => startWorker(async () => store);
  const hold = holdInWorker({ host: new FakeOrigin().tab(), silence: 4000, start });
  return { store, holder: await hold({ displace: false }, new AbortController().signal) };
}

test('a close that fails in the worker fails for the tab', async () => {
  const { store, holder } = await heldStore();
  const file = insideOf(store).engine.writer?.file as { sync(): Promise<void> };
  file.sync = async () => {
    throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
  };

  await expect(holder.close()).rejects.toMatchObject({ code: 'IO' });
});

test('a store that the worker has closed by itself is lost, and closes quietly', async () => {
  const { store, holder } = await heldStore();
  await store.close();

  await holder.lost;
  await expect(holder.close()).resolves.toBeUndefined();
});
