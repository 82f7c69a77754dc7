/** A client that sends whatever it likes: the owner never throws, keeps nothing, and stores nothing that is no entry. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { connect, type RemoteServer, serve } from '../../src/remote/index.ts';
import type { Request } from '../../src/remote/protocol.ts';
import { type FakePort, message, portPair, settle } from './fake-port.ts';
import { EVERYTHING } from './policies.ts';

const HELLO: Request = { type: 'hello', id: 1 };
const MAP: Request = {
  type: 'name',
  id: 2,
  name: 'm',
  keyEncoding: 'ordered',
  valueEncoding: 'cbor',
};
const NOWHERE = { start: undefined, end: undefined, isReverse: false, limit: undefined, offset: 0 };

let store: Store;
let owner: FakePort;
let client: FakePort;
let server: RemoteServer;
let prototypes: string;

beforeEach(async () => {
  prototypes = prototypeNames();
  store = await Store.open(new MemoryFileSystem());
  await store.map('m').put('key', 'value');
  attach();
});

afterEach(async () => {
  await expectNothingLeft();
  await store.close();
});

describe('whatever comes through the port', () => {
  test('that is no message is counted, and the port is closed after some', async () => {
    const values = fc.anything({
      ...{ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true },
      ...{ withNullPrototype: true, withObjectString: true, withSparseArray: true },
    });
    await fc.assert(
      fc.asyncProperty(fc.array(values, { minLength: 8, maxLength: 12 }), async (messages) => {
        attach();
        for (const value of messages) owner.deliver(value);
        await settle();
        expect(owner.thrown).toEqual([]);
        expect(server.stats()).toMatchObject({ isOpen: false, malformed: 8, requests: 0 });
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test('is never asked for its properties', () => {
    const traps: string[] = [];
    const trap = (name: string) => () => {
      traps.push(name);
      throw new Error('a trap');
    };
    const proxy = new Proxy(
      {},
      {
        get: trap('get'),
        has: trap('has'),
        ownKeys: trap('ownKeys'),
        getPrototypeOf: trap('proto'),
      },
    );
    const pretender = { [Symbol.toStringTag]: 'Uint8Array', length: 4, buffer: new ArrayBuffer(4) };
    for (const value of [proxy, pretender, Object.create(Uint8Array.prototype), { length: 4 }]) {
      owner.deliver(value);
    }

    expect(traps).toEqual([]);
    expect(owner.thrown).toEqual([]);
    expect(server.stats().malformed).toBe(4);
  });

  test('must be memory that the other side cannot change any more', () => {
    const bytes = message([HELLO]);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);

    owner.deliver(shared);
    expect(server.stats()).toMatchObject({ malformed: 1, requests: 0 });
    owner.deliver(bytes);
    expect(server.stats()).toMatchObject({ malformed: 1, requests: 1 });
  });

  test('must be of this version of the protocol', async () => {
    const bytes = message([HELLO]);
    bytes[4] = 2;
    owner.deliver(bytes);

    expect(await server.closed).toMatchObject({ code: 'PROTOCOL' });
  });

  test('is bounded in bytes and in items before anything is made of it', () => {
    attach({ messageBytes: 100, messageItems: 3 });
    owner.deliver(message([HELLO]));
    const keys = Array.from({ length: 3 }, () => Uint8Array.of(1));
    owner.deliver(message([{ type: 'many', id: 2, at: 0, map: 1, keys }]));
    owner.deliver(message([{ ...MAP, name: 'm'.repeat(100) } as Request]));

    expect(server.stats()).toMatchObject({ malformed: 2, requests: 1 });
  });

  test('has ids that only grow, begins with hello, and confirms only what was sent', () => {
    attach({ malformed: 100 });
    for (const wrong of [
      message([{ type: 'view', id: 1 }]),
      message([HELLO, HELLO]),
      message([
        { type: 'view', id: 5 },
        { type: 'hello', id: 6 },
      ]),
      message([HELLO], 1),
    ]) {
      owner.deliver(wrong);
    }
    owner.deliver(message([HELLO, { type: 'view', id: 9 }]));
    for (const id of [9, 8, 1, 0]) owner.deliver(message([{ type: 'view', id }]));

    expect(server.stats()).toMatchObject({ malformed: 8, requests: 2, views: 1 });
  });
});

describe('messages of a real client, changed', () => {
  test('have no effect beyond what an honest client could have', async () => {
    const recorded = await recordLife();
    expect(recorded.length).toBeGreaterThan(10);
    const change = fc.record({
      at: fc.nat(recorded.length - 1),
      what: fc.constantFrom('set', 'cut', 'drop', 'twice', 'swap'),
      offset: fc.nat(400),
      byte: fc.nat(255),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        attach({ malformed: 1000 });
        for (const bytes of applied(recorded, changes)) {
          owner.deliver(bytes);
          await Promise.resolve();
        }
        await settle();
        await expectNothingLeft();
      }),
      { seed: 2, numRuns: 150 },
    );
  });

  test('and requests with fields at random neither', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRequest(), { minLength: 1, maxLength: 30 }),
        async (requests) => {
          attach({ malformed: 1000 });
          const numbered = requests.map((request, n) => ({ ...request, id: n + 3 }) as Request);
          owner.deliver(message([HELLO, MAP]));
          for (const request of numbered) owner.deliver(message([request]));
          await settle();
          await expectNothingLeft();
        },
      ),
      { seed: 3, numRuns: 200 },
    );
  });
});

describe('what is named', () => {
  test('by another port is not there', async () => {
    const { owner: firstPort, client: firstEnd } = portPair();
    const first = serve(store, firstPort, EVERYTHING);
    const honest = await connect(firstEnd);
    const view = await honest.view();
    const transaction = await honest.begin();
    owner.deliver(message([HELLO, MAP]));
    let id = 3;
    for (let at = 1; at < 12; at++) {
      const key = Uint8Array.of(1);
      owner.deliver(
        message([
          { type: 'get', id: id++, at, map: 2, key },
          { type: 'settle', id: id++, transaction: at },
          { type: 'end', id: id++, target: at },
        ]),
      );
    }
    await settle();

    expect(server.stats()).toMatchObject({ refused: 22 });
    expect(first.stats()).toMatchObject({ views: 1, transactions: 1 });
    expect(await view.map(honest.map('m')).get('key')).toBe('value');
    transaction.abort();
    await honest.close();
  });

  test('like what every object has is a name like any other', async () => {
    const honest = await connect(client);
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
      await honest.map<string, string>(name).put('__proto__', name);
      await honest.setQuota({ maps: Object.fromEntries([[name, 100_000]]) });
      expect(await honest.map(name).get('__proto__')).toBe(name);
    }

    expect(Object.keys((await honest.stats()).maps)).toContain('__proto__');
    expect((await honest.stats()).maps.hasOwnProperty).toMatchObject({
      count: 1,
      byteQuota: 100_000,
    });
  });
});

describe('entries', () => {
  const put = (key: readonly number[], value: readonly number[]): Request => ({
    ...{ type: 'commit', id: 3, durability: undefined, token: undefined, condition: undefined },
    writes: [{ type: 'put', map: 2, key: Uint8Array.from(key), value: Uint8Array.from(value) }],
  });

  test.each([
    ['a key that does not decode', put([0xff, 0xff, 0xff], [0xf5]), 'KEY_INVALID'],
    ['a value that does not decode', put([0x61], [0x1c]), 'VALUE_INVALID'],
    ['a value with something behind it', put([0x61], [0xf5, 0xf5]), 'VALUE_INVALID'],
    [
      'a key above the limit',
      put(
        Array.from({ length: 5000 }, () => 0x61),
        [0xf5],
      ),
      'LIMIT',
    ],
  ])('refuse %s', async (_, request, code) => {
    owner.deliver(message([HELLO, MAP, request]));
    await settle();

    expect(server.stats()).toMatchObject({ refused: 1, malformed: 0 });
    expect(new TextDecoder().decode(client.received.at(-1) as Uint8Array)).toContain(code);
    expect(store.info.sequence).toBe(1);
  });

  test('refuse a key that decodes, but that its encoding would write in another way', async () => {
    const codec = (fold: (text: string) => string) => ({
      name: 'folded',
      encode: (text: string) => new TextEncoder().encode(fold(text)),
      decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
    });
    const own = { key: codec((text) => text.toLowerCase()), value: 'utf8' } as const;
    const folded = store.map<string, string>('folded', own);
    const theirs = { key: codec((text) => text), value: 'utf8' } as const;
    const map = (await connect(client)).map<string, string>('folded', theirs);

    await map.put('same', '1');
    await expect(map.put('Same', '2')).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(map.remove('Same')).rejects.toMatchObject({ code: 'KEY_INVALID' });
    expect([...folded.getKeys()]).toEqual(['same']);
    await store.dropMap('folded');
  });

  test('are refused for codecs that the owner does not know', async () => {
    const codec = { name: 'mine', encode: (text: string) => new TextEncoder().encode(text) };
    const mine = { ...codec, decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes) };
    const map = (await connect(client)).map<string, string>('own', { key: mine, value: 'utf8' });

    await expect(map.put('a', 'b')).rejects.toMatchObject({ code: 'MAP_ENCODING_MISMATCH' });
    store.map('own', { key: mine, value: 'utf8' });
    await map.put('a', 'b');
    expect(await map.get('a')).toBe('b');
    await store.dropMap('own');
  });
});

function attach(limits: NonNullable<Parameters<typeof serve>[2]['limits']> = {}): void {
  ({ owner, client } = portPair());
  server = serve(store, owner, { ...EVERYTHING, limits });
}

/** Nothing was thrown, is held, or stands in the store that its maps cannot read. */
async function expectNothingLeft(): Promise<void> {
  expect(owner.thrown).toEqual([]);
  server.close();
  await settle();
  expect(server.stats()).toMatchObject({
    ...{ isOpen: false, views: 0, transactions: 0, iterations: 0, subscriptions: 0, pending: 0 },
  });
  expect(store.stats()).toMatchObject({ openViews: 0, openTransactions: 0 });
  for (const name of store.maps) for (const _ of store.map(name).getRange());
  expect(prototypeNames()).toBe(prototypes);
}

function prototypeNames(): string {
  return [Object.prototype, Array.prototype, Function.prototype]
    .map((prototype) => Reflect.ownKeys(prototype).map(String).join())
    .join('\n');
}

/** The messages of a client that does a little of everything. */
async function recordLife(): Promise<Uint8Array[]> {
  const other = await Store.open(new MemoryFileSystem());
  const { owner: port, client: end } = portPair();
  serve(other, port, EVERYTHING);
  const honest = await connect(end);
  const map = honest.map<string, unknown>('m');
  await map.put('a', { n: 1 }, { token: 't' });
  await honest.batch([
    { type: 'put', map, key: 'b', value: [1n] },
    { type: 'clear', map, range: { start: 'c' } },
  ]);
  const view = await honest.view();
  await view.map(map).getMany(['a', 'b']);
  for await (const _ of map.getRange({ reverse: true, limit: 3 })) break;
  const off = await honest.on('commit', () => undefined);
  const transaction = await honest.begin();
  transaction.map(map).put('c', 2);
  transaction.savepoint();
  await transaction.map(map).getCount({ start: 'a' });
  await transaction.changes();
  await transaction.commit();
  await honest.transaction((own) => own.map(map).lock('a'), { mode: 'pessimistic' });
  off();
  view.release();
  await honest.outcomeOf('t');
  await honest.setQuota({ bytes: 1 << 20, maps: { m: 1 << 20 } });
  await honest.verify();
  await honest.stats();
  await honest.close();
  await other.close();
  return port.received as Uint8Array[];
}

interface Change {
  readonly at: number;
  readonly what: string;
  readonly offset: number;
  readonly byte: number;
}

function applied(recorded: readonly Uint8Array[], changes: readonly Change[]): Uint8Array[] {
  const messages = recorded.map((bytes) => bytes.slice());
  for (const { at, what, offset, byte } of changes) {
    const bytes = messages[at] as Uint8Array | undefined;
    if (bytes === undefined) continue;
    if (what === 'set' && bytes.length > 0) bytes[offset % bytes.length] = byte;
    else if (what === 'cut') messages[at] = bytes.slice(0, offset % (bytes.length + 1));
    else if (what === 'drop') messages.splice(at, 1);
    else if (what === 'twice') messages.splice(at, 0, bytes.slice());
    else messages.push(...messages.splice(at, 1));
  }
  return messages;
}

function anyRequest(): fc.Arbitrary<object> {
  const small = fc.nat(12);
  const bytes = fc.oneof(
    fc.constant(Uint8Array.of(0x61)),
    fc.constant(Uint8Array.of(0xf5)),
    fc.uint8Array({ maxLength: 6 }),
  );
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const range = fc.record({
    ...{ start: maybe(bytes), end: maybe(bytes), isReverse: fc.boolean() },
    ...{ limit: maybe(fc.maxSafeNat()), offset: fc.oneof(small, fc.maxSafeNat()) },
  });
  const map = fc.constantFrom(2, 2, 2, 3);
  const writes = fc.oneof(
    fc.record({ type: fc.constant('put'), map, key: bytes, value: bytes }),
    fc.record({ type: fc.constant('remove'), map, key: bytes }),
    fc.record({ type: fc.constant('clear'), map, range }),
  );
  const steps = fc.oneof(
    writes,
    fc.constant({ type: 'savepoint' }),
    fc.record({ type: fc.constant('rollback'), depth: small }),
  );
  const of = (type: string, fields: object) =>
    fc.record({ type: fc.constant(type), ...(fields as Record<string, fc.Arbitrary<unknown>>) });
  const durability = fc.constantFrom(undefined, 'synced', 'buffered');
  const token = maybe(bytes);
  const condition = fc.constantFrom(
    undefined,
    { type: 'absent' },
    { type: 'sequence', sequence: 1 },
  );
  return fc.oneof(
    of('get', { at: small, map, key: bytes }),
    of('many', { at: small, map, keys: fc.array(bytes) }),
    of('count', { at: small, map, range: maybe(range) }),
    of('range', { at: small, map, range, keysOnly: fc.boolean(), credit: small }),
    of('next', { iteration: small, credit: fc.maxSafeNat() }),
    of('commit', { writes: fc.array(writes), durability, token, condition }),
    of('drop', { map: fc.constantFrom('m', '', '__proto__'), durability, token }),
    of('name', {
      name: fc.string(),
      keyEncoding: fc.constantFrom('utf8', 'x', ''),
      valueEncoding: fc.string(),
    }),
    of('view', {}),
    of('begin', {
      ...{ isolation: fc.constantFrom('serializable', 'snapshot'), durability, token },
      ...{ mode: fc.constantFrom('optimistic', 'pessimistic'), lockTimeout: fc.maxSafeNat() },
    }),
    of('apply', { transaction: small, steps: fc.array(steps) }),
    of('lock', { transaction: small, map, key: bytes }),
    of('settle', { transaction: small }),
    of('changes', { transaction: small }),
    of('size', { transaction: small }),
    of('end', { target: small }),
    of('cancel', { target: small }),
    of('outcome', { token: bytes }),
    of('subscribe', { kind: fc.constantFrom('commits', 'reports'), maps: fc.constant(undefined) }),
    of('verify', {}),
    of('quota', {
      store: maybe(fc.maxSafeNat()),
      maps: fc.constant([{ name: '__proto__', quota: 1 }]),
    }),
    of('range', {
      at: fc.constant(0),
      map: fc.constant(2),
      range: fc.constant(NOWHERE),
      keysOnly: fc.boolean(),
      credit: small,
    }),
  );
}
