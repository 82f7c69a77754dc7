/**
 * The host fails, once or for ever, at every call: what the store says of a commit is true on disk,
 * readers see only what is committed, and writes go on where they can.
 */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { OnewalError, type StorageError, Store, UsageError } from '../../src/index.ts';
import {
  type Fault,
  type FaultPlan,
  faultAt,
  faultFrom,
  type PortCall,
  SimulatedDisk,
  type SyncPersonality,
} from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(7));

const COUNT = 8;

interface Outcome {
  readonly committed: 'no' | 'yes' | 'unknown';
  readonly error?: unknown;
}

/** Commits `n` = 1 to COUNT, one after the other, with a checkpoint in the middle. */
async function commitAll(store: Store): Promise<Outcome[]> {
  const map = store.map<string, number>('numbers');
  const outcomes: Outcome[] = [];
  for (let n = 1; n <= COUNT; n++) {
    outcomes.push(await outcomeOf(map.put(`n${n}`, n)));
    if (n === COUNT / 2) await store.checkpoint().catch(() => undefined);
  }
  return outcomes;
}

async function outcomeOf(commit: Promise<unknown>): Promise<Outcome> {
  try {
    await commit;
    return { committed: 'yes' };
  } catch (error) {
    expect(error).toBeInstanceOf(OnewalError);
    return { committed: (error as OnewalError).committed ?? 'unknown', error };
  }
}

/** Every commit that was acknowledged is there, none that was refused is. */
function expectTruth(keys: readonly string[], outcomes: readonly Outcome[], place: string): void {
  for (const [i, { committed }] of outcomes.entries()) {
    const key = `n${i + 1}`;
    if (committed === 'yes') expect(keys, `${place}: ${key} was acknowledged`).toContain(key);
    if (committed === 'no') expect(keys, `${place}: ${key} was refused`).not.toContain(key);
  }
}

async function keysOn(disk: SimulatedDisk): Promise<string[]> {
  const store = await Store.open(disk);
  const keys = [...store.map<string, number>('numbers').getKeys()];
  expect((await store.verify()).damage).toEqual([]);
  await store.close();
  return keys;
}

async function callCount(): Promise<number> {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await commitAll(store);
  await store.close();
  return disk.callCount;
}

/** Runs the commits under `plan`, then looks at memory, at the disk after a kill, and after power loss. */
async function checkUnder(plan: FaultPlan, place: string): Promise<Outcome[]> {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  disk.onCall = plan;
  const outcomes = await commitAll(store);
  disk.onCall = undefined;
  const inMemory = [...store.map<string, number>('numbers').getKeys()];
  expectTruth(inMemory, outcomes, `${place}, memory`);
  for (const [i, { committed }] of outcomes.entries()) {
    if (committed === 'unknown') expect(inMemory, place).not.toContain(`n${i + 1}`);
  }
  expectTruth(await keysOn(disk.afterKill()), outcomes, `${place}, after a kill`);
  let images = 0;
  for (const image of disk.powerLossImages({ limit: 6, seed: 3 })) {
    if (images++ % 5 === 0)
      expectTruth(await keysOn(image), outcomes, `${place}, after power loss`);
  }
  await store.close();
  return outcomes;
}

const HOST_CODES = ['EIO', 'ENOSPC', 'EMFILE', 'EROFS'] as const;

describe.each(HOST_CODES)('%s', (code) => {
  test('at any one call leaves every answer true', async () => {
    const calls = await callCount();
    for (let at = 0; at < calls; at++) {
      await checkUnder(sinceOpen(faultAt, at, { kind: 'fail', code }), `${code} at call ${at}`);
    }
  }, 60_000);

  test('at all calls from any one on leaves every answer true', async () => {
    const calls = await callCount();
    for (let at = 0; at < calls; at += 2) {
      const plan = sinceOpen(faultFrom, at, { kind: 'fail', code });
      await checkUnder(plan, `${code} from call ${at} on`);
    }
  }, 60_000);
});

/** Calls are counted from after the open. */
function sinceOpen(
  place: (index: number, fault: Fault) => FaultPlan,
  at: number,
  fault: Fault,
): FaultPlan {
  let first: number | undefined;
  return (call: PortCall) => {
    first ??= call.index;
    return place(at, fault)({ ...call, index: call.index - first });
  };
}

test.each([0, 1, 7, 63])(
  'writes that take only %i bytes at a time are completed',
  async (byteCount) => {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    let previous = 'write';
    disk.onCall = (call) => {
      const isShort = call.kind === 'write' && (byteCount > 0 || previous !== 'zero');
      previous = isShort ? 'zero' : 'write';
      return isShort && (call.byteCount ?? 0) > byteCount
        ? { kind: 'short', byteCount }
        : undefined;
    };

    const outcomes = await commitAll(store);

    expect(outcomes.every(({ committed }) => committed === 'yes')).toBe(true);
    expect(await keysOn(disk.afterKill())).toHaveLength(COUNT);
  },
);

test.each([1, 7, 63])(
  'reads that give only %i bytes at a time are completed',
  async (byteCount) => {
    const disk = new SimulatedDisk();
    disk.onCall = ({ kind }) => (kind === 'read' ? { kind: 'short', byteCount } : undefined);
    const store = await Store.open(disk);

    const outcomes = await commitAll(store);
    await store.close();
    const again = await Store.open(disk);

    expect(outcomes.every(({ committed }) => committed === 'yes')).toBe(true);
    expect([...again.map('numbers').getKeys()]).toHaveLength(COUNT);
    expect((await again.verify()).damage).toEqual([]);
    await again.close();
  },
);

test('one commit that asks for a sync is synced, with the buffered ones of its group', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('numbers');

  const commits = await Promise.all([
    map.put('n1', 1, { durability: 'buffered' }),
    map.put('n2', 2),
    map.put('n3', 3, { durability: 'buffered' }),
  ]);

  expect(commits.map(({ durable }) => durable)).toEqual([true, true, true]);
  for (const image of disk.powerLossImages({ limit: 10, seed: 1 })) {
    expect(await keysOn(image)).toEqual(['n1', 'n2', 'n3']);
  }
  await store.close();
});

test('a host that takes nothing for ever is an I/O error, not a hang', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  disk.onCall = (call) => (call.kind === 'write' ? { kind: 'short', byteCount: 0 } : undefined);

  const { committed, error } = await outcomeOf(store.map('numbers').put('n1', 1));

  expect(committed).toBe('no');
  expect((error as StorageError).code).toBe('IO');
});

describe.each<SyncPersonality>(['ext4', 'btrfs', 'delayed'])(
  'a sync that fails as on %s',
  (personality) => {
    test('leaves the commit in doubt, rolls it back, and the store goes on without a restart', async () => {
      const disk = new SimulatedDisk();
      const store = await Store.open(disk);
      const map = store.map<string, number>('numbers');
      await map.put('before', 0);
      let hasFailed = false;
      disk.onCall = (call) => {
        if (call.kind !== 'sync' || hasFailed) return undefined;
        hasFailed = true;
        return { kind: 'sync', personality };
      };
      const first = await outcomeOf(map.put('n1', 1));
      const second = personality === 'delayed' ? await outcomeOf(map.put('n2', 2)) : first;

      expect(second.committed).toBe('unknown');
      expect((second.error as StorageError).code).toBe('COMMIT_IN_DOUBT');

      await map.put('n3', 3);
      expect(map.has('n3')).toBe(true);
      expect(map.has(personality === 'delayed' ? 'n2' : 'n1')).toBe(false);
      const keys = await keysOn(disk.afterKill());
      expect(keys).toContain('n3');
      expect(keys).not.toContain(personality === 'delayed' ? 'n2' : 'n1');
      for (const image of disk.powerLossImages({ limit: 8, seed: 1 })) {
        const found = await keysOn(image);
        expect(found).toContain('before');
        expect(found).toContain('n3');
      }
      await store.close();
    });

    test('is never tried again on the same file', async () => {
      const disk = new SimulatedDisk();
      const store = await Store.open(disk);
      const synced: string[] = [];
      let failed: string | undefined;
      disk.onCall = (call) => {
        if (call.kind !== 'sync' && call.kind !== 'syncNow' && call.kind !== 'write')
          return undefined;
        if (failed !== undefined) synced.push(call.file ?? '');
        if (call.kind !== 'sync' || failed !== undefined) return undefined;
        failed = call.file;
        return { kind: 'sync', personality: 'ext4' };
      };

      await outcomeOf(store.map('numbers').put('n1', 1));
      await store.map('numbers').put('n2', 2);
      await store.checkpoint();
      await store.close();

      expect(failed).toMatch(/wal$/);
      expect(synced).not.toContain(failed);
    });
  },
);

test('when no new generation can be started writes are disabled, reads go on, and resume brings them back', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('numbers');
  await map.put('n1', 1);
  disk.onCall = (call) => {
    if (call.kind === 'sync' || call.kind === 'open') return { kind: 'fail', code: 'EIO' };
    return undefined;
  };
  await outcomeOf(map.put('n2', 2));

  const refused = await outcomeOf(map.put('n3', 3));

  expect(refused.committed).toBe('no');
  expect((refused.error as StorageError).code).toBe('WRITES_DISABLED');
  expect((refused.error as StorageError).writesDisabled).toBe(true);
  expect(map.get('n1')).toBe(1);
  await expect(store.resume()).rejects.toMatchObject({ code: 'IO' });
  disk.onCall = undefined;
  await store.resume();
  await map.put('n4', 4);
  expect([...map.getKeys()]).toEqual(['n1', 'n4']);
  await store.close();
  expect(await keysOn(disk)).toEqual(['n1', 'n4']);
});

test('an open that fails at any call changes nothing that counts', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await commitAll(store);
  await store.close();
  const calls = await openCalls(disk);
  for (let at = 0; at < calls; at++) {
    const image = disk.clone();
    image.onCall = faultAt(at, { kind: 'fail', code: 'EIO' });
    const error = await Store.open(image).then(
      (opened) => opened.close(),
      (refusal: unknown) => refusal,
    );
    image.onCall = undefined;
    if (error !== undefined) expect(error).toBeInstanceOf(OnewalError);
    expect(await keysOn(image.afterKill()), `EIO at call ${at} of the open`).toHaveLength(COUNT);
  }
});

async function openCalls(disk: SimulatedDisk): Promise<number> {
  const image = disk.clone();
  await (await Store.open(image)).close();
  return image.callCount;
}

test('blocking commits keep their promises beside waiting ones', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('numbers');

  const waiting = [map.put('n1', 1), map.put('n2', 2)];
  await Promise.resolve();
  await Promise.resolve();
  const third = map.putSync('n3', 3);
  const after = map.put('n4', 4);

  expect(map.get('n1')).toBe(1);
  expect(third.durable).toBe(true);
  const commits = await Promise.all([...waiting, after]);
  expect(commits.map(({ sequence }) => sequence)).toEqual([1, 2, 4]);
  for (const image of disk.powerLossImages({ limit: 8, seed: 1 })) {
    expect(await keysOn(image)).toEqual(['n1', 'n2', 'n3', 'n4']);
  }
  await store.close();
});

test('a blocking commit while a checkpoint waits overtakes it and loses nothing', async () => {
  for (let turns = 0; turns < 60; turns++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('numbers');
    await map.put('n1', 1);
    const checkpoint = store.checkpoint();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();

    map.putSync('n2', 2);

    for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 1, seed: 1 })].slice(
      0,
      3,
    )) {
      expect(await keysOn(image), `after ${turns} turns`).toEqual(['n1', 'n2']);
    }
    await checkpoint;
    await store.close();
    expect(await keysOn(disk)).toEqual(['n1', 'n2']);
  }
});

// The WAL that a failed first sync had left behind was removed as not needed, and then missed.
test('a store whose very first commit failed to sync is opened again', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  let hasFailed = false;
  disk.onCall = (call) => {
    if (call.kind !== 'sync' || hasFailed) return undefined;
    hasFailed = true;
    return { kind: 'sync', personality: 'ext4' };
  };
  expect((await outcomeOf(store.map('numbers').put('n1', 1))).committed).toBe('unknown');
  await store.map('numbers').put('n2', 2);
  await store.checkpoint();
  const image = disk.afterKill();
  await store.close();

  expect(await keysOn(disk)).toEqual(['n2']);
  await image.remove(image.names().find((name) => name.endsWith('.snap')) as string);
  expect(await keysOn(image)).toEqual(['n2']);
});

test('commits whose group was written in part are refused, and never come back', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('numbers');
  await map.put('before', 0);
  let writeCount = 0;
  disk.onCall = (call) => {
    if (call.kind !== 'write' || !call.file?.endsWith('.wal')) return undefined;
    writeCount++;
    // All of the first commit and some of the second arrive, then the device fails.
    if (writeCount === 1) return { kind: 'short', byteCount: (call.byteCount ?? 0) - 8 };
    return writeCount === 2 ? { kind: 'fail', code: 'EIO' } : undefined;
  };

  const outcomes = await Promise.all([outcomeOf(map.put('n1', 1)), outcomeOf(map.put('n2', 2))]);

  expect(outcomes.map(({ committed }) => committed)).toEqual(['no', 'no']);
  disk.onCall = undefined;
  expect(await keysOn(disk.afterKill())).toEqual(['before']);
  for (const image of disk.powerLossImages({ limit: 50, seed: 1 })) {
    expect(await keysOn(image)).toEqual(['before']);
  }
  await map.put('n3', 3);
  expect(await keysOn(disk.afterKill())).toEqual(['before', 'n3']);
  await store.close();
});

test('a write that failed is cut off again, and the same WAL goes on', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, string>('numbers');
  await map.put('before', '');
  await new Promise((resolve) => setImmediate(resolve));
  const { length } = disk.readFile('1.wal');
  let hasFailed = false;
  disk.onCall = ({ kind }) => {
    if (kind !== 'write' || hasFailed) return undefined;
    hasFailed = true;
    return { kind: 'fail', code: 'EIO' };
  };

  expect((await outcomeOf(map.put('n1', 'x'.repeat(1000)))).committed).toBe('no');

  expect(disk.readFile('1.wal')).toHaveLength(length);
  await map.put('n2', '');
  expect(store.info.generation).toBe(1);
  expect(await keysOn(disk.afterKill())).toEqual(['before', 'n2']);
  await store.close();
});

test('where what was written in part cannot be cut off either, the store goes on without it', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('numbers');
  await map.put('before', 0);
  let writeCount = 0;
  disk.onCall = (call) => {
    if (call.kind === 'truncate') return { kind: 'fail', code: 'EIO' };
    if (call.kind !== 'write' || call.file !== '1.wal') return undefined;
    writeCount++;
    if (writeCount === 1) return { kind: 'short', byteCount: (call.byteCount ?? 0) - 8 };
    return writeCount === 2 ? { kind: 'fail', code: 'EIO' } : undefined;
  };

  const outcomes = await Promise.all([outcomeOf(map.put('n1', 1)), outcomeOf(map.put('n2', 2))]);

  expect(outcomes.map(({ committed }) => committed)).toEqual(['no', 'no']);
  for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 20, seed: 1 })]) {
    expect(await keysOn(image)).toEqual(['before']);
  }
  await map.put('n3', 3);
  expect(await keysOn(disk.afterKill())).toEqual(['before', 'n3']);
  await store.close();
});

test('a commit that can neither be written whole nor undone is unknown', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('numbers');
  await map.put('before', 0);
  let writeCount = 0;
  disk.onCall = (call) => {
    if (call.kind === 'truncate' || call.kind === 'open') return { kind: 'fail', code: 'EIO' };
    if (call.kind !== 'write' || call.file !== '1.wal') return undefined;
    writeCount++;
    if (writeCount === 1) return { kind: 'short', byteCount: (call.byteCount ?? 0) - 8 };
    return { kind: 'fail', code: 'EIO' };
  };

  const outcomes = await Promise.all([outcomeOf(map.put('n1', 1)), outcomeOf(map.put('n2', 2))]);

  expect(outcomes.map(({ committed }) => committed)).toEqual(['unknown', 'unknown']);
  expect([...map.getKeys()]).toEqual(['before']);
  expect(await keysOn(disk.afterKill())).toEqual(['before', 'n1']);
  disk.onCall = undefined;
  await store.resume();
  expect(await keysOn(disk.afterKill())).toEqual(['before']);
  await store.close();
});

test('what a blocking caller writes beside a sync does not count as synced by it', async () => {
  for (let turns = 0; turns < 12; turns++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('numbers');
    const waiting = map.put('n1', 1);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    map.putSync('n2', 2, { durability: 'buffered' });
    await waiting;

    await store.flush();

    for (const image of disk.powerLossImages({ limit: 6, seed: 1 })) {
      expect(await keysOn(image), `after ${turns} turns`).toEqual(['n1', 'n2']);
    }
    await store.close();
  }
});

test('a snapshot that does not read back as it was written is given up, and nothing is lost', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('numbers');
  await map.put('n1', 1);
  const before = disk.names();
  disk.onCall = (call) => {
    const name = disk.names().find((found) => found.endsWith('.snap'));
    if (call.kind === 'syncDirectory' && name !== undefined) disk.flipBit(name, 530, 2);
    return undefined;
  };

  await expect(store.checkpoint()).rejects.toMatchObject({ code: 'IO', retryable: true });

  disk.onCall = undefined;
  expect(disk.names().filter((name) => name.endsWith('.snap'))).toEqual([]);
  expect(before).toContain('1.wal');
  await map.put('n2', 2);
  await store.checkpoint();
  await store.close();
  expect(await keysOn(disk)).toEqual(['n1', 'n2']);
});

test('writes that wait for the reserve keep their place before blocking ones', async () => {
  for (let turns = 0; turns < 40; turns++) {
    const disk = new SimulatedDisk();
    disk.onCall = (call) =>
      call.kind === 'open' && call.file === 'reserve' ? { kind: 'fail', code: 'EIO' } : undefined;
    const store = await Store.open(disk);
    disk.onCall = undefined;
    const map = store.map<string, number>('numbers');
    const first = map.put('n1', 1);
    const gone = map.remove('n0');
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();

    const second = map.putSync('n1', 2);

    expect(map.get('n1'), `after ${turns} turns`).toBe(2);
    expect((await first).sequence).toBeLessThan(second.sequence);
    await gone;
    expect(map.get('n1')).toBe(2);
    await store.close();
  }
});

test('deletions that give up the reserve keep their place too', async () => {
  for (let turns = 0; turns < 40; turns++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('numbers');
    await map.put('n1', 1);
    const used = disk.names().reduce((size, name) => size + disk.readFile(name).length, 0);
    disk.capacity = used;
    const removed = map.remove('n1');
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();

    map.removeSync('n2');

    expect(map.has('n1'), `after ${turns} turns`).toBe(false);
    await removed;
    disk.capacity = undefined;
    await store.close();
    expect(await keysOn(disk)).toEqual([]);
  }
});

test('a close says so when buffered commits could not be made durable', async () => {
  for (const close of ['close', 'closeSync'] as const) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('numbers');
    await map.put('n1', 1, { durability: 'buffered' });
    disk.onCall = (call) =>
      ['sync', 'syncNow', 'open'].includes(call.kind) ? { kind: 'fail', code: 'EIO' } : undefined;
    await outcomeOf(map.put('n2', 2));
    expect((await outcomeOf(map.put('n3', 3))).error).toMatchObject({ code: 'WRITES_DISABLED' });
    expect(map.has('n1')).toBe(true);

    const error = await Promise.resolve()
      .then(() => store[close]())
      .catch((reason: unknown) => reason);

    expect(error, close).toMatchObject({ code: 'IO' });
    disk.onCall = undefined;
    const again = await Store.open(disk);
    await again.close();
  }
});

test('a blocking commit beside a sync that fails is durable all the same', async () => {
  for (let turns = 0; turns < 30; turns++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, string>('numbers');
    await map.put('before', '');
    let hasFailed = false;
    disk.onCall = (call) => {
      if (call.kind !== 'sync' || hasFailed) return undefined;
      hasFailed = true;
      return { kind: 'sync', personality: 'ext4' };
    };
    const waiting = outcomeOf(map.put('n1', 'x'.repeat(3000)));
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();

    map.putSync('n2', 'y'.repeat(3000));

    const { committed } = await waiting;
    await new Promise((resolve) => setImmediate(resolve));
    await store.flush();
    for (const image of disk.powerLossImages({ limit: 6, seed: 1 })) {
      const keys = await keysOn(image);
      expect(keys, `after ${turns} turns`).toContain('n2');
      expect(keys.includes('n1'), `after ${turns} turns`).toBe(committed === 'yes');
    }
    await store.close();
  }
});

test('a blocking close beside a sync that fails leaves everything durable', async () => {
  for (let turns = 0; turns < 12; turns++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, string>('numbers');
    await map.put('before', '');
    let hasFailed = false;
    disk.onCall = (call) => {
      if (call.kind !== 'sync' || hasFailed) return undefined;
      hasFailed = true;
      return { kind: 'sync', personality: 'ext4' };
    };
    const waiting = outcomeOf(map.put('n1', 'x'.repeat(3000)));
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();

    store.closeSync();

    const { committed } = await waiting;
    for (const image of disk.powerLossImages({ limit: 6, seed: 1 })) {
      const keys = await keysOn(image);
      expect(keys.includes('n1'), `after ${turns} turns`).toBe(committed === 'yes');
    }
  }
});

test('what verify cannot read it reports as an error of ours', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('numbers').put('n1', 1);
  await store.checkpoint();
  for (const kind of ['read', 'open'] as const) {
    disk.onCall = (call) => (call.kind === kind ? { kind: 'fail', code: 'EIO' } : undefined);

    await expect(store.verify()).rejects.toMatchObject({ name: 'StorageError', code: 'IO' });
  }
  disk.onCall = undefined;
  await store.close();
});

test('what a failed sync has thrown away is no damage to verify', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, string>('numbers');
  await map.put('n1', 'x');
  disk.onCall = (call) => {
    if (call.kind === 'open') return { kind: 'fail', code: 'EIO' };
    return call.kind === 'sync' ? { kind: 'sync', personality: 'btrfs' } : undefined;
  };
  await outcomeOf(map.put('n2', 'y'.repeat(2000)));
  expect((await outcomeOf(map.put('n3', 'z'))).error).toMatchObject({ code: 'WRITES_DISABLED' });
  disk.onCall = undefined;

  expect((await store.verify()).damage).toEqual([]);

  await store.resume();
  await map.put('n4', 'w');
  await store.close();
  expect(await keysOn(disk)).toEqual(['n1', 'n4']);
});

// The watermark of the distrusted WAL moved on to a commit that had been rolled back.
test('a sync that succeeds late says nothing of a WAL whose other sync has failed', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('numbers');
  await map.put('n1', 1);
  const waiting = outcomeOf(map.put('n2', 2));
  await Promise.resolve();
  await Promise.resolve();
  disk.onCall = ({ kind }) => {
    if (kind === 'syncNow') return { kind: 'sync', personality: 'alone' };
    return kind === 'open' ? { kind: 'fail', code: 'EMFILE' } : undefined;
  };

  expect(() => map.putSync('n3', 3)).toThrow(expect.objectContaining({ committed: 'no' }));

  expect((await waiting).committed).toBe('unknown');
  await new Promise((resolve) => setImmediate(resolve));
  disk.onCall = undefined;
  await store.resume();
  for (const n of [4, 5]) await map.put(`n${n}`, n);
  expect(await keysOn(disk.afterKill())).toEqual(['n1', 'n4', 'n5']);
  await store.close();
});

// It was hidden by what the release threw, an error of the host as it was.
test('an open says why it failed also when the lock cannot be released then', async () => {
  const disk = new SimulatedDisk();
  disk.onCall = ({ kind }) =>
    kind === 'list' || kind === 'release' ? { kind: 'fail', code: 'EACCES' } : undefined;

  const failure = await Store.open(disk).catch((error: unknown) => error);

  expect(failure).toMatchObject({ code: 'PERMISSION', cause: { message: 'EACCES: list' } });
});

test('a WAL is left once, also where its sync has failed for two who waited for it', async () => {
  const disk = new SimulatedDisk();
  const messages: string[] = [];
  const store = await Store.open(disk, {
    logger: ({ type, message }) => void (type === 'resolved' && messages.push(message)),
  });
  const map = store.map<string, number>('numbers');
  await map.put('n1', 1);
  disk.onCall = ({ kind, file }) => {
    if (file !== '1.wal') return undefined;
    if (kind === 'sync') return { kind: 'sync', personality: 'ext4' };
    return kind === 'syncNow' ? { kind: 'sync', personality: 'alone' } : undefined;
  };
  const waiting = outcomeOf(map.put('n2', 2));
  await Promise.resolve();
  await Promise.resolve();

  map.putSync('n3', 3);

  expect((await waiting).committed).toBe('unknown');
  await store.flush();
  await new Promise((resolve) => setImmediate(resolve));
  expect(messages).toEqual(['writes go on in a new WAL generation']);
  await store.close();
  expect(await keysOn(disk)).toEqual(['n1', 'n3']);
});

test('a new WAL that fails after a blocking commit has started another one disables nothing', async () => {
  const disk = new SimulatedDisk({ syncTurns: 10 });
  const errors: unknown[] = [];
  const store = await Store.open(disk, { logger: ({ error }) => errors.push(error) });
  const map = store.map<string, number>('numbers');
  await map.put('n1', 1);
  let isBegun = false;
  disk.onCall = ({ kind, file }) => {
    if (kind !== 'sync' || (file !== '1.wal' && file !== '2.wal')) return undefined;
    isBegun ||= file === '2.wal';
    return { kind: 'sync', personality: 'ext4' };
  };
  const waiting = outcomeOf(map.put('n2', 2));
  for (let turn = 0; !isBegun && turn < 1000; turn++) await Promise.resolve();

  map.putSync('n3', 3);

  expect(isBegun).toBe(true);
  expect((await waiting).committed).toBe('unknown');
  await map.put('n4', 4);
  expect(errors.filter((error) => error !== undefined)).toEqual([]);
  await store.close();
  expect(await keysOn(disk)).toEqual(['n1', 'n3', 'n4']);
});

test('that writes are disabled is said once', async () => {
  const disk = new SimulatedDisk();
  const errors: unknown[] = [];
  const store = await Store.open(disk, {
    logger: ({ type, error }) => void (type === 'error' && errors.push(error)),
  });
  disk.onCall = ({ kind }) =>
    kind === 'sync' || kind === 'open' ? { kind: 'fail', code: 'EIO' } : undefined;

  await outcomeOf(store.map('numbers').put('n1', 1));
  await new Promise((resolve) => setImmediate(resolve));

  expect(errors).toEqual([expect.objectContaining({ code: 'IO', writesDisabled: true })]);
  disk.onCall = undefined;
  await store.close();
});

test('a host that refuses a write with an error of ours gets it through to the caller', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('numbers');
  await map.put('n1', 1);
  await new Promise((resolve) => setImmediate(resolve));
  const refusal = new UsageError('CLOSED', 'this host was shut', { committed: 'no' });
  disk.onCall = ({ kind }) => {
    if (kind === 'write') throw refusal;
    return undefined;
  };

  const answers: unknown[] = [];
  map.put('n2', 2).catch((error: unknown) => answers.push(error));
  await new Promise((resolve) => setImmediate(resolve));

  expect(answers).toEqual([refusal]);
  disk.onCall = undefined;
  await map.put('n3', 3);
  await store.close();
  expect(await keysOn(disk)).toEqual(['n1', 'n3']);
});

// An error was reported of a rotation that the closed store had refused.
test('a sync that fails behind a blocking close reports nothing of a store that is closed', async () => {
  const disk = new SimulatedDisk({ syncTurns: 10 });
  const types: string[] = [];
  const store = await Store.open(disk, { logger: ({ type }) => types.push(type) });
  const map = store.map<string, number>('numbers');
  await map.put('n1', 1);
  disk.onCall = ({ kind }) =>
    kind === 'sync' ? { kind: 'sync', personality: 'alone' } : undefined;
  const waiting = outcomeOf(map.put('n2', 2));
  await Promise.resolve();
  await Promise.resolve();

  store.closeSync();

  expect((await waiting).committed).toBe('yes');
  await new Promise((resolve) => setImmediate(resolve));
  expect(types.at(-1)).toBe('closed');
  expect(await keysOn(disk.afterKill())).toEqual(['n1', 'n2']);
});
