/** Files that vanish, look whole and are not, or are damaged together: nothing is lost in silence. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { CorruptionError, Store } from '../../src/index.ts';
import { faultAt, type PortCall, SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';
import { contentOf } from '../support/workload.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(17));

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Each step of a life is a store of its own: closed, killed, opened again, with and without snapshots. */
async function* lives(): AsyncGenerator<{ name: string; disk: SimulatedDisk; content: string }> {
  const disk = new SimulatedDisk();
  for (let session = 1; session <= 3; session++) {
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    const stage = (name: string) => ({
      name: `session ${session}, ${name}`,
      disk: disk.afterKill(),
      content: contentOf(store),
    });
    await map.put(`k${session}`, session);
    await settled();
    yield stage('a commit, killed');
    if (session > 1) {
      await store.checkpoint();
      yield stage('a checkpoint, killed');
      await map.putSync(`again${session}`, session);
      await store.compact();
      await map.put(`later${session}`, session);
      await settled();
      yield stage('compacted, another commit, killed');
    }
    const content = contentOf(store);
    await store.close();
    yield { name: `session ${session}, closed`, disk: disk.afterKill(), content };
  }
}

test('any one file that vanishes is not needed, or is missed', async () => {
  const seen = { unharmed: 0, refused: 0 };
  for await (const { name, disk, content } of lives()) {
    for (const file of disk.names()) {
      const image = disk.clone();
      await image.remove(file);
      const found = await Store.open(image).catch((error: unknown) => error);
      const place = `${name}: without ${file}`;
      if (found instanceof Store) {
        expect(contentOf(found), place).toBe(content);
        await found.close();
        seen.unharmed++;
      } else {
        expect(found, place).toBeInstanceOf(CorruptionError);
        seen.refused++;
      }
    }
  }
  expect(seen.refused).toBeGreaterThan(10);
  expect(seen.unharmed).toBeGreaterThan(20);
});

test('the newest WAL of a store that was opened again is missed, and said to be missing', async () => {
  const disk = new SimulatedDisk();
  for (let session = 1; session <= 2; session++) {
    const store = await Store.open(disk);
    await store.map<number, number>('m').put(session, session);
    await store.close();
  }
  await disk.remove('2.wal');
  const before = disk.digest();

  const refusal = await Store.open(disk).catch((error: unknown) => error);

  expect(refusal).toMatchObject({ code: 'MISSING_FILE', file: '2.wal' });
  expect(disk.digest()).toBe(before);
  const rolledBack = await Store.open(disk, { recovery: 'point-in-time' });
  expect([...rolledBack.map('m').getKeys()]).toEqual([1]);
  expect(rolledBack.info.loss?.action).toBe('cut');
  await rolledBack.map<number, number>('m').put(3, 3);
  await rolledBack.close();
  const again = await Store.open(disk);
  expect([...again.map('m').getKeys()]).toEqual([1, 3]);
  await again.close();
});

test('a WAL whose header is gone is damage, also where no other file speaks of it', async () => {
  const disk = new SimulatedDisk();
  for (let session = 1; session <= 2; session++) {
    const store = await Store.open(disk);
    await store.map<number, number>('m').put(session, session);
    await store.close();
  }
  await disk.remove('2.head');
  disk.writeFile('2.wal', disk.readFile('2.wal').fill(0, 0, 8192));
  const before = disk.digest();

  await expect(Store.open(disk)).rejects.toMatchObject({ code: 'CORRUPT', file: '2.wal' });

  expect(disk.digest()).toBe(before);
});

test('the WAL behind a failed sync is missed too, though the one before could not name it', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<number, number>('m');
  await map.put(1, 1);
  let hasFailed = false;
  disk.onCall = (call) => {
    // The WAL behind the next one cannot be made: so no Switch record names the next one either.
    if (call.kind === 'open' && call.file === '3.wal') return { kind: 'fail', code: 'EIO' };
    if (call.kind !== 'sync' || hasFailed) return undefined;
    hasFailed = true;
    return { kind: 'sync', personality: 'ext4' };
  };
  await expect(map.put(2, 2)).rejects.toMatchObject({ code: 'COMMIT_IN_DOUBT' });
  await map.put(3, 3);
  await settled();
  const image = disk.afterKill();
  await image.remove('2.wal');

  await expect(Store.open(image)).rejects.toMatchObject({ code: 'MISSING_FILE', file: '2.wal' });

  disk.onCall = undefined;
  await store.close();
});

/** A kill right behind the n-th sync of a snapshot, which has failed. */
function killBehindFailedSync(
  nth: number,
): (call: PortCall) => ReturnType<ReturnType<typeof faultAt>> {
  let count = 0;
  let isFailed = false;
  return (call) => {
    if (isFailed) return { kind: 'crash' };
    if (call.kind !== 'sync' || !call.file?.endsWith('.snap')) return undefined;
    isFailed = ++count === nth;
    return isFailed ? { kind: 'sync', personality: 'ext4' } : undefined;
  };
}

test('a snapshot whose sync failed is not believed, however whole it looks after a kill', async () => {
  for (const nth of [1, 2]) {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<number, string>('m');
    for (let n = 0; n < 30; n++) await map.put(n, 'x'.repeat(300));
    disk.onCall = killBehindFailedSync(nth);
    await store.checkpoint().catch(() => undefined);
    expect(disk.isCrashed).toBe(true);

    const killed = disk.afterKill();
    const second = await Store.open(killed);
    expect(second.map('m').getCount()).toBe(30);
    await second.map<number, string>('m').put(30, 'y');
    await second.checkpoint();
    await second.map<number, string>('m').put(31, 'z');
    await second.checkpoint();

    for (const image of killed.powerLossImages({ limit: 20, seed: 5 })) {
      const found = await Store.open(image);
      expect(found.map('m').getCount(), `sync ${nth}`).toBe(32);
      expect((await found.verify()).damage).toEqual([]);
      await found.close();
    }
    await second.close();
  }
});

test('a snapshot that was finished is believed after a kill: nothing is replayed twice', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (let n = 0; n < 5; n++) await store.map<number, number>('m').put(n, n);
  await store.checkpoint();

  const found = await Store.open(disk.afterKill());

  expect(found.info.recovery).toMatchObject({ snapshot: 'sound', replayedCommits: 0, notes: [] });
  await found.close();
  await store.close();
});

test('a snapshot that nothing names is believed where nothing else leads to its state', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (let n = 0; n < 5; n++) await store.map<number, number>('m').put(n, n);
  disk.onCall = (call) => {
    const isWord = call.kind === 'write' && call.file === '2.wal' && (call.byteCount ?? 0) < 1000;
    return isWord ? { kind: 'fail', code: 'EIO' } : undefined;
  };
  await store.checkpoint();
  const image = disk.afterKill();
  const whole = await Store.open(image.clone());
  expect(whole.info.recovery).toMatchObject({ snapshot: 'none', replayedCommits: 5 });
  await whole.close();
  const without = image.clone();
  await without.remove('1.wal');
  const damaged = image.clone();
  damaged.flipBit('1.wal', 8192 + 70, 1);

  for (const left of [without, damaged]) {
    const found = await Store.open(left);

    expect(found.info.recovery).toMatchObject({ snapshot: 'sound', replayedCommits: 0 });
    expect(found.map('m').getCount()).toBe(5);
    await found.close();
  }
  disk.onCall = undefined;
  await store.close();
});

async function withDamagedCommit(before: readonly number[] = []): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (const n of before) await store.map<number, string>('m').put(n, 'x'.repeat(200));
  if (before.length > 0) await store.checkpoint();
  for (let n = 0; n < 6; n++) await store.map<number, string>('m').put(n, 'x'.repeat(200));
  await settled();
  const image = disk.afterKill();
  await store.close();
  image.flipBit(before.length > 0 ? '2.wal' : '1.wal', 8192 + 3 * 368 + 100, 1);
  return image;
}

test('a crash at any call of skip-corrupt leaves the damage or its report, never silence', async () => {
  const damaged = await withDamagedCommit();
  const calls = await (async () => {
    const image = damaged.clone();
    const store = await Store.open(image, { recovery: 'skip-corrupt' });
    expect(store.info.loss).toMatchObject({ action: 'skipped', commitsLost: 1 });
    expect(store.map('m').getCount()).toBe(5);
    await store.close();
    return image.callCount;
  })();
  const outcomes = { refused: 0, reported: 0 };
  for (let at = 0; at < calls; at++) {
    const image = damaged.clone();
    image.onCall = faultAt(at, { kind: 'crash' });
    await Store.open(image, { recovery: 'skip-corrupt' })
      .then((store) => store.close())
      .catch(() => undefined);
    if (!image.isCrashed) continue;
    for (const left of [image.afterKill(), ...image.powerLossImages({ limit: 4, seed: at })]) {
      const found = await Store.open(left).catch((error: unknown) => error);
      if (found instanceof Store) {
        expect(found.info.loss, `crash at call ${at}`).toMatchObject({ commitsLost: 1 });
        expect(found.map('m').getCount()).toBe(5);
        await found.close();
        outcomes.reported++;
      } else {
        expect(found, `crash at call ${at}`).toMatchObject({ code: 'CORRUPT' });
        outcomes.refused++;
      }
    }
  }
  expect(outcomes.refused).toBeGreaterThan(20);
  expect(outcomes.reported).toBeGreaterThan(5);
});

test('point-in-time keeps a copy of every damaged and every unused file, and knows how much was lost', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<number, number>('m');
  for (let n = 1; n <= 3; n++) await map.put(n, n);
  await store.checkpoint();
  for (let n = 4; n <= 6; n++) await map.put(n, n);
  await store.checkpoint();
  for (let n = 7; n <= 9; n++) await map.put(n, n);
  const last = store.info.sequence;
  await store.close();
  const snapshots = disk
    .names()
    .filter((name) => name.endsWith('.snap'))
    .sort();
  const wals = disk
    .names()
    .filter((name) => name.endsWith('.wal'))
    .sort();
  const newest = snapshots.at(-1) as string;
  const before = wals.at(-2) as string;
  disk.flipBit(newest, 530, 1);
  await disk.remove(before);
  const rotten = disk.readFile(newest);
  const unused = wals.at(-1) as string;
  const unusedBytes = disk.readFile(unused);

  const withoutNewest = disk.clone();
  await withoutNewest.remove(unused);
  const shorter = await Store.open(withoutNewest, { recovery: 'point-in-time' });
  expect(shorter.info.loss).toMatchObject({ firstLost: 4, lastSeen: 6, commitsLost: 3 });
  await shorter.close();

  const opened = await Store.open(disk, { recovery: 'point-in-time' });

  const { loss } = opened.info;
  expect([...opened.map('m').getKeys()]).toEqual([1, 2, 3]);
  expect(loss).toMatchObject({ action: 'cut', firstLost: 4, lastSeen: last, commitsLost: 6 });
  const copyOf = (name: string) => loss?.quarantine.find((copy) => copy.includes(`-${name}-`));
  expect(disk.readFile(copyOf(newest) as string)).toEqual(rotten);
  expect(disk.readFile(copyOf(unused) as string)).toEqual(unusedBytes);
  for (let n = 10; n < 13; n++) {
    await opened.map<number, number>('m').put(n, n);
    await opened.checkpoint();
  }
  expect(disk.readFile(copyOf(newest) as string)).toEqual(rotten);
  await opened.close();
  const again = await Store.open(disk);
  expect([...again.map('m').getKeys()]).toEqual([1, 2, 3, 10, 11, 12]);
  expect(again.info.loss?.id).toBe(loss?.id);
  await again.close();
});

test.each([[['other', 'more']], [['other']]])(
  'a snapshot that an open has given up does not come back under commits with the same numbers: %s',
  async (keys) => {
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    const map = store.map<string, number>('m');
    for (const key of ['first', 'lost', 'lost too']) {
      await map.put(key, 1);
      await store.checkpoint();
    }
    await store.close();
    const [, middle] = disk
      .names()
      .filter((name) => name.endsWith('.snap'))
      .sort();
    const sound = disk.readFile(middle as string);
    disk.flipBit(middle as string, 530, 1);
    await disk.remove('4.wal');
    const opened = await Store.open(disk, { recovery: 'point-in-time' });
    expect([...opened.map('m').getKeys()]).toEqual(['first']);
    for (const key of keys) await opened.map<string, number>('m').put(key, 2);
    await opened.close();

    // Somebody puts the sound file back where it was.
    disk.writeFile(middle as string, sound);
    const again = await Store.open(disk);

    expect([...again.map('m').getKeys()].sort()).toEqual(['first', ...keys].sort());
    await again.close();
  },
);

/** Commits 1 to 3 in one snapshot, 4 to 6 in the next one, which has rotted deep inside, 7 to 9 behind. */
async function withRottenSnapshot(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<number, number>('m');
  for (let n = 1; n <= 9; n++) {
    await map.put(n, n);
    if (n === 3 || n === 6) await store.checkpoint();
  }
  await store.close();
  const newest = disk
    .names()
    .filter((name) => name.endsWith('.snap'))
    .sort()
    .at(-1) as string;
  disk.flipBit(newest, 530, 1);
  return disk;
}

// An open that reads footers alone took the snapshot again.
test('a rotten snapshot that an open has given up is not taken again, by a mode that looks less closely', async () => {
  const disk = await withRottenSnapshot();
  const rotten = new Map(disk.names().map((name) => [name, disk.readFile(name)]));
  const opened = await Store.open(disk, { recovery: 'point-in-time' });
  expect(opened.info.recovery).toMatchObject({ snapshot: 'older', decision: 'open' });
  await opened.map<number, number>('m').put(10, 10);
  await opened.close();
  expect(disk.names().filter((name) => name.endsWith('.snap'))).toEqual(['3.snap']);
  // A removal may come undone.
  const image = disk.clone();
  image.writeFile('5.snap', rotten.get('5.snap') as Uint8Array);

  for (const left of [disk, image]) {
    const again = await Store.open(left);

    expect([...again.map('m').getKeys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const key of [11, 12]) {
      await again.map<number, number>('m').put(key, key);
      await again.checkpoint();
    }
    expect((await again.verify()).isSound).toBe(true);
    await again.close();
  }
});

test('a believed snapshot that nothing names is synced before anything is built on it', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<number, string>('m');
  for (let n = 0; n < 9; n++) {
    await map.put(n, 'x'.repeat(300));
    if (n % 3 === 2) await store.checkpoint();
  }
  let syncs = 0;
  disk.onCall = (call) =>
    call.kind === 'sync' && call.file?.endsWith('.snap') && ++syncs === 2
      ? { kind: 'crash' }
      : undefined;
  await store.compact().catch(() => undefined);
  const killed = disk.afterKill();
  await killed.remove('3.snap');

  const second = await Store.open(killed);
  await second.map<number, string>('m').put(9, 'acknowledged as durable');

  for (const image of killed.powerLossImages({ limit: 30, seed: 5 })) {
    const found = await Store.open(image);
    expect(found.map('m').getCount()).toBe(10);
    expect((await found.verify()).isSound).toBe(true);
    await found.close();
  }
  await second.close();
});

test('what skip-corrupt has written outlives a compaction, a full disk and the loss of its WAL', async () => {
  const compacted = await withDamagedCommit([10, 11, 12]);
  await compacted.remove('reserve');
  compacted.onCall = (call) =>
    call.kind === 'write' && call.file === 'reserve' ? { kind: 'fail', code: 'ENOSPC' } : undefined;
  const first = await Store.open(compacted, { recovery: 'skip-corrupt' });
  await first.compact();
  await first.compact();
  await first.close();
  compacted.onCall = undefined;
  const withoutWal = await withDamagedCommit();
  await (await Store.open(withoutWal, { recovery: 'skip-corrupt' })).close();
  await withoutWal.remove('3.wal');

  const again = await Store.open(compacted);
  const refusal = await Store.open(withoutWal).catch((error: unknown) => error);
  const rolledBack = await Store.open(withoutWal, { recovery: 'point-in-time' });

  expect(again.map('m').getCount()).toBe(8);
  expect(again.info.loss).toMatchObject({ commitsLost: 1 });
  expect(refusal).toMatchObject({ code: 'MISSING_FILE', file: '3.wal' });
  expect(rolledBack.map('m').getCount()).toBe(5);
  await again.close();
  await rolledBack.close();
});

test('a second loss adds to the report of the first, until somebody acknowledges it', async () => {
  const disk = await withDamagedCommit();
  const first = await Store.open(disk, { recovery: 'point-in-time' });
  const before = first.info.loss;
  await first.map<number, string>('m').put(50, 'y'.repeat(200));
  await first.map<number, string>('m').put(51, 'z'.repeat(200));
  await settled();
  const image = disk.afterKill();
  await first.close();
  image.flipBit('2.wal', 8192 + 100, 1);

  const second = await Store.open(image, { recovery: 'point-in-time' });

  const { loss } = second.info;
  expect(loss?.commitsLost).toBe((before?.commitsLost ?? 0) + 2);
  expect(loss?.damage.map(({ file }) => file)).toEqual(['2.wal', '1.wal']);
  expect(loss?.quarantine).toEqual(expect.arrayContaining([...(before?.quarantine ?? [])]));
  expect(loss?.quarantine.length).toBeGreaterThan(before?.quarantine.length ?? 0);
  await second.close();
});
