/** The port of a scripted life dies at each of its messages, in both directions, told and untold. */
import { afterEach, describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { OnewalError, Store } from '../../src/index.ts';
import { connect, type RemoteStore, serve } from '../../src/remote/index.ts';
import { DEFAULT_ENVIRONMENT } from '../../src/store/environment.ts';
import { setHost } from '../../src/store/host.ts';
import { collect } from '../contract/remote.ts';
import { type FakePort, portPair, settle } from './fake-port.ts';
import { EVERYTHING } from './policies.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e'];

/** What the client of a life was told of each write, by its token. */
type Told = Map<string, 'done' | unknown>;

describe.each(['told', 'silently'] as const)('a port that dies %s', (how) => {
  test('at any message leaves nothing open, and no write whose outcome is not known', async () => {
    const count = await messagesOfLife();
    expect(count.owner).toBeGreaterThan(20);
    expect(count.client).toBeGreaterThan(20);

    for (const side of ['owner', 'client'] as const) {
      for (let at = 1; at <= count[side]; at++) await liveAndDie({ side, at, how });
    }
  });
});

describe('a side that says nothing', () => {
  afterEach(() => setHost({ environment: DEFAULT_ENVIRONMENT }));

  test('is taken for gone after some time, on either side, and not before', async () => {
    const clock = manualTimers();
    const store = await Store.open(new MemoryFileSystem());
    const { owner, client } = portPair();
    const server = serve(store, owner, { ...EVERYTHING, silence: 400 });
    const remote = await connect(client);
    await remote.view();

    await clock.pass(4000);
    expect([server.stats().isOpen, server.stats().views]).toEqual([true, 1]);

    owner.cut();
    client.cut();
    await clock.pass(300);
    expect(server.stats().views).toBe(1);
    await clock.pass(300);

    expect(await server.closed).toMatchObject({ code: 'PORT_CLOSED' });
    expect(await remote.closed).toMatchObject({ code: 'PORT_CLOSED' });
    expect(server.stats().views).toBe(0);
    expect(clock.waiting()).toBe(0);
    await store.close();
  });

  test('is waited for as long as the caller says when it is connected to', async () => {
    const clock = manualTimers();
    const late = connect(portPair().client, { timeout: 50 }).catch((error: unknown) => error);
    await clock.pass(60);

    expect(await late).toMatchObject({ code: 'PORT_CLOSED' });
    expect(clock.waiting()).toBe(0);
  });
});

test('an owner that closes the store says so, and answers what was on its way', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const { owner, client } = portPair();
  serve(store, owner, EVERYTHING);
  const remote = await connect(client);
  const map = remote.map<string, number>('m');
  const writes = Promise.all(KEYS.map((key, n) => map.put(key, n)));
  await settle();
  await store.close();

  await writes;
  expect((await remote.closed).code).toBe('CLOSED');
  await expect(map.put('late', 1)).rejects.toMatchObject({ code: 'PORT_CLOSED', committed: 'no' });
  await expect(map.get('late')).rejects.toMatchObject({ code: 'PORT_CLOSED' });
});

test('a client that closes waits for its writes, and the owner lets go of everything', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const { owner, client } = portPair();
  client.close = () => client.cut(); // as in browsers, where the other end may hear nothing of it
  const server = serve(store, owner, EVERYTHING);
  const remote = await connect(client);
  const map = remote.map<string, number>('m');
  await remote.view();
  const write = map.put('a', 1);
  await remote.close();

  expect(await write).toMatchObject({ sequence: 1 });
  await server.closed;
  expect(server.stats()).toMatchObject({ isOpen: false, views: 0 });
  await store.close();
});

interface Death {
  readonly side: 'owner' | 'client';
  readonly at: number;
  readonly how: 'told' | 'silently';
}

async function liveAndDie({ side, at, how }: Death): Promise<void> {
  const store = await Store.open(new MemoryFileSystem());
  const ports = portPair();
  let count = 0;
  ports[side].onReceive = () => {
    if (++count === at) cutBoth(ports, how);
  };
  const server = serve(store, ports.owner, EVERYTHING);
  const told: Told = new Map();
  const life = connect(ports.client).then((remote) => live(remote, told));
  const end = life.catch((error: unknown) => error);
  await settle();
  cutBoth(ports, how); // where messages were gathered into fewer than the last time
  // Where nobody is told, either side finds out by the silence: here at once.
  if (how === 'silently') {
    server.close();
    ports.client.tellClosed();
  }
  await end;

  expect([ports.owner.thrown, ports.client.thrown]).toEqual([[], []]);
  expect(server.stats()).toMatchObject({
    ...{ isOpen: false, views: 0, transactions: 0, iterations: 0, subscriptions: 0, pending: 0 },
  });
  expect(store.stats()).toMatchObject({ openViews: 0, openTransactions: 0 });
  await expectToldTheTruth(store, told);
  // Locks are free again.
  const locking = store.transaction((own) => own.map(store.map('m')).lock('a'), {
    ...{ mode: 'pessimistic', lockTimeout: 0, maxRetries: 0 },
  });
  await locking;
  await store.close();
}

async function expectToldTheTruth(store: Store, told: Told): Promise<void> {
  for (const [token, outcome] of told) {
    const found = store.outcomeOf(token);
    if (outcome === 'done') expect(found).toBe('committed');
    else if (!(outcome instanceof OnewalError)) throw outcome;
    else if (outcome.committed === 'unknown') expect(['committed', 'absent']).toContain(found);
    else expect([outcome.committed ?? 'no', found]).toEqual(['no', 'absent']);
  }
}

/** A little of everything, with a token on each write. */
async function live(remote: RemoteStore, told: Told): Promise<void> {
  const map = remote.map<string, number>('m');
  const note = async (token: string, write: Promise<unknown>): Promise<void> => {
    told.set(
      token,
      await write.then(
        () => 'done',
        (error: unknown) => error,
      ),
    );
  };
  for (const key of KEYS) await note(`put ${key}`, map.put(key, 1, { token: `put ${key}` }));
  await remote.on('commit', () => undefined);
  const view = await remote.view();
  await view.map(map).get('a');
  await collect(map.getKeys());
  const many = Array.from({ length: 300 }, (_, n) => ({
    type: 'put' as const,
    map,
    key: `k${n}`,
    value: n,
  }));
  await note('batch', remote.batch(many, { token: 'batch' }));
  for await (const _ of map.getRange()) break;
  const run = remote.transaction(
    async (transaction) => {
      const own = transaction.map(map);
      await own.lock('a');
      own.put('a', ((await own.get('a')) ?? 0) + 1);
      await own.getCount({ start: 'b' });
    },
    { mode: 'pessimistic', token: 'transaction' },
  );
  await note('transaction', run);
  const left = await remote.begin({ mode: 'pessimistic' });
  left.map(map).put('a', 5);
  await left.map(map).get('b');
  await Promise.all(
    KEYS.map((key) => note(`again ${key}`, map.put(key, 2, { token: `again ${key}` }))),
  );
}

async function messagesOfLife(): Promise<{ owner: number; client: number }> {
  const store = await Store.open(new MemoryFileSystem());
  const ports = portPair();
  serve(store, ports.owner, EVERYTHING);
  const told: Told = new Map();
  await live(await connect(ports.client), told);
  expect([...told.values()].every((outcome) => outcome === 'done')).toBe(true);
  await store.close();
  return { owner: ports.owner.received.length, client: ports.client.received.length };
}

function cutBoth(
  { owner, client }: { owner: FakePort; client: FakePort },
  how: Death['how'],
): void {
  owner.cut(how);
  client.cut(how);
}

/** Timers that run when the test says so. */
function manualTimers(): { pass(duration: number): Promise<void>; waiting(): number } {
  const timers = new Set<{ readonly at: number; run(): void }>();
  let now = 0;
  setHost({
    environment: {
      timer: (duration, run) => {
        const timer = { at: now + duration, run };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
  });
  return {
    waiting: () => timers.size,
    pass: async (duration) => {
      for (const end = now + duration; now < end; now += 10) {
        for (const timer of [...timers]) {
          if (timer.at > now || !timers.delete(timer)) continue;
          timer.run();
        }
        await Promise.resolve();
        await Promise.resolve();
        await Promise.resolve();
      }
    },
  };
}
