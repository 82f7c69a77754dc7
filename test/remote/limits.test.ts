/** What one client can make its owner keep or do: never much more than a limit says, whatever it asks. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { type Limits, type RemoteServer, serve } from '../../src/remote/index.ts';
import type { Request, WireSelection, WireWrite } from '../../src/remote/protocol.ts';
import { type FakePort, message, portPair, settle } from './fake-port.ts';
import { EVERYTHING } from './policies.ts';

const MAP: Request = {
  ...{ type: 'name', id: 2, name: 'm' },
  ...{ keyEncoding: 'binary', valueEncoding: 'binary' },
};
const RANGE: WireSelection = {
  ...{ start: undefined, end: undefined, isReverse: false, limit: undefined, offset: 0 },
};
const KEY_SIZE = 1000;

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
