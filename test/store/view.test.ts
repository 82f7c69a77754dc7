import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store, type StoreEvent } from '../../src/index.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('a view that is forgotten is released and reported', async () => {
  const events: StoreEvent[] = [];
  const store = await Store.open(new MemoryFileSystem(), { logger: (event) => events.push(event) });
  const map = store.map<string, number>('m');
  await map.put('k', 1);

  forget(store);
  expect(store.stats().openViews).toBe(1);
  await vi.waitFor(() => {
    collectGarbage();
    expect(store.stats().openViews).toBe(0);
  });

  expect(events).toMatchObject([{ type: 'error', message: expect.stringMatching(/^a view/) }]);
  await store.close();
});

test('a view that is released is not reported', async () => {
  const events: StoreEvent[] = [];
  const store = await Store.open(new MemoryFileSystem(), { logger: (event) => events.push(event) });
  store.view().release();
  forget(store);

  await vi.waitFor(() => {
    collectGarbage();
    expect(store.stats().openViews).toBe(0);
  });

  expect(events).toHaveLength(1);
  await store.close();
});

function forget(store: Store): void {
  store.view().map(store.map('m')).get('k');
}

test('what an open has found is let go of when nobody needs it any more', async () => {
  const fs = new MemoryFileSystem();
  const first = await Store.open(fs);
  await first.map('m').put('k', 1);
  await first.checkpoint();
  await first.close();
  const store = await Store.open(fs);
  await store.map('m').put('k', 2);
  await store.compact();

  await vi.waitFor(() => {
    collectGarbage();
    expect(store.stats()).toMatchObject({ snapshots: 1, openSnapshots: 1 });
  });
  await store.close();
});
