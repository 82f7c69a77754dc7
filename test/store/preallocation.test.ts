/** Zeros that stand ready behind a WAL's last frame: what they save, and what they must not cost. */
import { beforeAll, describe, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { type Fault, type PortCall, SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

const ZEROS_AHEAD = 16 << 10;

beforeAll(() => checksumReady);

describe('a host with preallocation', () => {
  test('syncs a WAL that has not grown, but for one commit in many', async () => {
    const disk = new SimulatedDisk({ preallocation: ZEROS_AHEAD });
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    const sizes = new Set<number>();
    for (let i = 0; i < 200; i++) {
      await map.put(`key ${i}`, i);
      sizes.add(walSize(disk));
    }

    expect(sizes.size).toBeLessThan(10);
    expect(store.info.preallocation).toBe(ZEROS_AHEAD);
    await store.close();
  });

  test('holds the same commits after a kill, a close and another open', async () => {
    const disk = new SimulatedDisk({ preallocation: ZEROS_AHEAD });
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    for (let i = 0; i < 30; i++) await map.put(`key ${i}`, i);
    const killed = await Store.open(disk.afterKill());

    expect(killed.info.sequence).toBe(30);
    expect(keyCount(killed.map('m'))).toBe(30);
    expect((await killed.verify()).damage).toEqual([]);
    await killed.close();
    await store.close();
  });

  test('leaves no zeros behind a close, a checkpoint or a large commit', async () => {
    const disk = new SimulatedDisk({ preallocation: ZEROS_AHEAD });
    const bare = new SimulatedDisk();
    for (const each of [disk, bare]) {
      useSeededHost(1);
      const store = await Store.open(each);
      await store.map('m').put('a', 1);
      await store.checkpoint();
      await store.map('m').put('large', 'x'.repeat(100_000));
      expect(walSize(each)).toBeLessThan(8192 + 101_000);
      await store.map('m').put('b', 2);
      await store.close();
    }

    expect(disk.usedByteCount).toBe(bare.usedByteCount);
  });

  test('gives the room of its zeros to the next WAL', async () => {
    const disk = new SimulatedDisk({ preallocation: ZEROS_AHEAD });
    const store = await Store.open(disk);
    await store.map('m').put('a', 1);
    const sizeWithZeros = walSize(disk);
    const sizesAtCreation: number[] = [];
    disk.onCall = ({ kind, file = '' }) => {
      if (kind === 'open' && file.endsWith('.wal')) sizesAtCreation.push(walSize(disk));
      return undefined;
    };
    await store.checkpoint();

    expect(sizesAtCreation[0]).toBeLessThan(sizeWithZeros - 8000);
    await store.close();
  });

  test('takes no more of a small store than it has', async () => {
    const disk = new SimulatedDisk({ preallocation: 1 << 20 });
    const store = await Store.open(disk);
    await store.map('m').put('a', 1);

    expect(walSize(disk)).toBeLessThan(20 << 10);
    await store.close();
  });

  test.each([
    ['no room', { kind: 'fail', code: 'ENOSPC' }],
    ['an error', { kind: 'fail', code: 'EIO' }],
    ['room for a part', { kind: 'short', byteCount: 5000 }],
  ] as [string, Fault][])('with %s for the zeros commits without them', async (_, fault) => {
    const disk = new SimulatedDisk({ preallocation: ZEROS_AHEAD });
    const store = await Store.open(disk);
    let zeroWrites = 0;
    disk.onCall = ({ kind, byteCount = 0 }: PortCall) => {
      if (kind !== 'write' || byteCount < 3000) return undefined;
      zeroWrites++;
      return zeroWrites === 1 ? fault : { kind: 'fail', code: 'ENOSPC' };
    };
    for (let i = 0; i < 5; i++) await store.map('m').put(`key ${i}`, i);

    expect(zeroWrites).toBeGreaterThan(0);
    expect(zeroWrites).toBeLessThan(3);
    expect(walSize(disk)).toBeLessThan(8192 + 2000);
    disk.onCall = undefined;
    await store.close();
    const again = await Store.open(disk);
    expect(keyCount(again.map('m'))).toBe(5);
    await again.close();
  });

  test('takes as many commits on a small disk as one without, and deletions behind them', async () => {
    const counts: number[][] = [];
    for (const options of [{}, { preallocation: ZEROS_AHEAD }]) {
      const taken: number[] = [];
      for (let capacity = 90_000; capacity < 130_000; capacity += 4000) {
        taken.push(await commitsUntilFull(new SimulatedDisk({ capacity, ...options })));
      }
      counts.push(taken);
    }

    expect(counts[1]).toEqual(counts[0]);
    expect(Math.max(...(counts[0] ?? []))).toBeGreaterThan(20);
  });
});

async function commitsUntilFull(disk: SimulatedDisk): Promise<number> {
  useSeededHost(2);
  const store = await Store.open(disk, { checkpointBytes: 1 << 20 });
  const map = store.map<string, string>('m');
  let taken = 0;
  try {
    for (;;) {
      await map.put(`key ${taken}`, 'x'.repeat(400));
      taken++;
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'DISK_FULL', committed: 'no' });
  }
  if (taken > 0) await map.remove('key 0');
  expect(keyCount(map)).toBe(Math.max(0, taken - 1));
  await store.close();
  return taken;
}

function keyCount(map: { getKeys(): Iterable<unknown> }): number {
  return [...map.getKeys()].length;
}

function walSize(disk: SimulatedDisk): number {
  const newest = disk
    .names()
    .filter((name) => name.endsWith('.wal'))
    .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10))[0];
  return disk.readFile(newest ?? '').length;
}
