/** Tokens after crashes, in doubt, and in large numbers. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store, type StoreEvent } from '../../src/index.ts';
import { TOKEN_COUNT_KEPT } from '../../src/store/tokens.ts';
import { faultAt, type PortCall, SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(17));

const COUNT = 9;

/** Commits `n` under the token `n`, with a checkpoint, a compaction and a reopening between them. */
async function live(disk: SimulatedDisk, acknowledged: Set<number>): Promise<void> {
  let store = await Store.open(disk);
  for (let n = 1; n <= COUNT; n++) {
    if (n === 4) await store.checkpoint();
    if (n === 6) await store.compact();
    if (n === 8) {
      await store.close();
      store = await Store.open(disk);
    }
    await store.map('m').put(n, n, { token: `${n}` });
    acknowledged.add(n);
  }
  await store.close();
}

test('after a crash at any call a token is committed exactly if its commit is there', async () => {
  const whole = new SimulatedDisk();
  await live(whole, new Set());
  let images = 0;
  for (let at = 0; at < whole.callCount; at++) {
    const disk = new SimulatedDisk({ onCall: faultAt(at, { kind: 'crash' }) });
    const acknowledged = new Set<number>();
    await live(disk, acknowledged).catch(() => undefined);
    for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 2, seed: at })]) {
      if (++images % 3 !== 0) continue;
      const store = await Store.open(image);
      const map = store.map<number, number>('m');
      for (let n = 1; n <= COUNT; n++) {
        expect(store.outcomeOf(`${n}`), `call ${at}, ${n}`).toBe(
          map.has(n) ? 'committed' : 'absent',
        );
        if (acknowledged.has(n)) expect(store.outcomeOf(`${n}`)).toBe('committed');
      }
      await store.close();
    }
  }

  expect(images).toBeGreaterThan(300);
}, 120_000);

test('a commit whose sync failed is unknown until the store has moved on without it', async () => {
  const disk = new SimulatedDisk();
  const events: StoreEvent[] = [];
  const store = await Store.open(disk, { logger: (event) => events.push(event) });
  const map = store.map<string, number>('m');
  await map.put('k', 1, { token: 'first' });
  let isBroken = true;
  disk.onCall = ({ kind }: PortCall) =>
    isBroken && (kind === 'sync' || kind === 'syncNow' || kind === 'open')
      ? { kind: 'fail', code: 'EIO' }
      : undefined;

  const error = await map.put('k', 2, { token: 'second' }).catch((reason: unknown) => reason);
  const transaction = store.begin();
  await transaction.commit();
  const meanwhile = store.outcomeOf('second');
  isBroken = false;
  await store.resume();

  expect(error).toMatchObject({ code: 'COMMIT_IN_DOUBT', committed: 'unknown' });
  expect(meanwhile).toBe('unknown');
  expect(store.outcomeOf('second')).toBe('absent');
  expect([map.get('k'), store.outcomeOf('first')]).toEqual([1, 'committed']);
  expect(events.map(({ type }) => type)).toContain('resolved');
  await map.put('k', 3, { token: 'second' });
  expect(store.outcomeOf('second')).toBe('committed');
  await store.close();
});

test('a transaction whose sync failed is in doubt, and its token is absent once that is resolved', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const transaction = store.begin({ token: 't' });
  transaction.map(store.map('m')).put('k', 1);
  let failures = 0;
  disk.onCall = ({ kind }: PortCall) =>
    kind === 'sync' && failures++ === 0 ? { kind: 'fail', code: 'EIO' } : undefined;

  const error = await transaction.commit().catch((reason: unknown) => reason);
  disk.onCall = undefined;
  await store.flush();

  expect(error).toMatchObject({ code: 'COMMIT_IN_DOUBT' });
  expect(transaction.state).toBe('in-doubt');
  expect([store.outcomeOf('t'), store.map('m').has('k')]).toEqual(['absent', false]);
  await store.close();
});

test('the last 10,000 tokens are known, across checkpoints, and the oldest are forgotten', async () => {
  const fs = new MemoryFileSystem();
  let store = await Store.open(fs);
  const commit = (from: number, to: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_, i) => store.batch([], { token: `token ${from + i}` })),
    );
  await commit(0, 6000);
  await store.checkpoint();
  await commit(6000, TOKEN_COUNT_KEPT + 50);
  await store.close();
  store = await Store.open(fs);
  await store.checkpoint();
  await store.close();
  store = await Store.open(fs);

  const isKnown = (n: number) => store.outcomeOf(`token ${n}`) === 'committed';
  const known = Array.from({ length: TOKEN_COUNT_KEPT + 50 }, (_, n) => n).filter(isKnown);
  expect(known).toHaveLength(TOKEN_COUNT_KEPT);
  expect(known[0]).toBe(50);
  await store.close();
});
