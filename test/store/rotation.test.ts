/** New WALs behind syncs that fail, half made, or damaged: what was logged again, and what was not. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { type LossReport, type OnewalError, Store } from '../../src/index.ts';
import { faultAt, type PortCall, SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(19));

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** The first sync of `file`, or of any, fails. */
function failFirstSync(file?: string) {
  let hasFailed = false;
  return (call: PortCall) => {
    const isMeant = call.kind === 'sync' && (file === undefined || call.file === file);
    if (!isMeant || hasFailed) return undefined;
    hasFailed = true;
    return { kind: 'sync', personality: 'ext4' } as const;
  };
}

async function keysOn(disk: SimulatedDisk): Promise<string[]> {
  const store = await Store.open(disk);
  const keys = [...store.map<string, unknown>('m').getKeys()];
  await store.close();
  return keys;
}

/**
 * `seen` is buffered, and the sync of the commit behind it fails; the store goes on in `2.wal`, which
 * no checkpoint follows.
 */
async function withLoggedAgain(): Promise<{ store: Store; disk: SimulatedDisk }> {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  await map.put('seen', 1, { durability: 'buffered' });
  const failFirst = failFirstSync();
  disk.onCall = (call) =>
    call.kind === 'open' && call.file === '3.wal' ? { kind: 'fail', code: 'EIO' } : failFirst(call);
  await expect(map.put('doubt', 2)).rejects.toMatchObject({ code: 'COMMIT_IN_DOUBT' });
  await map.put('after', 3);
  await settled();
  return { store, disk };
}

test('what readers have seen outlives a sync that fails behind it, and what is in doubt does not', async () => {
  const { store, disk } = await withLoggedAgain();

  expect([...store.map('m').getKeys()]).toEqual(['after', 'seen']);
  for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 20, seed: 1 })]) {
    expect(await keysOn(image)).toEqual(['after', 'seen']);
  }
  await store.close();
});

test('a crash at any call of a WAL that logs again leaves what was there', async () => {
  let images = 0;
  for (const afterBytes of [undefined, 300, 1500]) {
    for (let at = 0; ; at++) {
      const disk = await crashedInSecondWal(at, afterBytes);
      if (!disk.isCrashed) break;
      const place = `crash at call ${at} of the new WAL`;
      const keys = await keysOn(disk.afterKill());
      expect(keys, place).toEqual(expect.arrayContaining(['durable', 'seen', 'seen too']));
      for (const image of disk.powerLossImages({ limit: 16, seed: at })) {
        expect(await keysOn(image), place).toContain('durable');
        images++;
      }
    }
  }
  expect(images).toBeGreaterThan(100);
});

/** A crash at a call of the WAL in which the store goes on behind a failed sync. */
async function crashedInSecondWal(at: number, afterBytes?: number): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, string>('m');
  await map.put('durable', '');
  for (const key of ['seen', 'seen too']) {
    await map.put(key, 'x'.repeat(1000), { durability: 'buffered' });
  }
  const failFirst = failFirstSync();
  let count = 0;
  disk.onCall = (call) => {
    const isMeant = call.file === '2.wal' && (afterBytes === undefined || call.kind === 'write');
    if (!isMeant || count++ !== at) return failFirst(call);
    return afterBytes === undefined ? { kind: 'crash' } : { kind: 'crash', afterBytes };
  };
  await map.put('doubt', '').catch(() => undefined);
  await settled();
  return disk;
}

test('a checkpoint makes buffered commits durable where they are, and does not log them again', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('m').put('k', 'x'.repeat(100_000), { durability: 'buffered' });

  await store.checkpoint();

  expect(disk.readFile('1.wal').length).toBeGreaterThan(100_000);
  expect(disk.readFile('2.wal').length).toBeLessThan(10_000);
  await store.close();
});

test('commits that were logged again and are in the snapshot are not applied twice', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('first').put('k', 1, { durability: 'buffered' });
  await store.map('second').put('k', 2, { durability: 'buffered' });
  disk.onCall = failFirstSync('1.wal');
  await store.checkpoint();
  disk.onCall = undefined;
  const image = disk.afterKill();
  await image.remove('1.wal');

  const found = await Store.open(image);

  expect(disk.readFile('2.wal').length).toBeGreaterThan(8192 + 200);
  expect(found.info.recovery).toMatchObject({ decision: 'open', wal: 'clean', replayedCommits: 0 });
  expect([found.maps, found.info.sequence]).toEqual([['first', 'second'], 2]);
  await found.close();
  await store.close();
});

// Half a WAL that counts as the newest makes all that comes later in the WAL before it vanish.
test('where half a WAL could not be removed, nothing more is written to the one before', async () => {
  for (const failing of [
    ['syncDirectory', 'remove'],
    ['syncDirectory', 'syncDirectory'],
  ]) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    await map.put('before', 1);
    const left = [...failing];
    disk.onCall = ({ kind }) => {
      if (kind !== left[0]) return undefined;
      left.shift();
      return { kind: 'fail', code: 'EIO' };
    };
    const refusal = await store.checkpoint().catch((error: OnewalError) => error);
    expect(refusal, failing.join()).toMatchObject({ code: 'IO' });
    disk.onCall = undefined;
    const committed = await map.put('after', 2).then(
      () => 'yes',
      (error: OnewalError) => error.committed,
    );

    for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 30, seed: 1 })]) {
      const keys = await keysOn(image);
      expect(keys, failing.join()).toContain('before');
      expect(keys.includes('after'), failing.join()).toBe(committed === 'yes');
    }
    await store.resume().catch(() => undefined);
    await map.put('later', 3);
    await store.close();
    expect(await keysOn(disk)).toContain('later');
  }
});

test('damage to what a WAL has logged again is damage, not a WAL that was never finished', async () => {
  const { store, disk } = await withLoggedAgain();
  const image = disk.afterKill();
  await store.close();
  image.flipBit('2.wal', 8192 + 70, 1);
  const withoutWitness = image.clone();
  await withoutWitness.remove('2.head');

  for (const damaged of [image, withoutWitness]) {
    const before = damaged.digest();
    await expect(Store.open(damaged)).rejects.toMatchObject({
      code: 'CORRUPT',
      file: '2.wal',
      offset: 8192,
    });
    expect(damaged.digest()).toBe(before);
  }
});

test('a new WAL that does not read back as it was written is given up, and nothing is lost', async () => {
  for (const at of [100, 5000, 8192 + 70]) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    await map.put('seen', 1, { durability: 'buffered' });
    const failFirst = failFirstSync();
    let syncs = 0;
    disk.onCall = (call) => {
      // Behind the last sync of the new WAL.
      if (syncs === 2) disk.flipBit('2.wal', at, 1);
      if (syncs === 2 || (call.kind === 'sync' && call.file === '2.wal')) syncs++;
      return failFirst(call);
    };
    await map.put('doubt', 2).catch(() => undefined);
    await expect(map.put('refused', 3)).rejects.toMatchObject({ code: 'WRITES_DISABLED' });
    disk.onCall = undefined;
    await store.resume();
    await map.put('after', 3);

    expect(await keysOn(disk.afterKill()), `byte ${at}`).toEqual(['after', 'seen']);
    await store.close();
  }
});

test('the report of a loss goes from WAL to WAL until somebody acknowledges it', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (let n = 1; n <= 3; n++) await store.map<number, number>('m').put(n, n);
  await settled();
  const image = disk.afterKill();
  await store.close();
  image.flipBit('1.wal', 8192 + 70, 1);
  const opened = await Store.open(image, { recovery: 'point-in-time' });
  const { loss } = opened.info;
  for (let n = 1; n <= 3; n++) {
    await opened.map<number, number>('m').put(n, n);
    await opened.checkpoint();
  }

  const found = await Store.open(image.afterKill());

  expect(loss).toMatchObject({ action: 'cut', firstLost: 1 });
  expect(opened.info.generation).toBeGreaterThan(3);
  expect(found.info.loss).toEqual(loss);
  await found.close();
  await opened.close();
});

test('no report of a loss is there without its evidence, whenever the power is cut', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (let n = 1; n <= 3; n++) await store.map<number, string>('m').put(n, 'x'.repeat(500));
  await settled();
  const damaged = disk.afterKill();
  await store.close();
  damaged.flipBit('1.wal', 8192 + 70, 1);
  const evidence = damaged.readFile('1.wal').slice(8192);
  const outcomes = { refused: 0, reported: 0 };
  for (let at = 0; ; at++) {
    const image = damaged.clone();
    image.onCall = faultAt(at, { kind: 'crash' });
    const opened = await Store.open(image, { recovery: 'point-in-time' }).catch(() => undefined);
    for (const left of image.powerLossImages({ limit: 10, seed: at })) {
      const found = await Store.open(left).catch((error: unknown) => error);
      const { loss } = found instanceof Store ? found.info : {};
      if (loss === undefined) expect(found).toMatchObject({ code: 'CORRUPT' });
      else expectEvidence(left, loss, evidence);
      outcomes[loss === undefined ? 'refused' : 'reported']++;
      if (found instanceof Store) await found.close();
    }
    if (opened === undefined) continue;
    await opened.close().catch(() => undefined);
    break;
  }
  expect(outcomes.refused).toBeGreaterThan(10);
  expect(outcomes.reported).toBeGreaterThan(5);
});

function expectEvidence(disk: SimulatedDisk, loss: LossReport, evidence: Uint8Array): void {
  const [copy, report] = loss.quarantine as [string, string];
  expect(disk.names()).toEqual(expect.arrayContaining([copy, report]));
  expect(disk.readFile(copy)).toEqual(evidence);
  expect(new TextDecoder().decode(disk.readFile(report))).toContain(loss.id);
}

test('a snapshot is on the medium, name and all, when its checkpoint is done', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('m').put('k', 1);
  await store.checkpoint();
  const name = disk.names().find((found) => found.endsWith('.snap')) as string;

  for (const image of disk.powerLossImages({ limit: 40, seed: 1 })) {
    expect(image.names()).toContain(name);
    expect(image.readFile(name)).toEqual(disk.readFile(name));
  }
  await store.close();
});

test('what a checkpoint has removed does not come back after a power cut', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (let n = 1; n <= 3; n++) {
    await store.map<number, number>('m').put(n, n);
    await store.checkpoint();
  }

  const kept = (on: SimulatedDisk) =>
    on
      .names()
      .filter((name) => /\.(wal|snap)$/.test(name))
      .sort();
  for (const image of disk.powerLossImages({ limit: 40, seed: 1 })) {
    expect(kept(image)).toEqual(kept(disk));
  }
  await store.close();
});

test('a close syncs buffered commits before it says that all was well', async () => {
  for (const close of ['close', 'closeSync'] as const) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    await store.map('m').put('k', 1, { durability: 'buffered' });
    disk.onCall = (call) =>
      (call.kind === 'sync' || call.kind === 'syncNow') && call.file === '1.wal'
        ? { kind: 'fail', code: 'EIO' }
        : undefined;

    const error = await Promise.resolve()
      .then(() => store[close]())
      .catch((reason: unknown) => reason);

    expect(error, close).toMatchObject({ code: 'IO' });
  }
});

test.each([
  ['without anything to log again', ['durable']],
  ['with a buffered commit to log again', ['durable', 'seen']],
])('what a killed open had not synced, the next one does not build on: %s', async (_, keys) => {
  const disk = new SimulatedDisk();
  const first = await Store.open(disk);
  await first.map('m').put('durable', 1);
  await settled();
  if (keys.includes('seen')) await first.map('m').put('seen', 2, { durability: 'buffered' });
  let images = 0;
  for (let at = 0; ; at++) {
    const killed = disk.afterKill();
    killed.onCall = faultAt(at, { kind: 'crash' });
    const second = await Store.open(killed).catch(() => undefined);
    const again = killed.afterKill();
    const third = await Store.open(again);
    await third.map('m').put('after', 3);

    for (const image of again.powerLossImages({ limit: 10, seed: at })) {
      expect(await keysOn(image), `killed at call ${at}`).toEqual(['after', ...keys]);
      images++;
    }
    await third.close();
    if (second !== undefined) break;
  }
  expect(images).toBeGreaterThan(50);
});

test('the chain hash stays the same when what it stands for is logged again', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  const before = store.info.chain;
  await map.put('seen', 1, { durability: 'buffered' });
  const { sequence, chain } = store.info;
  expect(chain).not.toBe(before);
  const failFirst = failFirstSync();
  disk.onCall = (call) =>
    call.kind === 'open' && call.file === '3.wal' ? { kind: 'fail', code: 'EIO' } : failFirst(call);
  await map.put('doubt', 2).catch(() => undefined);

  await store.flush();

  expect(store.info).toMatchObject({ generation: 2, sequence, chain });
  const again = await Store.open(disk.afterKill(), { expectAtLeast: { sequence, chain } });
  expect(again.info.chain).toBe(chain);
  await again.close();
  await store.close();
});

test('a WAL that could not be settled is neither synced nor written any more', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('m').put('k', 1, { durability: 'buffered' });
  const touched: string[] = [];
  const failFirst = failFirstSync('1.wal');
  disk.onCall = (call) => {
    const fault = failFirst(call);
    const isTouch = call.kind === 'sync' || call.kind === 'write';
    if (fault === undefined && isTouch && call.file === '1.wal') touched.push(call.kind);
    return fault;
  };

  await store.checkpoint();

  expect(touched).toEqual([]);
  expect(await keysOn(disk.afterKill())).toEqual(['k']);
  await store.close();
});

test('the newest WAL has its witness after checkpoints, compactions and failed syncs', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const expectWitness = () =>
    expect(disk.names().filter((name) => name.endsWith('.head'))).toEqual([
      `${store.info.generation}.head`,
    ]);
  for (let n = 0; n < 3; n++) {
    await store.map<number, number>('m').put(n, n);
    await store.checkpoint();
    expectWitness();
  }
  await store.compact();
  expectWitness();
  disk.onCall = failFirstSync();
  await store
    .map('m')
    .put('doubt', 1)
    .catch(() => undefined);
  await store.checkpoint();
  expectWitness();
  await store.close();
});

test('blocking commits that meet a waiting checkpoint start one WAL in its place, not one each', async () => {
  for (let turns = 0; turns < 60; turns++) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<number, number>('m');
    await map.put(0, 0);
    const checkpoint = store.checkpoint().catch(() => undefined);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();

    for (let n = 1; n <= 10; n++) map.putSync(n, n);

    const wals = (await disk.list()).filter((name) => name.endsWith('.wal'));
    expect(wals.length, `after ${turns} turns`).toBeLessThanOrEqual(3);
    await checkpoint;
    await map.put(11, 11);
    await store.close();
    expect(await keysOn(disk)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  }
});

test('the WAL that is left is open until its end is on the medium', async () => {
  const disk = new SimulatedDisk({ syncTurns: 20 });
  const store = await Store.open(disk);
  await store.map('m').put('k', 1);
  await settled();
  const pendingAtClose: number[] = [];
  disk.onCall = ({ kind, file }) => {
    if (kind === 'close' && file === '1.wal') pendingAtClose.push(disk.pendingSectorCount);
    return undefined;
  };

  await store.checkpoint();

  expect(pendingAtClose).toEqual([0]);
  await store.close();
});
