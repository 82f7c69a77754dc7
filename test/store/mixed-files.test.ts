/** Files of another life of the store: copies, older ones put back, halves that do not belong together. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { entry, readerOf, writeEntries } from '../snapshot/support.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(31));

const settled = () => new Promise((resolve) => setImmediate(resolve));

const named = (disk: SimulatedDisk, ending: string): string[] =>
  disk
    .names()
    .filter((name) => name.endsWith(ending))
    .sort((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10));

async function rename(disk: SimulatedDisk, from: string, to: string): Promise<void> {
  disk.writeFile(to, disk.readFile(from));
  await disk.remove(from);
}

/** Commits in one session; the disk as it is left. */
async function session(disk: SimulatedDisk, keys: readonly string[]): Promise<SimulatedDisk> {
  const store = await Store.open(disk);
  for (const key of keys) await store.map('m').put(key, key);
  await settled();
  await store.close();
  return disk;
}

async function keysOn(disk: SimulatedDisk, options = {}): Promise<string[]> {
  const store = await Store.open(disk, options);
  const keys = [...store.map<string, unknown>('m').getKeys()];
  await store.close();
  return keys;
}

test('a WAL of another life with the same ids is not continued', async () => {
  const ours = await session(new SimulatedDisk(), ['a', 'b']);
  useSeededHost(31);
  const other = await session(new SimulatedDisk(), ['x', 'y']);
  await session(ours, ['c']);
  expect(other.readFile('1.wal')).toHaveLength(ours.readFile('1.wal').length);

  ours.writeFile('1.wal', other.readFile('1.wal'));

  await expect(Store.open(ours)).rejects.toMatchObject({ code: 'CORRUPT', file: '1.wal' });
});

test('a snapshot of a copy of the store, under the same name, is not taken', async () => {
  const first = new SimulatedDisk();
  let store = await Store.open(first);
  await store.map('m').put('a', 1);
  await store.checkpoint();
  await store.close();
  const copy = first.clone();
  for (const [disk, key] of [
    [first, 'ours'],
    [copy, 'theirs'],
  ] as const) {
    store = await Store.open(disk);
    await store.map('m').put(key, 2);
    await store.checkpoint();
    await store.map('m').put('last', 3);
    await store.checkpoint();
    await store.close();
  }
  const middle = named(first, '.snap').at(-2) as string;
  expect(named(copy, '.snap')).toContain(middle);

  first.writeFile(middle, copy.readFile(middle));

  const found = await Store.open(first).catch((error: unknown) => error);
  if (!(found instanceof Store)) return expect(found).toMatchObject({ code: 'CORRUPT' });
  expect([...found.map('m').getKeys()]).toEqual(['a', 'last', 'ours']);
  await found.close();
});

test('a snapshot of another history with the same ids is not taken for the base', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (const key of ['a', 'b', 'c']) await store.map<string, string>('m').put(key, 'x'.repeat(200));
  await store.checkpoint();
  await store.close();
  const [snapshot] = named(disk, '.snap') as [string];
  const sound = disk.readFile(snapshot);
  disk.flipBit(snapshot, sound.length - 20, 1);
  disk.flipBit('1.wal', 8192 + 368 + 100, 1);
  expect(await keysOn(disk, { recovery: 'skip-corrupt' })).toEqual(['a', 'c']);

  for (const name of named(disk, '.snap')) await disk.remove(name);
  disk.writeFile(snapshot, sound);

  await expect(Store.open(disk)).rejects.toMatchObject({ committed: undefined });
});

test('behind a WAL that breaks off nothing is applied', async () => {
  const disk = await session(new SimulatedDisk(), ['a', 'b', 'c']);
  await session(disk, ['d', 'e']);
  disk.flipBit('1.wal', 8192 + 70, 1);

  await expect(Store.open(disk.clone())).rejects.toMatchObject({ code: 'CORRUPT', file: '1.wal' });

  expect(await keysOn(disk, { recovery: 'point-in-time' })).toEqual([]);
});

test('an older WAL that was cut is damage, whoever of its own frames says so', async () => {
  const disk = await session(new SimulatedDisk(), ['a', 'b']);
  await session(disk, ['c']);
  disk.writeFile('1.wal', disk.readFile('1.wal').slice(0, 8192));

  await expect(Store.open(disk)).rejects.toMatchObject({ code: 'CORRUPT', file: '1.wal' });
});

test('bytes behind the End of the newest WAL are damage', async () => {
  const disk = await session(new SimulatedDisk(), ['a']);
  const { length } = disk.readFile('1.wal');
  disk.writeFile('1.wal', new Uint8Array([...disk.readFile('1.wal'), 1, 2, 3]));

  await expect(Store.open(disk)).rejects.toMatchObject({ code: 'CORRUPT', offset: length });
});

test('what a snapshot holds is not lost with the WAL that held it too', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (const key of ['a', 'b']) await store.map('m').put(key, 1, { durability: 'buffered' });
  let hasFailed = false;
  disk.onCall = (call) => {
    if (call.kind !== 'sync' || call.file !== '1.wal' || hasFailed) return undefined;
    hasFailed = true;
    return { kind: 'sync', personality: 'ext4' };
  };
  await store.checkpoint();
  const image = disk.afterKill();
  await store.close();
  await image.remove('1.wal');
  image.flipBit('2.wal', 8192 + 70, 1);

  expect(await keysOn(image)).toEqual(['a', 'b']);
});

test('a map that is made behind a snapshot holds nothing of one that was dropped before', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('dropped').put('k', 1);
  await store.checkpoint();
  await store.dropMap('dropped');
  await store.checkpoint();
  await store.close();

  const again = await Store.open(disk);
  await again.map('made').put('own', 2);

  expect([...again.map('made').getKeys()]).toEqual(['own']);
  await again.checkpoint();
  expect([...again.map('made').getKeys()]).toEqual(['own']);
  await again.close();
});

test('no generation is used twice, by WALs and snapshots together', async () => {
  const disk = new SimulatedDisk();
  for (let n = 0; n < 4; n++) {
    const store = await Store.open(disk);
    await store.map<number, number>('m').put(n, n);
    for (let checkpoints = n % 2; checkpoints < 2; checkpoints++) {
      await store.checkpoint();
      await store.map<string, number>('m').put('more', n);
    }
    await store.close();
    const generations = [...named(disk, '.wal'), ...named(disk, '.snap')].map((name) =>
      Number.parseInt(name, 10),
    );
    expect(new Set(generations).size, generations.join()).toBe(generations.length);
  }
});

test('the generation in the header of a renamed WAL is not used again', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (let n = 0; n < 4; n++) {
    await store.map<string, number>('m').put(`k${n}`, n);
    await store.checkpoint();
  }
  await store.close();
  await session(disk, ['last']);
  for (const name of named(disk, '.head')) await disk.remove(name);
  await rename(disk, named(disk, '.wal').at(-1) as string, '1.wal');

  await session(disk, ['after']);

  expect(await keysOn(disk)).toEqual(['after', 'k0', 'k1', 'k2', 'k3', 'last']);
});

test('a snapshot names the WAL behind it, and without that nothing else is believed', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('m').put('a', 1);
  await store.checkpoint();
  await store.map('m').put('b', 2);
  await store.close();
  for (const name of [...named(disk, '.wal'), ...named(disk, '.head')]) await disk.remove(name);

  await expect(Store.open(disk)).rejects.toMatchObject({ code: 'MISSING_FILE', file: '2.wal' });
});

test('a store of which a damaged snapshot alone is left is never opened as an empty one', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('m').put('a', 1);
  await store.checkpoint();
  await store.close();
  const [snapshot] = named(disk, '.snap') as [string];
  for (const name of disk.names()) if (name !== snapshot) await disk.remove(name);
  disk.flipBit(snapshot, disk.readFile(snapshot).length - 20, 1);

  for (const recovery of ['safe', 'strict', 'point-in-time', 'skip-corrupt', 'inspect'] as const) {
    await expect(Store.open(disk, { recovery }), recovery).rejects.toMatchObject({
      name: 'CorruptionError',
    });
  }
});

test('a snapshot that a WAL names is missed', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('m').put('a', 1);
  await store.checkpoint();
  await store.map('m').put('b', 2, { durability: 'buffered' });
  let hasFailed = false;
  disk.onCall = (call) => {
    if (call.kind === 'open' && call.file?.endsWith('.snap') === true) {
      return { kind: 'fail', code: 'EIO' };
    }
    if (call.kind !== 'sync' || hasFailed) return undefined;
    hasFailed = true;
    return { kind: 'sync', personality: 'ext4' };
  };
  await store
    .map('m')
    .put('doubt', 3)
    .catch(() => undefined);
  await store.flush();
  const image = disk.afterKill();
  await image.remove(named(image, '.snap').at(-1) as string);

  const found = await Store.open(image);

  expect(found.info.recovery.snapshot).toBe('older');
  expect([...found.map('m').getKeys()]).toEqual(['a', 'b']);
  await found.close();
  disk.onCall = undefined;
  await store.close();
});

/** A full snapshot, two that lie on it, and the WAL behind them: all that leads to the state. */
async function withStack(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<number, string>('m');
  for (let n = 0; n < 100; n++) await map.put(n, 'x'.repeat(300));
  await store.checkpoint();
  for (const text of ['first', 'second', 'third']) {
    await map.put(0, text);
    await store.checkpoint();
  }
  await store.close();
  return disk;
}

// It was refused with the words "a file: is not what it should be".
test('a full snapshot that vanishes from beneath others is missed by its name, in every mode', async () => {
  const disk = await withStack();
  const [full, ...above] = named(disk, '.snap') as [string, ...string[]];
  expect(above).toHaveLength(3);
  await disk.remove(full);

  for (const recovery of ['safe', 'strict', 'point-in-time', 'skip-corrupt', 'inspect'] as const) {
    const refusal = await Store.open(disk, { recovery }).catch((error: unknown) => error);

    expect(refusal, recovery).toMatchObject({ code: 'MISSING_FILE', file: full });
    const { message } = refusal as Error;
    expect(message).toContain(`${above.at(-1)} lies on it; it is missing`);
    expect(message, 'no mode can go on').not.toContain('point-in-time');
  }
});

test('one that vanishes from the middle of a stack is missed, and what is below it can be had', async () => {
  const disk = await withStack();
  const [, middle] = named(disk, '.snap') as [string, string];
  await disk.remove(middle);

  const refusal = await Store.open(disk).catch((error: unknown) => error);

  expect(refusal).toMatchObject({ code: 'MISSING_FILE', file: middle });
  expect((refusal as Error).message).toContain('"point-in-time" to go on with the state up to');
  const found = await Store.open(disk, { recovery: 'point-in-time' });
  expect(found.map('m').get(0)).toBe('x'.repeat(300));
  expect(found.info.loss?.damage.map(({ file }) => file)).toEqual([middle]);
  expect(found.info.recovery.notes).toContainEqual(expect.stringContaining(middle));
  await found.close();
});

test('another snapshot in the place of one beneath is named, and is not called missing', async () => {
  const disk = await withStack();
  const [full, ...above] = named(disk, '.snap') as [string, ...string[]];
  const { store, generation, sequence, chain, wal } = readerOf(disk.readFile(full)).footer;
  const like = { store, generation, sequence, chain, wal };
  disk.writeFile(full, writeEntries([entry('of', 'another copy')], like));

  const refusal = await Store.open(disk).catch((error: unknown) => error);

  expect(refusal).toMatchObject({ code: 'CORRUPT', file: full });
  expect((refusal as Error).message).toContain(`${above.at(-1)} lies on another one`);
});

test('the only snapshot is missed, and said to be missing by the WAL that names it', async () => {
  const disk = await session(new SimulatedDisk(), ['a']);
  const store = await Store.open(disk);
  await store.checkpoint();
  await store.close();
  await session(disk, ['b']);
  const [snapshot] = named(disk, '.snap') as [string];
  const newest = named(disk, '.wal').at(-1) as string;
  for (const name of named(disk, '.wal')) if (name !== newest) await disk.remove(name);
  await disk.remove(snapshot);

  const refusal = await Store.open(disk).catch((error: unknown) => error);

  expect(refusal).toMatchObject({ code: 'MISSING_FILE', file: snapshot });
  expect((refusal as Error).message).toContain(`${newest} names it; it is missing`);
});

test('the only snapshot is missed, though no file names it any more', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('m').put('a', 1);
  await store.checkpoint();
  await store.close();
  const [oldest, newest] = named(disk, '.wal') as [string, string];
  for (const name of [oldest, ...named(disk, '.snap')]) await disk.remove(name);

  const refusal = await Store.open(disk).catch((error: unknown) => error);

  expect(refusal).toMatchObject({ code: 'CORRUPT', file: oldest });
  expect((refusal as Error).message).toContain(`${newest} names it; it is missing or damaged`);
});

test('the WAL that is written stays, whatever a compaction removes', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (const key of ['a', 'b', 'c']) {
    await store.map('m').put(key, 1);
    await store.checkpoint();
  }
  await store.close();
  const again = await Store.open(disk);
  await again.compact();
  await again.map('m').put('d', 2);

  expect(again.stats().snapshots).toBe(1);
  expect(await keysOn(disk.afterKill())).toEqual(['a', 'b', 'c', 'd']);
  await again.close();
});
