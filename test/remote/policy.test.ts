/** What a policy allows, and how much of it at once. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import {
  connect,
  type Policy,
  type RemoteServer,
  type RemoteStore,
  serve,
} from '../../src/remote/index.ts';
import { collect } from '../contract/remote.ts';
import { type FakePort, message, portPair, settle } from './fake-port.ts';
import { EVERYTHING } from './policies.ts';

let store: Store;
let server: RemoteServer;
let owner: FakePort;
let clientEnd: FakePort;

beforeEach(async () => {
  store = await Store.open(new MemoryFileSystem());
});

afterEach(() => store.close());

async function client(policy: Policy): Promise<RemoteStore> {
  const ports = portPair();
  ({ owner, client: clientEnd } = ports);
  server = serve(store, owner, policy);
  return connect(clientEnd);
}

const notAllowed = { name: 'UsageError', code: 'NOT_ALLOWED' };
const overloaded = { name: 'StorageError', code: 'OVERLOADED', retryable: true };

describe('a policy', () => {
  test('lets maps be read and written that it names, and no others', async () => {
    for (const name of ['open', 'readable', 'secret']) await store.map(name).put('k', name);
    const remote = await client({
      read: ['open', 'readable'],
      write: (name) => name === 'open' || name === 'inbox',
    });
    const [open, readable, secret, inbox] = ['open', 'readable', 'secret', 'inbox'].map((name) =>
      remote.map<string, string>(name),
    ) as [Map, Map, Map, Map];

    await open.put('k', 'new');
    await inbox.put('k', 'for the owner');
    expect([await open.get('k'), await readable.get('k')]).toEqual(['new', 'readable']);
    const view = await remote.view();
    for (const refused of [
      secret.get('k'),
      secret.has('k'),
      secret.getCount(),
      inbox.get('k'),
      collect(secret.getKeys()),
      view.map(secret).get('k'),
      remote.transaction((own) => own.map(secret).get('k')),
    ]) {
      await expect(refused).rejects.toMatchObject(notAllowed);
    }
    for (const refused of [
      readable.put('k', ''),
      readable.remove('k'),
      secret.clear(),
      remote.batch([
        { type: 'put', map: open, key: 'k', value: 'half' },
        { type: 'remove', map: secret, key: 'k' },
      ]),
      remote.transaction((own) => own.map(secret).put('k', '')),
      remote.transaction((own) => own.map(secret).lock('k'), { mode: 'pessimistic' }),
      remote.dropMap('open'),
    ]) {
      await expect(refused).rejects.toMatchObject({ ...notAllowed, committed: 'no' });
    }
    view.release();
    expect(await remote.maps()).toEqual(['inbox', 'open', 'readable']);
    expect([store.map('open').get('k'), store.map('secret').get('k')]).toEqual(['new', 'secret']);
  });

  test('lets no work be done that it does not name', async () => {
    const remote = await client({ read: 'all', write: 'all' });

    for (const refused of [
      remote.checkpoint(),
      remote.compact(),
      remote.verify(),
      remote.setQuota({ bytes: 1 }),
      remote.dropMap('m'),
      remote.stats(),
      remote.info(),
    ]) {
      await expect(refused).rejects.toMatchObject(notAllowed);
    }
    await remote.flush();
  });

  test('shows of figures and of commits only what may be read', async () => {
    const remote = await client({ read: ['a'], write: [], allow: ['stats'] });
    const seen: string[] = [];
    remote.map('a');
    await remote.on('commit', ({ sequence, changes }) => {
      seen.push(`${sequence} ${changes.map(({ map, key }) => `${map}/${key}`)}`);
    });
    for (const refused of [
      remote.batch([], { token: 't' }),
      remote.transaction(() => undefined, { token: 't' }),
    ]) {
      await expect(refused).rejects.toMatchObject(notAllowed);
    }
    await store.map('secret').put('k', 1);
    await store.batch(
      ['a', 'secret', 'b'].map((map) => ({ type: 'put', map, key: 'k', value: 1 })),
    );
    await settle();

    expect(seen).toEqual(['2 a/k']);
    expect(Object.keys((await remote.stats()).maps)).toEqual(['a']);
  });

  test('takes a token only with a write that it allows, unless all may be written', async () => {
    await store.map('mine').put('k', 1, { token: "the owner's" });
    const alone = (remote: RemoteStore) => [
      remote.batch([], { token: 'a' }),
      remote.transaction(() => undefined, { token: 'b' }),
    ];
    const refusing = await client({ read: 'all', write: () => false });
    const some = await client({ read: 'all', write: (name) => name === 'inbox' });
    const inbox = some.map<string, number>('inbox');

    for (const refused of [...alone(refusing), ...alone(some)]) {
      await expect(refused).rejects.toMatchObject({ ...notAllowed, committed: 'no' });
    }
    expect(store.info.sequence).toBe(1);
    await inbox.put('k', 1, { token: 'c' });
    await some.transaction((own) => own.map(inbox).put('k', 2), { token: 'd' });
    await Promise.all(alone(await client(EVERYTHING)));
    expect(['a', 'b', 'c', 'd'].map((token) => store.outcomeOf(token))).toEqual(
      Array(4).fill('committed'),
    );
  });

  test('takes so many requests a second, by the clock that it is given', async () => {
    let now = 0;
    const rate = { perSecond: 10, burst: 2 };
    const remote = await client({ ...EVERYTHING, rate, now: () => now });
    const outcomes = async (count: number) => {
      const asked = Array.from({ length: count }, () => remote.map('m').has('k'));
      return (await Promise.allSettled(asked)).map(({ status }) => status === 'fulfilled');
    };

    expect(await outcomes(3)).toEqual([true, true, false]);
    now = 100;
    expect(await outcomes(2)).toEqual([true, false]);
    now = 10_000;
    expect(await outcomes(3)).toEqual([true, true, false]);
    now = 0;
    expect(await outcomes(1)).toEqual([false]);
    await expect(remote.map('m').put('k', 1)).rejects.toMatchObject({
      ...overloaded,
      committed: 'no',
    });
    expect(server.stats()).toMatchObject({ overloaded: 5, malformed: 0 });
  });

  test('bounds keys, values, commits and messages, on the way in', async () => {
    const limits = { keyBytes: 10, valueBytes: 100, commitBytes: 300, messageBytes: 2000 };
    const remote = await client({ ...EVERYTHING, limits });
    const map = remote.map<string, Uint8Array>('m', { value: 'binary' });
    const limit = { name: 'LimitError', code: 'LIMIT', committed: 'no' };

    await expect(map.put('a key that is long', new Uint8Array(1))).rejects.toMatchObject(limit);
    await expect(map.put('k', new Uint8Array(101))).rejects.toMatchObject(limit);
    const four = Array.from({ length: 4 }, (_, n) => ({
      ...{ type: 'put' as const, map, key: `k${n}`, value: new Uint8Array(60) },
    }));
    await expect(remote.batch(four)).rejects.toMatchObject(limit);
    const large = remote.transaction((own) => {
      for (const { key, value } of four) own.map(map).put(key, value);
    });
    await expect(large).rejects.toMatchObject(limit);
    await expect(map.put('k', new Uint8Array(3000))).rejects.toMatchObject(limit);
    expect([server.stats().malformed, await map.getCount()]).toEqual([0, 0]);
    await map.put('k', new Uint8Array(100));
    await expect(map.getMany(Array.from({ length: 21 }, () => 'k'))).rejects.toMatchObject(limit);
    await Promise.all(Array.from({ length: 50 }, (_, n) => map.put(`p${n}`, new Uint8Array(90))));
    expect([server.stats().malformed, await map.getCount()]).toEqual([0, 51]);
  });

  test('bounds what is open at once, and what is read in a transaction', async () => {
    const limits = {
      views: 2,
      transactions: 2,
      iterations: 2,
      subscriptions: 2,
      transactionSteps: 3,
    };
    const remote = await client({ ...EVERYTHING, limits });
    const map = remote.map<string, number>('m');
    await store.batch(
      Array.from({ length: 500 }, (_, n) => ({ type: 'put', map: 'm', key: n, value: n })),
    );
    const iterate = async () => {
      const iterator = map.getKeys()[Symbol.asyncIterator]();
      await iterator.next();
      return { release: () => iterator.return?.() };
    };

    for (const make of [
      async () => remote.view(),
      async () => {
        const transaction = await remote.begin();
        return { release: () => transaction.abort() };
      },
      iterate,
      async () => ({ release: await remote.on('commit', () => undefined) }),
    ]) {
      const [one] = [await make(), await make()];
      await expect(make()).rejects.toMatchObject(overloaded);
      await one.release();
      await make();
    }
    expect(server.stats()).toMatchObject({
      ...{ views: 2, transactions: 2, iterations: 2, subscriptions: 2, overloaded: 4 },
    });
    await remote.close();
    await settle();
    const again = await client({ ...EVERYTHING, limits });
    const transaction = await again.begin();
    const own = transaction.map(again.map<string, number>('m'));
    for (const key of ['a', 'b', 'c']) await own.get(key);
    await expect(own.get('d')).rejects.toMatchObject({ code: 'LIMIT' });
    transaction.abort();
  });

  test('bounds what is under way', async () => {
    const remote = await client({ ...EVERYTHING, limits: { pending: 2, pendingBytes: 1000 } });
    const map = remote.map<string, Uint8Array>('m', { value: 'binary' });
    const all = await Promise.allSettled(
      ['a', 'b', 'c'].map((key) => map.put(key, new Uint8Array(9))),
    );
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);

    const two = await Promise.allSettled(
      ['d', 'e'].map((key) => map.put(key, new Uint8Array(600))),
    );
    expect(two).toMatchObject([
      { status: 'fulfilled' },
      { reason: { ...overloaded, committed: 'no' } },
    ]);
    expect(server.stats()).toMatchObject({ pending: 0, pendingBytes: 0 });
  });

  test('says what is wrong with itself', async () => {
    const { owner: port } = portPair();
    for (const wrong of [
      undefined,
      {},
      { read: 'all' },
      { read: 'some', write: 'all' },
      { ...EVERYTHING, allow: ['everything'] },
      { ...EVERYTHING, limits: { view: 1 } },
      { ...EVERYTHING, limits: { views: -1 } },
      { ...EVERYTHING, rate: { perSecond: 0, burst: 1 } },
      { ...EVERYTHING, silence: 0.5 },
      { ...EVERYTHING, speed: 1 },
    ]) {
      const code = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
      expect(() => serve(store, port, wrong as never), JSON.stringify(wrong)).toThrow(code);
    }
    for (const wrong of [undefined, null, 5, {}, { postMessage: () => undefined }]) {
      const code = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
      expect(() => serve(store, wrong as never, EVERYTHING)).toThrow(code);
    }
    expect(() => serve({} as never, port, EVERYTHING)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('back-pressure', () => {
  test('sends who reads slowly two chunks of a million entries, and no more', async () => {
    const COUNT = 1_000_000;
    const map = store.map<number, number>('m');
    for (let start = 0; start < COUNT; start += 100_000) {
      const batch = Array.from({ length: 100_000 }, (_, n) => ({
        ...{ type: 'put' as const, map, key: start + n, value: start + n },
      }));
      await store.batch(batch, { durability: 'buffered' });
    }
    const remote = await client(EVERYTHING);

    let [count, largest] = [0, 0];
    let received = clientEnd.received.length;
    for await (const { key } of remote.map<number, number>('m').getRange()) {
      if (key !== count) throw new Error(`entry ${count} has the key ${key}`);
      if (count++ % 50_000 === 0) await settle();
      if (count % 10_000 === 0) largest = Math.max(largest, server.stats().unreceivedBytes);
      if (count > 5000 && clientEnd.received.length - received > 2) {
        throw new Error(`${clientEnd.received.length - received} messages at once`);
      }
      received = clientEnd.received.length;
    }

    expect(count).toBe(COUNT);
    expect(largest).toBeLessThan(1 << 20);
    expect(server.stats().iterations).toBe(0);
  }, 120_000);

  test('stops answering who confirms nothing, and then leaves him', async () => {
    await store.map('m', { value: 'binary' }).put('k', new Uint8Array(10_000));
    const { owner: port } = portPair();
    server = serve(store, port, { ...EVERYTHING, limits: { unreceivedBytes: 100_000 } });
    port.deliver(message([{ type: 'hello', id: 1 }]));
    await settle();
    const { sentBytes } = server.stats();
    let id = 1000;
    const target = { name: 'm', keyEncoding: 'ordered', valueEncoding: 'binary' };
    port.deliver(message([{ type: 'name', id: id++, ...target }], sentBytes));
    const key = Uint8Array.of(0x6b);
    const ask = async (count: number) => {
      for (let n = 0; n < count; n++) {
        port.deliver(message([{ type: 'get', id: id++, at: 0, map: 1000, key }], sentBytes));
        await Promise.resolve();
        await Promise.resolve();
      }
    };

    await ask(20);
    expect(server.stats()).toMatchObject({ isOpen: true, overloaded: 10 });
    await ask(2000);
    expect(await server.closed).toMatchObject({ code: 'OVERLOADED' });
    expect(server.stats().sentBytes).toBeLessThan(300_000);
  });

  test('goes on telling who only listens, since he confirms what he got', async () => {
    const limits = { unreceivedBytes: 400_000 };
    const remote = await client({ ...EVERYTHING, limits });
    let told = 0;
    await remote.on('commit', () => told++);
    const map = store.map('m', { value: 'binary' });
    for (let n = 0; n < 100; n++) await map.put(n, new Uint8Array(10_000));
    await settle();

    expect([told, server.stats().subscriptions]).toEqual([100, 1]);
  });

  test('ends the subscription of who takes nothing, and says so', async () => {
    const logged: unknown[] = [];
    const ports = portPair();
    server = serve(store, ports.owner, { ...EVERYTHING, limits: { unreceivedBytes: 50_000 } });
    const remote = await connect(ports.client, { logger: (event) => logged.push(event) });
    let told = 0;
    await remote.on('commit', () => told++);
    const held: unknown[] = [];
    const { deliver } = ports.client;
    ports.client.deliver = (value) => void held.push(value);
    const map = store.map('m', { value: 'binary' });
    for (let n = 0; n < 20; n++) await map.put(n, new Uint8Array(10_000));
    expect(server.stats()).toMatchObject({ isOpen: true, subscriptions: 0 });
    for (const value of held) deliver.call(ports.client, value);
    await settle();

    expect(told).toBeGreaterThan(3);
    expect(told).toBeLessThan(10);
    expect(logged).toMatchObject([{ type: 'error', error: overloaded }]);
    ports.client.deliver = deliver;
    await remote.close();
  });
});

type Map = ReturnType<typeof RemoteStore.prototype.map<string, string>>;
