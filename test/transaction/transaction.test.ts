/** Transactions at the edges: forgotten ones, stores that are read only, stores that are closed. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store, type StoreEvent } from '../../src/index.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('a transaction that is forgotten is ended, reported, and holds no locks', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const map = store.map<string, number>('m');
  const events: StoreEvent[] = [];
  store.on('error', (event) => events.push(event));
  await map.put('other', 1);

  forget(store);
  await map.put('other', 2);
  expect(store.stats().openTransactions).toBe(1);
  expect(store.stats().viewBytes).toBeGreaterThan(0);
  await vi.waitFor(() => {
    collectGarbage();
    expect(store.stats().openTransactions).toBe(0);
  });

  expect(store.stats().viewBytes).toBe(0);
  expect(events).toMatchObject([{ message: expect.stringMatching(/^a transaction of commit 1/) }]);
  store.transactionSync((transaction) => transaction.map(map).put('k', 2), {
    mode: 'pessimistic',
    maxRetries: 0,
  });
  expect(map.get('k')).toBe(2);
  await store.close();
});

function forget(store: Store): void {
  store.begin({ mode: 'pessimistic' }).map(store.map('m')).put('k', 1);
}

test('a store that is read only has views and transactions, which cannot write', async () => {
  const fs = new MemoryFileSystem();
  const writer = await Store.open(fs);
  await writer.map('m').put('k', 1, { token: 't' });
  await writer.close();
  const store = await Store.open(fs, { readOnly: true });
  const map = store.map<string, number>('m');

  const read = await store.transaction((transaction) => transaction.map(map).get('k'));
  const writing = store.transaction((transaction) => transaction.map(map).put('k', 2));

  await expect(writing).rejects.toMatchObject({ code: 'READ_ONLY', committed: 'no' });
  const view = store.view();
  expect([read, view.map(map).get('k'), store.outcomeOf('t')]).toEqual([1, 1, 'committed']);
  view.release();
  await store.close();
});

test('after the store was closed a transaction and a view can be ended, and nothing else', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const map = store.map<string, number>('m');
  const [transaction, view] = [store.begin(), store.view()];
  const own = transaction.map(map);
  own.put('k', 1);
  await store.close();

  const closed = expect.objectContaining({ code: 'CLOSED' });
  expect(() => own.get('k')).toThrow(closed);
  expect(() => own.put('k', 2)).toThrow(closed);
  await expect(transaction.commit()).rejects.toThrow(closed);
  expect(() => view.map(map)).toThrow(closed);
  for (const begin of [() => store.begin(), () => store.view(), () => store.outcomeOf('t')]) {
    expect(begin).toThrow(closed);
  }
  transaction.abort();
  view.release();
});

test('what a transaction was given is its own: changing it later changes nothing', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const map = store.map<string, { list: number[] }>('m');
  const [value, token] = [{ list: [1] }, new TextEncoder().encode('token')];
  const transaction = store.begin({ token });
  transaction.map(map).put('k', value);
  value.list.push(2);
  transaction.map(map).get('k')?.list.push(3);
  for (const change of transaction.changes()) (change.after as typeof value).list.push(4);
  const committing = transaction.commit();
  token.fill(0);
  await committing;

  expect(map.get('k')).toEqual({ list: [1] });
  expect(store.outcomeOf('token')).toBe('committed');
  await store.close();
});
