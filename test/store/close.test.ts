/** Closing twice: a blocking close, of an exit handler say, beside one that is waiting for the host. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import type { Lock } from '../../src/fs/file-system.ts';
import { NodeFileSystem } from '../../src/fs/node.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(31));

const LARGE = 'x'.repeat(700_000);

async function pass(ticks: number): Promise<void> {
  for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
}

async function keysOn(disk: SimulatedDisk): Promise<readonly string[]> {
  const store = await Store.open(disk);
  const keys = [...store.map<string, unknown>('m').getKeys()];
  await store.close();
  return keys;
}

const BIG = 'large, so that a checkpoint comes first';
const LIVES: Record<string, (store: Store) => Promise<unknown>> = {
  synced: (store) => store.map<string, number>('m').put('k', 1),
  buffered: (store) => store.map<string, number>('m').put('k', 1, { durability: 'buffered' }),
  [BIG]: async (store) => {
    await store.map<string, string>('m').put('k', LARGE);
    await store.map<string, string>('m').put('l', LARGE);
  },
};

// The blocking close wrote a second End behind the first, and the next open refused the store.
test.each(Object.keys(LIVES))(
  'a blocking close at any moment of another close leaves one end: %s',
  async (life) => {
    for (const syncTurns of [1, 5]) {
      for (let ticks = 0; ticks < 60; ticks += life === BIG ? 4 : 1) {
        const disk = new SimulatedDisk({ syncTurns });
        const said: string[] = [];
        const store = await Store.open(disk, { logger: ({ type }) => said.push(type) });
        let releases = 0;
        disk.onCall = ({ kind }) => {
          if (kind === 'release') releases++;
          return undefined;
        };
        await LIVES[life]?.(store);
        const keys = [...store.map('m').getKeys()];
        const closing = store.close();
        await pass(ticks);

        store.closeSync();

        const written = disk.digest();
        const after = `after ${ticks} ticks, syncs of ${syncTurns}`;
        for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 4, seed: 1 })]) {
          expect(await keysOn(image), after).toEqual(keys);
        }
        await closing;
        await pass(20);
        expect(said, after).toEqual(['closed']);
        expect(releases, after).toBe(1);
        expect(disk.digest(), after).toBe(written);
        expect(await keysOn(disk), after).toEqual(keys);
      }
    }
  },
  60_000,
);

// It moved to a new WAL, and wrote Switch and End behind the end that was there.
test('a blocking close behind a written end does not try again the checkpoint that had failed', async () => {
  let count = 0;
  for (let ticks = 0; ticks < 30; ticks += 2) {
    const disk = new SimulatedDisk({ syncTurns: 5 });
    const store = await Store.open(disk);
    await LIVES[BIG]?.(store);
    await pass(10);
    let isEnded = false;
    disk.onCall = ({ kind, file }) => {
      if (kind === 'write' && file === '1.wal') isEnded = true;
      return kind === 'open' ? { kind: 'fail', code: 'EMFILE' } : undefined;
    };
    const closing = store.close();
    await pass(ticks);
    disk.onCall = undefined;
    const before = disk.names();

    store.closeSync();

    await closing;
    if (isEnded) expect(disk.names(), `after ${ticks} ticks`).toEqual(before);
    if (isEnded) count++;
    expect(await keysOn(disk.afterKill()), `after ${ticks} ticks`).toEqual(['k', 'l']);
  }
  expect(count).toBeGreaterThan(1);
});

test('a close that a blocking one has overtaken fails as that one did', async () => {
  let count = 0;
  for (let ticks = 0; ticks < 30; ticks++) {
    const disk = new SimulatedDisk({ syncTurns: 5 });
    const store = await Store.open(disk);
    await LIVES.buffered?.(store);
    const outcome = store.close().catch((error: unknown) => error);
    await pass(ticks);
    disk.onCall = ({ kind }) =>
      kind === 'syncNow' ? { kind: 'sync', personality: 'ext4' } : undefined;
    let thrown: unknown;

    try {
      store.closeSync();
    } catch (error) {
      thrown = error;
    }

    expect(await outcome, `after ${ticks} ticks`).toBe(thrown);
    if (thrown === undefined) continue;
    count++;
    expect(thrown).toMatchObject({ code: 'IO' });
  }
  expect(count).toBeGreaterThan(5);
});

test('a close whose sync fails behind a blocking one has closed all the same', async () => {
  for (const life of ['synced', 'buffered']) {
    for (let ticks = 0; ticks < 30; ticks++) {
      const disk = new SimulatedDisk({ syncTurns: 10 });
      const said: string[] = [];
      const store = await Store.open(disk, { logger: ({ type }) => said.push(type) });
      await LIVES[life]?.(store);
      disk.onCall = ({ kind }) =>
        kind === 'sync' ? { kind: 'sync', personality: 'alone' } : undefined;
      const closing = store.close().catch((error: unknown) => error);
      await pass(ticks);
      const isFirst = said.length === 0;

      store.closeSync();

      const error = await closing;
      if (isFirst) expect([error, said]).toEqual([undefined, ['closed']]);
      expect(said.filter((type) => type === 'closed')).toEqual(['closed']);
      expect(await keysOn(disk.afterKill())).toEqual(['k']);
    }
  }
});

/** Where files block and the lock does not. */
class SlowToRelease extends SimulatedDisk {
  releases = 0;

  override lock(): Lock {
    const lock = super.lock() as Lock;
    return {
      holder: lock.holder,
      isLost: false,
      onLost: (listener) => lock.onLost(listener),
      release: async () => {
        this.releases++;
        await pass(5);
        await lock.release();
      },
    };
  }
}

test('a blocking close while the lock is being released leaves that to the other close', async () => {
  for (let ticks = 0; ticks < 30; ticks++) {
    const disk = new SlowToRelease();
    const said: string[] = [];
    const store = await Store.open(disk, { logger: ({ type }) => said.push(type) });
    await LIVES.synced?.(store);
    const closing = store.close();
    await pass(ticks);

    store.closeSync();

    await closing;
    await pass(10);
    expect(disk.releases, `after ${ticks} ticks`).toBe(1);
    expect(said.filter((type) => type === 'closed')).toEqual(['closed']);
    expect(await keysOn(disk)).toEqual(['k']);
  }
});

test('whoever is told that the store is closed may close it again', async () => {
  for (const isBlocking of [true, false]) {
    const store = await Store.open(new SimulatedDisk());
    let count = 0;
    const again: Promise<void>[] = [];
    store.on('closed', () => {
      count++;
      store.closeSync();
      again.push(store.close());
    });

    if (isBlocking) store.closeSync();
    else await Promise.all([store.close(), store.close()]);

    await Promise.all(again);
    expect(count).toBe(1);
  }
});

test('a logger that closes the store, told that a close cannot write its end, closes it once', async () => {
  const disk = new SimulatedDisk();
  const said: string[] = [];
  const store = await Store.open(disk, {
    logger: ({ type, message }) => {
      said.push(message);
      disk.onCall = undefined;
      if (type === 'error') store.closeSync();
    },
  });
  await LIVES.synced?.(store);
  disk.onCall = ({ kind }) => (kind === 'write' ? { kind: 'fail', code: 'EIO' } : undefined);

  await store.close();

  expect(said).toEqual(['End was not written', 'the store is closed']);
  expect(await keysOn(disk)).toEqual(['k']);
});

test('on the file system of Node a blocking close overtakes another one as well', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'onewal-close-'));
  try {
    for (let turns = 0; turns < 20; turns++) {
      const store = await Store.open(new NodeFileSystem(directory));
      await store.map<number, number>('m').put(turns, 1);
      const closing = store.close();
      for (let turn = 0; turn < turns % 4; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
      }

      store.closeSync();

      const next = await Store.open(new NodeFileSystem(directory));
      expect(next.map('m').getCount()).toBe(turns + 1);
      await next.close();
      await closing;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

// The store was closed, a put was said to be in doubt, and buffered commits were left unsynced.
test('a blocking close where the host cannot block is refused, and the store goes on', async () => {
  for (let ticks = 0; ticks < 20; ticks++) {
    const disk = new SimulatedDisk({ host: 'poor' });
    const said: string[] = [];
    const store = await Store.open(disk, { logger: ({ type }) => said.push(type) });
    const map = store.map<string, number>('m');
    await map.put('k', 1, { durability: 'buffered' });
    const waiting = map.put('l', 2);
    await pass(ticks);
    const refusal = expect.objectContaining({ code: 'SYNC_UNAVAILABLE', committed: 'no' });

    expect(() => store.closeSync()).toThrow(refusal);

    await waiting;
    await map.put('m', 3, { durability: 'buffered' });
    const closing = store.close();
    expect(() => store.closeSync()).toThrow(refusal);
    await closing;
    store.closeSync();
    expect(said, `after ${ticks} ticks`).toEqual(['closed']);
    expect(await keysOn(disk.afterKill())).toEqual(['k', 'l', 'm']);
  }
});

test('a blocking close of a store that is only read needs no host that can block', async () => {
  const disk = new SimulatedDisk({ host: 'poor' });
  const owner = await Store.open(disk);
  await LIVES.synced?.(owner);
  const reader = await Store.open(disk, { readOnly: true });

  reader.closeSync();

  expect(() => reader.map('m').get('k')).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  await owner.close();
});
