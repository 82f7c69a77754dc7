/** Rot, missing and foreign files: the same state, or a clear refusal; never other data. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { CorruptionError, OnewalError, Store } from '../../src/index.ts';
import { BlockCache } from '../../src/snapshot/block-cache.ts';
import { encodeHeader } from '../../src/snapshot/format.ts';
import { SnapshotReader } from '../../src/snapshot/snapshot-reader.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { BufferedFile } from '../../src/wal/buffered-file.ts';
import { decodeWalHeader } from '../../src/wal/wal-header.ts';
import { scanWal } from '../../src/wal/wal-reader.ts';
import { entry, writeEntries } from '../snapshot/support.ts';
import { useSeededHost } from '../support/seeded.ts';
import { contentOf } from '../support/workload.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(11));

interface Made {
  readonly disk: SimulatedDisk;
  readonly content: string;
  readonly sequence: number;
}

/** A store with a snapshot and `count` commits behind it, closed or killed. */
async function make(count: number, end: 'closed' | 'killed'): Promise<Made> {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  for (let n = 0; n < 3; n++) await map.put(`base${n}`, n);
  await store.checkpoint();
  for (let n = 1; n <= count; n++) await map.put(`k${n}`, n);
  const made = { content: contentOf(store), sequence: store.info.sequence };
  if (end === 'closed') await store.close();
  // A Sync record follows when the queue comes to rest.
  await new Promise((resolve) => setImmediate(resolve));
  return { disk: disk.afterKill(), ...made };
}

const newestWal = (disk: SimulatedDisk): string =>
  disk
    .names()
    .filter((name) => name.endsWith('.wal'))
    .sort(byNumber)
    .at(-1) as string;

function byNumber(left: string, right: string): number {
  return Number.parseInt(left, 10) - Number.parseInt(right, 10);
}

/** Offsets of the frames of a WAL, by what they are. */
function frameOffsets(
  disk: SimulatedDisk,
  name: string,
): { offset: number; type: number; size: number }[] {
  const file = new BufferedFile(disk.open(name, 'read') as never);
  const read = decodeWalHeader(file.read(0, 8192));
  if (read.kind !== 'header') throw new Error('no header');
  const frames: { offset: number; type: number; size: number }[] = [];
  scanWal(file, read.header, {
    onFrame: ({ offset, nextOffset, header }) =>
      frames.push({ offset, type: header.type, size: nextOffset - offset }),
  });
  file.close();
  return frames;
}

async function open(disk: SimulatedDisk, options = {}): Promise<Store | OnewalError> {
  return Store.open(disk, options).catch((error: unknown) => {
    if (error instanceof OnewalError) return error;
    throw error;
  });
}

describe.each(['closed', 'killed'] as const)('a store that was %s', (end) => {
  test('opens the same or refuses, whatever single byte of it rots', async () => {
    const made = await make(3, end);
    const counts = { same: 0, refused: 0 };
    for (const name of made.disk.names()) {
      const size = Math.min(made.disk.readFile(name).length, 10_000);
      for (let at = 0; at < size; at += isDense(name, at) ? 1 : 61) {
        const disk = made.disk.clone();
        disk.flipBit(name, at, at % 8);
        const store = await open(disk, { recovery: 'strict' }).then(reading(made));
        const lazy = await open(disk.clone()).then(reading(made));
        counts[store === 'same' && lazy === 'same' ? 'same' : 'refused']++;
      }
    }
    expect(counts.refused).toBeGreaterThan(500);
    console.log(`${end}: ${counts.same} flips harmless, ${counts.refused} refused`);
  }, 120_000);

  test('opens the same or refuses, wherever a file is cut, for a caller who knows how far it got', async () => {
    const made = await make(3, end);
    const expectAtLeast = { sequence: made.sequence };
    for (const name of made.disk.names()) {
      const bytes = made.disk.readFile(name);
      for (let size = 0; size < bytes.length; size += bytes.length > 20_000 ? 997 : 13) {
        const disk = made.disk.clone();
        disk.writeFile(name, bytes.slice(0, size));

        const found = await open(disk, { expectAtLeast }).then(reading(made));

        expect(['same', 'refused'], `${name} cut at ${size}`).toContain(found);
      }
    }
  }, 120_000);

  test('opens a sound prefix, wherever its newest WAL is cut', async () => {
    const made = await make(3, end);
    const wal = newestWal(made.disk);
    const bytes = made.disk.readFile(wal);
    for (let size = 8192; size < bytes.length; size++) {
      const disk = made.disk.clone();
      disk.writeFile(wal, bytes.slice(0, size));

      const store = await open(disk);

      if (store instanceof OnewalError) continue;
      const keys = [...store.map('m').getKeys()];
      expect(keys).toEqual(['base0', 'base1', 'base2', 'k1', 'k2', 'k3'].slice(0, keys.length));
      await store.close();
    }
  }, 120_000);

  test('opens the same or refuses, whichever file is gone', async () => {
    const made = await make(3, end);
    for (const name of made.disk.names()) {
      const disk = made.disk.clone();
      await disk.remove(name);

      expect(['same', 'refused'], name).toContain(await open(disk).then(reading(made)));
    }
  });
});

/** Offsets of which every byte is tried: headers and all that follows them. */
function isDense(name: string, at: number): boolean {
  return name !== 'reserve' && (at < 512 || at >= 8192 || name.endsWith('.snap'));
}

/** `same`, `refused`, or an error: never other data. A killed store may lose what it had not said. */
function reading(made: Made): (found: Store | OnewalError) => Promise<string> {
  return async (found) => {
    if (found instanceof OnewalError) return 'refused';
    try {
      expect(contentOf(found)).toBe(made.content);
      expect(found.info.sequence).toBe(made.sequence);
      return 'same';
    } catch (error) {
      if (error instanceof CorruptionError) return 'refused';
      throw error;
    } finally {
      await found.close();
    }
  };
}

test('a torn tail is dropped without a word, an acknowledged commit that rots is not', async () => {
  const { disk } = await make(3, 'killed');
  const wal = newestWal(disk);
  const last = frameOffsets(disk, wal).at(-1);
  const torn = disk.clone();
  torn.writeFile(wal, new Uint8Array([...disk.readFile(wal), ...new Uint8Array(100).fill(7)]));
  const rotten = disk.clone();
  const third = frameOffsets(disk, wal)[2] as { offset: number };
  rotten.flipBit(wal, third.offset + 70, 1);

  const rottenLast = disk.clone();
  const commits = frameOffsets(disk, wal).filter(({ type }) => type === 1);
  const lastCommit = commits.at(-1) as typeof third;
  rottenLast.flipBit(wal, lastCommit.offset + 70, 1);

  const opened = await Store.open(torn);
  const refusal = await open(rotten);
  const refusalOfLast = await open(rottenLast);

  expect(opened.info.recovery).toMatchObject({ decision: 'cut', wal: 'torn', droppedBytes: 100 });
  expect(last?.type).toBe(3);
  expect(refusal).toMatchObject({ code: 'CORRUPT', file: wal, offset: third.offset });
  expect(refusalOfLast).toMatchObject({ code: 'CORRUPT', file: wal, offset: lastCommit.offset });
  await opened.close();
});

test('point-in-time goes on with the longest sound prefix, keeps the evidence, and says what was lost', async () => {
  const { disk } = await make(5, 'killed');
  const wal = newestWal(disk);
  const frames = frameOffsets(disk, wal).filter(({ type }) => type === 1);
  disk.flipBit(wal, (frames[2] as { offset: number }).offset + 70, 1);
  const damaged = disk.readFile(wal);

  const store = await Store.open(disk, { recovery: 'point-in-time' });

  expect([...store.map('m').getKeys()]).toEqual(['base0', 'base1', 'base2', 'k1', 'k2']);
  const { loss } = store.info;
  expect(loss).toMatchObject({ action: 'cut', firstLost: 6, lastSeen: 8, commitsLost: 3 });
  expect(loss?.suspectKeys.length).toBeGreaterThan(0);
  // The rest of that WAL and the report: no snapshot that was used.
  expect(loss?.quarantine).toHaveLength(2);
  const copy = loss?.quarantine[0] as string;
  expect(disk.readFile(copy)).toEqual(damaged.slice((frames[2] as { offset: number }).offset));
  await store.map('m').put('new', 1);
  await store.close();

  const again = await Store.open(disk);
  expect(again.info.loss?.id).toBe(loss?.id);
  await again.checkpoint();
  expect(again.info.sequence).toBe(6);
  await again.acknowledgeLoss(loss?.id as string);
  expect(again.info.loss).toBeUndefined();
  await again.close();
  const last = await Store.open(disk);
  expect(last.info.loss).toBeUndefined();
  expect(last.map('m').has('new')).toBe(true);
  await last.close();
});

test('skip-corrupt leaves the damaged commit out whole, goes on behind it, and counts it', async () => {
  const { disk } = await make(5, 'killed');
  const wal = newestWal(disk);
  const frames = frameOffsets(disk, wal).filter(({ type }) => type === 1);
  disk.flipBit(wal, (frames[2] as { offset: number }).offset + 70, 1);

  const store = await Store.open(disk, { recovery: 'skip-corrupt' });

  expect([...store.map('m').getKeys()]).toEqual([
    'base0',
    'base1',
    'base2',
    'k1',
    'k2',
    'k4',
    'k5',
  ]);
  expect(store.info.loss).toMatchObject({
    action: 'skipped',
    commitsLost: 1,
    firstLost: 6,
    lastSeen: 8,
  });
  expect(store.stats().wal_corrupt_recovery_total).toBe(1);
  expect(store.info.sequence).toBe(8);
  await store.map('m').put('new', 1);
  await store.close();
  const again = await Store.open(disk);
  expect([...again.map('m').getKeys()]).toHaveLength(8);
  expect(again.info.sequence).toBe(9);
  await again.close();
});

test('inspect reads what can be read, without the lock and without a write', async () => {
  const { disk } = await make(5, 'killed');
  const wal = newestWal(disk);
  disk.flipBit(wal, (frameOffsets(disk, wal)[3] as { offset: number }).offset + 70, 1);
  const before = disk.digest();
  const lock = await disk.lock();

  const store = await Store.open(disk, { recovery: 'inspect' });

  expect(store.map('m').get('k2')).toBe(2);
  expect(store.map('m').get('k3')).toBeUndefined();
  expect(store.info.recovery.decision).toBe('roll back');
  await store.close();
  expect(disk.digest()).toBe(before);
  await lock.release();
});

test('a snapshot that rots is rebuilt from the generation before it, without loss', async () => {
  const { disk, content } = await make(3, 'closed');
  const snapshot = disk.names().find((name) => name.endsWith('.snap')) as string;
  disk.flipBit(snapshot, disk.readFile(snapshot).length - 20, 3);

  const store = await Store.open(disk);

  expect(store.info.recovery).toMatchObject({ snapshot: 'older', decision: 'open' });
  expect(contentOf(store)).toBe(content);
  await store.checkpoint();
  await store.close();
  const again = await Store.open(disk);
  expect(again.info.recovery.snapshot).toBe('sound');
  expect(contentOf(again)).toBe(content);
  await again.close();
});

test('a newer format is never called damage, and is not touched', async () => {
  const { disk } = await make(2, 'closed');
  const wal = newestWal(disk);
  const bytes = disk.readFile(wal);
  const { encodeCbor, decodeCbor } = await import('../../src/bytes/cbor.ts');
  const { checksum } = await import('../../src/bytes/checksum.ts');
  for (const start of [0, 4096]) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + start);
    const size = view.getUint32(8, true);
    const fields = decodeCbor(bytes.slice(start + 12, start + 12 + size)) as Record<string, never>;
    const format = { ...(fields.format as unknown as object), major: 2 };
    const body = encodeCbor({ ...fields, format } as never);
    bytes.set(body, start + 12);
    bytes.set(checksum([bytes.subarray(start, start + 12 + size)]), start + 12 + size);
  }
  disk.writeFile(wal, bytes);
  const before = disk.digest();

  const refusal = await open(disk, { recovery: 'point-in-time' });

  expect(refusal).toMatchObject({ code: 'FORMAT_TOO_NEW' });
  expect(disk.digest()).toBe(before);
});

test('a snapshot of a newer format is not damage either', async () => {
  const { disk } = await make(5, 'killed');
  const name = disk.names().filter((file) => file.endsWith('.snap'))[0] as string;
  const bytes = disk.readFile(name);
  const opened = SnapshotReader.open(await disk.open(name, 'read'), name, new BlockCache(1));
  if (opened.state !== 'valid') throw new Error(`the snapshot is ${opened.state}`);
  const { footer } = opened.reader;
  bytes.set(encodeHeader({ ...footer, format: { ...footer.format, major: 2 } }));
  disk.writeFile(name, bytes);
  const before = disk.digest();

  const refusal = await open(disk, { recovery: 'point-in-time' });

  expect(refusal).toMatchObject({ code: 'FORMAT_TOO_NEW' });
  expect(disk.digest()).toBe(before);
});

test('a file of another store is refused, and strangers in the directory are left alone', async () => {
  const { disk } = await make(2, 'closed');
  useSeededHost(99);
  const other = new SimulatedDisk();
  const stranger = await Store.open(other);
  await stranger.close();
  const mixed = disk.clone();
  mixed.writeFile('900.wal', other.readFile(newestWal(other)));
  const littered = disk.clone();
  for (const name of ['.DS_Store', 'Thumbs.db', '3 (1).wal', '03.wal', 'x.snap', '5.wal.tmp']) {
    littered.writeFile(name, new Uint8Array([1, 2, 3]));
  }

  expect(await open(mixed)).toMatchObject({ code: 'FOREIGN_FILE' });
  const store = await Store.open(littered);
  await store.checkpoint();
  await store.compact();
  await store.close();
  expect(littered.names()).toContain('3 (1).wal');
  expect(littered.names()).toContain('.DS_Store');
});

test.each(['wal', 'snap', 'head'])(
  'a stray .%s of the highest generation is refused by a writer: what came after it had no name',
  async (kind) => {
    const { disk, content } = await make(2, 'closed');
    const names = disk.names();
    disk.writeFile(`999999999999999.${kind}`, new Uint8Array(0));

    const refused = Store.open(disk, { recovery: 'point-in-time' });

    await expect(refused).rejects.toMatchObject({ code: 'LIMIT', committed: 'no' });
    expect(disk.names()).toEqual([...names, `999999999999999.${kind}`]);
    const reader = await Store.open(disk, { recovery: 'inspect' });
    expect(contentOf(reader)).toBe(content);
    await reader.close();
  },
);

test('a store at the highest generation but one takes commits and refuses the checkpoint', async () => {
  const { disk, content } = await make(2, 'closed');
  disk.writeFile('999999999999998.wal', new Uint8Array(0));

  const store = await Store.open(disk);
  await store.map<string, number>('m').put('last', 1);
  await expect(store.checkpoint()).rejects.toMatchObject({ code: 'LIMIT' });
  await store.map<string, number>('m').remove('last');
  await store.close();

  const reader = await Store.open(disk, { readOnly: true });
  expect(contentOf(reader)).toBe(content);
  expect(reader.info.sequence).toBe(7);
  await reader.close();
});

test('a store whose ids are used up is read, deleted from, and refuses what would need another', async () => {
  const [disk, later] = [new SimulatedDisk(), new SimulatedDisk()];
  const last = Number.MAX_SAFE_INTEGER;
  disk.writeFile('3.snap', writeEntries([entry('k', 'v')], { nextMapId: last }));
  later.writeFile('3.snap', writeEntries([entry('k', 'v')], { sequence: last }));
  const options = { key: 'utf8', value: 'binary' } as const;
  const put = { type: 'put', map: 'new', key: 1, value: 1 } as const;

  const store = await Store.open(disk, { recovery: 'point-in-time' });
  await expect(store.batch([put])).rejects.toMatchObject({ code: 'LIMIT', committed: 'no' });
  await expect(store.map('map', options).clear()).rejects.toMatchObject({ code: 'LIMIT' });
  await store.map('map', options).remove('k');
  await store.close();

  const ended = await Store.open(later, { recovery: 'point-in-time' });
  await expect(ended.map('map', options).remove('k')).rejects.toMatchObject({ code: 'LIMIT' });
  expect(ended.map('map', options).has('k')).toBe(true);
  await ended.close();
});

test('a cut copy of a WAL under another name is passed over, and what is committed stays', async () => {
  const disk = new SimulatedDisk();
  for (const key of ['first', 'second']) {
    const store = await Store.open(disk);
    await store.map<string, number>('m').put(key, 1);
    await store.close();
  }
  disk.writeFile('900.wal', disk.readFile('1.wal').slice(0, 8192));

  const store = await Store.open(disk);
  await store.map<string, number>('m').put('third', 1);
  await store.close();

  const reopened = await Store.open(disk);
  expect([...reopened.map<string, number>('m').getKeys()]).toEqual(['first', 'second', 'third']);
  expect(reopened.info.recovery.notes).toEqual(['900.wal: a copy of another file, not used']);
  await reopened.close();
});

test('a store that is older than the caller has seen is refused', async () => {
  const { disk, sequence } = await make(2, 'closed');
  const { chain } = (await Store.open(disk.clone(), { recovery: 'inspect' })).info;

  expect(await open(disk.clone(), { expectAtLeast: { sequence: sequence + 1 } })).toMatchObject({
    code: 'ROLLED_BACK',
    report: { action: 'refused', firstLost: sequence + 1, commitsLost: 1 },
  });
  expect(
    await open(disk.clone(), { expectAtLeast: { sequence, chain: 'ab'.repeat(32) } }),
  ).toMatchObject({ code: 'ROLLED_BACK' });
  const store = await Store.open(disk, { expectAtLeast: { sequence, chain } });
  expect(store.info.chain).toBe(chain);
  await store.close();
});

test('values may hold whole WALs: nothing within a value is ever taken for a frame', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, Uint8Array>('m', { value: 'binary' });
  await map.put('a', new Uint8Array([1]));
  await map.put('copy', disk.readFile(newestWal(disk)));
  await map.put('b', new Uint8Array([2]));
  const wal = newestWal(disk);
  const frames = frameOffsets(disk, wal).filter(({ type }) => type === 1);
  const image = disk.afterKill();
  const copy = frames[1] as { offset: number; size: number };
  image.writeFile(wal, image.readFile(wal).slice(0, copy.offset + copy.size - 40));

  const found = await Store.open(image);

  expect([...found.map('m', { value: 'binary' }).getKeys()]).toEqual(['a']);
  await found.close();
  await store.close();
});
