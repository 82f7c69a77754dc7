/** What one client can make its owner keep or do: never much more than a limit says, whatever it asks. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import {
  connect,
  type Limits,
  type RemoteServer,
  type RemoteTransactionMap,
  serve,
} from '../../src/remote/index.ts';
import type { Request, WireSelection, WireWrite } from '../../src/remote/protocol.ts';
import { type FakePort, message, portPair, settle } from './fake-port.ts';
import { EVERYTHING } from './policies.ts';

const BINARY = { key: 'binary', value: 'binary' } as const;
const MAP: Request = {
  ...{ type: 'name', id: 2, name: 'm' },
  ...{ keyEncoding: 'binary', valueEncoding: 'binary' },
};
const RANGE: WireSelection = {
  ...{ start: undefined, end: undefined, isReverse: false, limit: undefined, offset: 0 },
};
const KEY_SIZE = 1000;
const [ARRAY_OF_32_BITS, EMPTY_MAP] = [0x9a, 0xa0] as const;

let store: Store;
let owner: FakePort;
let server: RemoteServer;
let nextId: number;

beforeEach(async () => {
  store = await Store.open(new MemoryFileSystem());
});

afterEach(async () => {
  expect(owner.thrown).toEqual([]);
  server.close();
  await settle();
  expect(server.stats()).toMatchObject({ transactions: 0, iterations: 0, pendingBytes: 0 });
  await store.close();
});

test('the bounds of a clear are refused where they are longer than any key, by the client, too', async () => {
  const remote = await connect(attach({}));
  const map = remote.map<Uint8Array, Uint8Array>('m', BINARY);

  for (const size of [4098, 10_000]) {
    const range = { start: new Uint8Array(size) };
    const limit = { code: 'LIMIT', committed: 'no' };
    await expect(map.clear(range)).rejects.toMatchObject(limit);
    await expect(remote.batch([{ type: 'clear', map, range }])).rejects.toMatchObject(limit);
    const transaction = remote.transaction((own) => own.map(map).clear(range));
    await expect(transaction).rejects.toMatchObject(limit);
  }
  await remote.close();
});

describe('a clear that chooses keys one by one', () => {
  beforeEach(() => fill(100));

  test('counts as what it removes, in a commit and in a transaction', async () => {
    const remote = await connect(attach({ commitBytes: 20 * KEY_SIZE }));
    const map = remote.map<Uint8Array, Uint8Array>('m', BINARY);
    const limit = { code: 'LIMIT', committed: 'no' };
    const [few, many] = [{ limit: 5 }, { limit: 50 }];
    const clears = Array.from({ length: 5 }, () => ({ type: 'clear', map, range: few }) as const);

    await expect(map.clear(many)).rejects.toMatchObject(limit);
    await expect(remote.batch(clears)).rejects.toMatchObject(limit);
    await expect(remote.transaction((own) => own.map(map).clear(many))).rejects.toMatchObject(
      limit,
    );
    const several = remote.transaction((own) => {
      for (const { range } of clears) own.map(map).clear(range);
    });
    await expect(several).rejects.toMatchObject(limit);
    expect(await map.getCount()).toBe(100);
    await map.clear(few);
    await remote.transaction((own) => own.map(map).clear({ ...few, reverse: true, offset: 2 }));
    await map.clear({ ...few, limit: 0 });
    expect([...store.map<Uint8Array, Uint8Array>('m').getKeys()].map(([n]) => n)).toEqual([
      ...Array.from({ length: 88 }, (_, n) => n + 5),
      ...[98, 99],
    ]);
  });

  test('counts what it leaves out, too: it comes to it', async () => {
    const map = (await connect(attach({ commitBytes: 20 * KEY_SIZE }))).map('m', BINARY);

    await expect(map.clear({ offset: 50 })).rejects.toMatchObject({ code: 'LIMIT' });
    await expect(map.clear({ offset: 50, limit: 1 })).rejects.toMatchObject({ code: 'LIMIT' });
    await map.clear({ offset: 10, limit: 1 });
    expect(store.map('m').getCount()).toBe(99);
  });

  test('is bounded together with others in one message, before much is kept of it', async () => {
    attachRaw({ pendingBytes: 300 * KEY_SIZE });
    const clear: WireWrite = { type: 'clear', map: 2, range: { ...RANGE, limit: 1000 } };
    owner.deliver(message(Array.from({ length: 50 }, () => commit([clear]))));

    expect(server.stats().pendingBytes).toBeLessThan(300 * KEY_SIZE);
    await settle();
    expect(server.stats()).toMatchObject({ overloaded: 48, pending: 0, pendingBytes: 0 });
  });

  test('counts as a read of a transaction', async () => {
    const remote = await connect(attach({ transactionSteps: 2 }));
    const map = remote.map<Uint8Array, Uint8Array>('m', BINARY);
    const clearing = remote.transaction((own) => {
      for (let n = 0; n < 3; n++) own.map(map).clear({ limit: 1 });
    });

    await expect(clearing).rejects.toMatchObject({ code: 'LIMIT' });
  });
});

describe('what is not answered yet', () => {
  test('counts with its keys and its writes, whatever it is', async () => {
    attachRaw({ pendingBytes: 10 * KEY_SIZE });
    const removes = (count: number): WireWrite[] =>
      Array.from({ length: count }, (_, n) => ({ type: 'remove', map: 2, key: keyOf(n) }));
    const clears: WireWrite[] = removes(200).map(() => ({ type: 'clear', map: 2, range: RANGE }));

    owner.deliver(message([commit(removes(5)), commit(removes(6)), commit(clears)]));
    expect(server.stats()).toMatchObject({ pending: 1, overloaded: 2 });
    await settle();
    owner.deliver(message([commit(removes(6))]));
    expect(server.stats()).toMatchObject({ pending: 1, overloaded: 2 });
  });

  test('counts with the keys that it waits for', async () => {
    attachRaw({ pendingBytes: 10 * KEY_SIZE });
    const begin = (id: number): Request => ({
      ...{ type: 'begin', id, isolation: 'serializable', mode: 'pessimistic', lockTimeout: 60_000 },
      ...{ durability: undefined, token: undefined },
    });
    const lock = (transaction: number, n: number): Request => ({
      ...{ type: 'lock', id: nextId++, transaction, map: 2, key: keyOf(n) },
    });
    const [first, second] = [nextId++, nextId++];
    owner.deliver(message([begin(first), begin(second)]));
    for (let n = 0; n < 20; n++) {
      owner.deliver(message([lock(first, n)]));
      await settle();
    }
    const { overloaded } = server.stats();
    owner.deliver(message(Array.from({ length: 20 }, (_, n) => lock(second, n))));
    await settle();

    expect(overloaded).toBe(0);
    expect(server.stats()).toMatchObject({ pending: 9, overloaded: 11 });
  });
});

describe('the keys that a transaction reads', () => {
  test('are no longer than keys are, nor are others that are read', async () => {
    const remote = await connect(attach({}));
    const map = remote.map<Uint8Array, Uint8Array>('m', BINARY);
    const [longest, longer] = [new Uint8Array(4096), new Uint8Array(4097)];
    const limit = { code: 'LIMIT', committed: 'no' };

    expect(await map.getMany([longest])).toEqual([undefined]);
    expect(await map.getCount({ start: longest, exclusiveStart: true })).toBe(0);
    for (const refused of [
      ...[map.get(longer), map.has(longer), map.getEntry(longer), map.getMany([longer])],
      remote.transaction((own) => own.map(map).get(longer)),
    ]) {
      await expect(refused).rejects.toMatchObject(limit);
    }
  });

  test('count as what it sends, like those that it locks', async () => {
    const remote = await connect(attach({ commitBytes: 10 * KEY_SIZE }));
    const map = remote.map<Uint8Array, Uint8Array>('m', BINARY);
    const keys = Array.from({ length: 11 }, (_, n) => keyOf(n));
    type Own = RemoteTransactionMap<Uint8Array, Uint8Array>;
    const doing = async (use: (own: Own, key: Uint8Array) => unknown) => {
      const done = remote.transaction(
        async (transaction) => {
          for (const key of keys) await use(transaction.map(map), key);
        },
        { mode: 'pessimistic' },
      );
      await expect(done).rejects.toMatchObject({ code: 'LIMIT' });
    };

    await remote.transaction((transaction) => transaction.map(map).getMany(keys.slice(1)));
    await doing((own, key) => own.get(key));
    await doing((own, key) => own.has(key));
    await doing((own, key) => own.getEntry(key));
    await doing((own) => own.getMany(keys));
    await doing((own, key) => own.lock(key));
    await doing((own, key) => own.getCount({ start: key }));
    await doing((own, key) => own.clear({ start: key, end: key }));
    await doing((own, key) => own.getKeys({ end: key })[Symbol.asyncIterator]().next());
  });
});

describe('a value', () => {
  test('is looked at, and not made: its bytes may stand for millions of objects', async () => {
    attachRaw({});
    const value = new Uint8Array(4 << 20).fill(EMPTY_MAP);
    value.set([ARRAY_OF_32_BITS, 0, 0, 0, 0]);
    new DataView(value.buffer).setUint32(1, value.length - 5);
    const key = Uint8Array.of(0x61);
    const target = { name: 'values', keyEncoding: 'ordered', valueEncoding: 'cbor' };
    const requests = message([
      { type: 'name', id: 3, ...target },
      { ...commit([{ type: 'put', map: 3, key, value }]), id: 4 },
    ]);
    const before = process.memoryUsage().heapUsed;

    owner.deliver(requests);

    expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 << 20);
    await settle();
    expect(server.stats().refused).toBe(0);
    expect(store.map('values').has('a')).toBe(true);
  });
});

describe('what is sent and not received', () => {
  test('is bounded where answers come later, too', async () => {
    const value = new Uint8Array(1 << 20);
    const map = store.map<Uint8Array, Uint8Array>('m', BINARY);
    for (const n of [0, 1]) await map.put(keyOf(n), value);
    attachRaw({ unreceivedBytes: 3 << 20 });
    const range = { ...RANGE, offset: 1 };
    const ranges = Array.from(
      { length: 10 },
      (): Request => ({
        ...{ type: 'range', id: nextId++, at: 0, map: 2, range, keysOnly: false, credit: 1 },
      }),
    );
    owner.deliver(message(ranges));
    await settle();

    expect(server.stats()).toMatchObject({ isOpen: true, overloaded: 7, iterations: 3 });
    expect(server.stats().unreceivedBytes).toBeLessThan(5 << 20);
  });
});

async function fill(count: number): Promise<void> {
  const map = store.map<Uint8Array, Uint8Array>('m', BINARY);
  const value = Uint8Array.of(1);
  await store.batch(
    Array.from({ length: count }, (_, n) => ({ type: 'put', map, key: keyOf(n), value })),
  );
}

function keyOf(n: number): Uint8Array {
  const key = new Uint8Array(KEY_SIZE);
  key[0] = n;
  return key;
}

/** The end of the port for who connects to it. */
function attach(limits: Partial<Limits>): FakePort {
  const ports = portPair();
  owner = ports.owner;
  server = serve(store, owner, { ...EVERYTHING, limits });
  return ports.client;
}

/** For who sends messages as they come: the map has the name 2. */
function attachRaw(limits: Partial<Limits>): void {
  attach(limits);
  nextId = 3;
  owner.deliver(message([{ type: 'hello', id: 1 }, MAP]));
}

function commit(writes: readonly WireWrite[]): Request {
  return {
    ...{ type: 'commit', id: nextId++, writes },
    ...{ durability: undefined, token: undefined, condition: undefined },
  };
}
