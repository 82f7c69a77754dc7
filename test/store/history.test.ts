/** Which files an open takes, which it misses, and which it removes. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store, type StoreEvent } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(29));

const settled = () => new Promise((resolve) => setImmediate(resolve));
const MODES = ['safe', 'strict', 'point-in-time', 'skip-corrupt', 'inspect'] as const;

const named = (disk: SimulatedDisk, ending: string): string[] =>
  disk.names().filter((name) => name.endsWith(ending));

const keysOf = (store: Store): string[] => [...store.map<string, unknown>('m').getKeys()];

async function session(disk: SimulatedDisk, keys: readonly string[]): Promise<SimulatedDisk> {
  const store = await Store.open(disk);
  for (const key of keys) await store.map<string, number>('m').put(key, 1);
  await settled();
  await store.close();
  return disk;
}

async function sessions(...keys: readonly string[]): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  for (const key of keys) await session(disk, [key]);
  return disk;
}

test('a WAL that vanishes between two others is missed by its name', async () => {
  const disk = await sessions('a', 'b', 'c');
  await disk.remove('2.wal');

  const refusal = await Store.open(disk).catch((error: unknown) => error);

  expect(refusal).toMatchObject({ code: 'CORRUPT', file: '2.wal', offset: 0 });
  expect((refusal as Error).message).toContain('3.wal names it; it is missing or damaged');
  const store = await Store.open(disk, { recovery: 'point-in-time' });
  expect(store.info.loss?.damage.map(({ file }) => file)).toEqual(['2.wal']);
  expect(keysOf(store)).toEqual(['a']);
  await store.close();
});

test('an older WAL whose header is gone is described by what is wrong with it', async () => {
  const disk = await sessions('a', 'b');
  disk.writeFile('1.wal', disk.readFile('1.wal').fill(0, 0, 8192));

  const refusal = await Store.open(disk).catch((error: unknown) => error);

  expect(refusal).toMatchObject({ code: 'CORRUPT', file: '1.wal', offset: 0 });
  expect((refusal as Error).message).toContain('the magic number is not there');
});

test('a store of which only a later WAL is left is never opened as an empty one', async () => {
  const disk = await sessions('a', 'b');
  await disk.remove('1.wal');

  for (const recovery of MODES) {
    await expect(Store.open(disk, { recovery }), recovery).rejects.toMatchObject({
      name: 'CorruptionError',
      file: '1.wal',
    });
  }
});

test('a WAL that logs again what a lost one held beyond the snapshot goes on from the snapshot', async () => {
  const disk = await session(new SimulatedDisk(), []);
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  await map.put('a', 1);
  await store.checkpoint();
  const [lost] = named(disk, '.wal').slice(-1) as [string];
  await map.put('b', 2, { durability: 'buffered' });
  let hasFailed = false;
  disk.onCall = (call) => {
    // The WAL behind the next one cannot be made: that one goes on.
    if (call.kind === 'open' && call.file === '6.wal') return { kind: 'fail', code: 'EIO' };
    if (call.kind !== 'sync' || hasFailed) return undefined;
    hasFailed = true;
    return { kind: 'sync', personality: 'ext4' };
  };
  await map.put('doubt', 3).catch(() => undefined);
  await map.put('c', 4);
  await settled();
  const killed = disk.afterKill();
  disk.onCall = undefined;
  await store.close();
  expect(named(killed, '.wal').slice(-2)).toEqual([lost, '5.wal']);
  for (const name of named(killed, '.wal').slice(0, -1)) await killed.remove(name);

  const found = await Store.open(killed);

  expect(found.info.recovery).toMatchObject({ snapshot: 'sound', decision: 'open' });
  expect(keysOf(found)).toEqual(['a', 'b', 'c']);
  await found.close();
});

test('beside a missing WAL the other damage is told too', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (const key of ['a', 'b']) {
    await store.map<string, number>('m').put(key, 1);
    await store.checkpoint();
  }
  await settled();
  const image = disk.afterKill();
  await store.close();
  const [wal, snapshot] = [named(image, '.wal').at(-1), named(image, '.snap').at(-1)];
  await image.remove(wal as string);
  image.flipBit(snapshot as string, image.readFile(snapshot as string).length - 1, 1);

  const refusal = await Store.open(image).catch((error: unknown) => error);

  expect(refusal).toMatchObject({ code: 'MISSING_FILE', file: wal });
  const { report } = refusal as { report: { damage: { file: string }[] } };
  expect(report.damage.map(({ file }) => file)).toContain(snapshot);
});

test('a snapshot that cannot be used is kept in quarantine, also where nothing is beneath the WALs', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, string>('m');
  for (let n = 0; n < 100; n++) await map.put(`k${n}`, 'x'.repeat(300));
  const first = disk.readFile('1.wal').slice();
  await store.checkpoint();
  const ended = disk.readFile('1.wal').slice();
  expect(ended.length).toBeGreaterThan(first.length);
  await map.put('k0', 'second');
  await store.checkpoint();
  await map.put('k1', 'third');
  await store.close();
  const [full, above] = named(disk, '.snap') as [string, string];
  await disk.remove(full);
  disk.writeFile('1.wal', ended);
  disk.flipBit('2.wal', 8192 + 70, 1);

  const found = await Store.open(disk, { recovery: 'point-in-time' });

  expect(found.info.recovery.snapshot).toBe('older');
  expect(found.map('m').get('k0')).toBe('x'.repeat(300));
  expect(found.info.loss?.quarantine).toContainEqual(expect.stringContaining(`-${above}-`));
  await found.close();
});

test('a snapshot that came back and is not needed goes with the next checkpoint', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  await map.put('a', 1);
  await store.checkpoint();
  const [name] = named(disk, '.snap') as [string];
  const old = disk.readFile(name).slice();
  await map.put('b', 2);
  await store.compact();
  await map.put('c', 3);
  await store.compact();
  await store.close();
  expect(disk.names()).not.toContain(name);
  disk.writeFile(name, old);

  const again = await Store.open(disk);
  await again.map<string, number>('m').put('d', 4);
  await again.compact();
  await again.map<string, number>('m').put('e', 5);
  await again.compact();

  expect(disk.names()).not.toContain(name);
  expect(keysOf(again)).toEqual(['a', 'b', 'c', 'd', 'e']);
  await again.close();
});

test('an unfinished file that an open could not remove goes with the next checkpoint', async () => {
  const disk = await sessions('a');
  disk.writeFile('7.snap', new Uint8Array(0));
  disk.onCall = (call) =>
    call.kind === 'remove' && call.file === '7.snap' ? { kind: 'fail', code: 'EIO' } : undefined;
  const store = await Store.open(disk);
  disk.onCall = undefined;
  expect(disk.names()).toContain('7.snap');

  await store.map<string, number>('m').put('b', 1);
  await store.checkpoint();

  expect(disk.names()).not.toContain('7.snap');
  await store.close();
});

test('an open removes a snapshot that it does not believe', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (const key of ['a', 'b']) await store.map<string, number>('m').put(key, 1);
  disk.onCall = (call) => {
    const isWord = call.kind === 'write' && call.file === '2.wal' && (call.byteCount ?? 0) < 1000;
    return isWord ? { kind: 'fail', code: 'EIO' } : undefined;
  };
  await store.checkpoint();
  const image = disk.afterKill();
  disk.onCall = undefined;
  await store.close();
  const [unnamed] = named(image, '.snap') as [string];

  const found = await Store.open(image);

  expect(found.info.recovery).toMatchObject({ snapshot: 'none', replayedCommits: 2 });
  expect(found.info.recovery.notes).toEqual([`${unnamed}: was never finished`]);
  expect(image.names()).not.toContain(unnamed);
  await found.close();
});

test('a snapshot that only the header of the newest WAL names is believed', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (const key of ['a', 'b']) await store.map<string, number>('m').put(key, 1);
  await store.checkpoint();
  await store.close();
  const opened = await Store.open(disk);
  const image = disk.afterKill();
  await opened.close();

  const found = await Store.open(image);

  expect(found.info.recovery).toMatchObject({ snapshot: 'sound', replayedCommits: 0, notes: [] });
  await found.close();
});

test('each WAL that is started leaves one witness, its own', async () => {
  const disk = await sessions('a', 'b', 'c');

  expect(named(disk, '.head')).toEqual(['3.head']);
});

test('where a witness cannot be made the one before stays, and the logger hears of it', async () => {
  const disk = await sessions('a', 'b');
  disk.onCall = (call) =>
    call.kind === 'open' && call.file === '3.head' ? { kind: 'fail', code: 'EIO' } : undefined;
  const events: StoreEvent[] = [];

  const store = await Store.open(disk, { logger: (event) => events.push(event) });

  expect(named(disk, '.head')).toEqual(['2.head']);
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'error', message: '3.head could not be made' }),
  );
  await store.map<string, number>('m').put('c', 1);
  disk.onCall = undefined;
  await store.close();
  expect(keysOf(await Store.open(disk, { recovery: 'inspect' }))).toEqual(['a', 'b', 'c']);
});
