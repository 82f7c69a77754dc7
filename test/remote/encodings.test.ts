/** Whose encodings a map gets that is not there yet: never those of who may not write to it. */
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { connect, type Policy, serve } from '../../src/remote/index.ts';
import { portPair, settle } from './fake-port.ts';
import { EVERYTHING } from './policies.ts';

const WISHES = { quota: { maps: { balances: 1000 } } };
const MISMATCH = { code: 'MAP_ENCODING_MISMATCH', committed: 'no' };

async function served(policy: Policy, store: Store) {
  const { owner, client } = portPair();
  serve(store, owner, policy);
  return connect(client);
}

test('who may only read defines no map, though there is a quota for it', async () => {
  const store = await Store.open(new MemoryFileSystem(), WISHES);
  const remote = await served({ read: 'all', write: [] }, store);
  const asked = remote.map('balances', { key: 'utf8', value: 'utf8' });
  await expect(asked.get('a')).resolves.toBeUndefined();
  await expect(asked.put('a', 'b')).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  await settle();

  expect(store.maps).toEqual([]);
  await store.map('balances', { key: 'ordered', value: 'cbor' }).put(1, 1);
  expect(store.stats().maps).toMatchObject({ balances: { byteQuota: 1000 } });
});

test('who may write gets the quota that there is for the map', async () => {
  const store = await Store.open(new MemoryFileSystem(), WISHES);
  const remote = await served(EVERYTHING, store);
  const balances = remote.map<string, string>('balances');
  await balances.put('a', 'b');

  await expect(balances.put('c', 'd'.repeat(1000))).rejects.toMatchObject({ name: 'QuotaError' });
  expect(store.stats().maps).toMatchObject({ balances: { byteQuota: 1000 } });
});

test('nobody writes past the codecs that the owner has asked for, before the first commit either', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const digit = {
    name: 'digit',
    encode: (value: number) => Uint8Array.of(value),
    decode: ([value]: Uint8Array) => value as number,
  };
  const remote = await served(EVERYTHING, store);
  const asked = remote.map('amounts', { key: 'ordered', value: 'cbor' });
  await expect(asked.get('x')).resolves.toBeUndefined();
  const amounts = store.map<string, number>('amounts', { key: 'utf8', value: digit });

  await expect(asked.put('x', { any: 'thing' })).rejects.toMatchObject(MISMATCH);
  const other = remote.map('amounts', { key: 'binary', value: 'binary' });
  await expect(other.remove(Uint8Array.of(1))).rejects.toMatchObject(MISMATCH);
  await amounts.put('a', 1);
  expect(amounts.get('a')).toBe(1);
});
