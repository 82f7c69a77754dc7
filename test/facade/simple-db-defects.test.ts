/**
 * The fifteen defects that were measured on SimpleDb as it was written (docs/simple-db.md has the
 * list): each is looked for here, on a disk that can be cut, rotten, full or lying.
 */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { SimpleDb } from '../../src/facade/simple-db.ts';
import { Store } from '../../src/store.ts';
import { faultAt, SimulatedDisk } from '../../src/testing/index.ts';
import { FRAME_HEADER_SIZE, FrameType } from '../../src/wal/frame.ts';
import { readerOf } from '../snapshot/support.ts';
import { crashEverywhere } from '../support/crash-everywhere.ts';
import { useSeededHost } from '../support/seeded.ts';
import {
  atRest,
  bytes,
  type Entries,
  entriesOf,
  type Found,
  framesOf,
  lookAt,
  newestFile,
  sizeOf,
} from './simple-db-support.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(15));

const KEYS = ['k1', 'k2', 'k3', 'k4', 'k5'];
const ALL: Entries = KEYS.map((key) => [key, `value of ${key}`]);

/** Five keys in the log, the process killed; or in a snapshot; or in the log behind an End. */
async function make(end: 'killed' | 'flushed and closed' | 'closed'): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const db = await SimpleDb.open(disk);
  for (const [key, value] of ALL) await db.tryInsert(key, bytes(value));
  if (end === 'flushed and closed') await db.tryFlush();
  if (end !== 'killed') await db.close();
  await atRest();
  return disk.afterKill();
}

async function openedEntries(disk: SimulatedDisk): Promise<Entries> {
  const db = await SimpleDb.open(disk);
  const entries = entriesOf(db);
  await db.close();
  return entries;
}

/** Nothing is wrong, or it is refused, or what is missing is counted and reported. */
function expectHonest(found: Found, place: string): void {
  if (found.kind === 'refused') return;
  if (found.kind === 'silent') expect(found.entries, place).toEqual(ALL);
  // What is left out is left out whole: nothing else is put in its place.
  else for (const entry of found.entries) expect(ALL, place).toContainEqual(entry);
}

test('defect 1, no sync anywhere: a power cut behind an insert takes nothing of it', async () => {
  const disk = new SimulatedDisk();
  const db = await SimpleDb.open(disk);
  for (const [index, [key, value]] of ALL.entries()) {
    await db.tryInsert(key, bytes(value));

    const [barest] = disk.powerLossImages({ limit: 20 });

    expect(await openedEntries(barest as SimulatedDisk)).toEqual(ALL.slice(0, index + 1));
  }
  await db.close();
});

test('defect 2, a snapshot rewritten in place: no byte that a file has is ever written again', async () => {
  const disk = new SimulatedDisk();
  const before = new Map<string, Uint8Array>();
  const overwritten: string[] = [];
  disk.onCall = () => {
    for (const name of disk.names()) {
      const content = disk.readFile(name);
      const known = before.get(name);
      const isSame = known?.every((byte, at) => at >= content.length || content[at] === byte);
      if (isSame === false) overwritten.push(name);
      before.set(name, content);
    }
    return undefined;
  };
  const db = await SimpleDb.open(disk);

  for (const [key, value] of ALL) {
    await db.tryInsert(key, bytes(value));
    await db.tryFlush();
  }
  await db.close();

  expect(before.size).toBeGreaterThan(5);
  expect(overwritten).toEqual([]);
  disk.onCall = undefined;
  disk.capacity = sizeOf(disk);
  const full = await SimpleDb.open(disk);
  await expect(full.tryInsert('more', new Uint8Array(100_000))).rejects.toMatchObject({
    code: 'DISK_FULL',
  });
  await full.close();
  expect(await openedEntries(disk)).toEqual(ALL);
});

test('defect 3, an unreadable snapshot that opens as an empty database: it is refused', async () => {
  const disk = await make('flushed and closed');
  for (const code of ['EIO', 'EACCES']) {
    const unreadable = disk.clone();
    unreadable.onCall = ({ kind, file }) =>
      kind === 'open' && file?.endsWith('.snap') ? { kind: 'fail', code } : undefined;

    const found = await lookAt(unreadable);

    expect(found).toMatchObject({ kind: 'refused' });
    expect(await openedEntries(disk.clone())).toEqual(ALL);
  }
  const rotten = disk.clone();
  for (const name of rotten.names()) rotten.writeFile(name, new Uint8Array(200).fill(7));
  expect(await lookAt(rotten)).toMatchObject({ kind: 'refused' });
});

test('defect 4, a snapshot without a checksum: whatever bit of it rots, nothing wrong is read', async () => {
  const disk = await make('flushed and closed');
  const snapshot = newestFile(disk, '.snap');
  const size = disk.readFile(snapshot).length;
  let noticed = 0;
  for (let at = 0; at < size; at += 3) {
    const rotten = disk.clone();
    rotten.flipBit(snapshot, at, at % 8);

    const found = await lookAt(rotten.clone());
    const db = await SimpleDb.open(rotten, { recovery: 'inspect' }).catch(() => undefined);

    expectHonest(found, `byte ${at} of the snapshot`);
    if (found.kind !== 'silent' || db?.recovery.snapshot !== 'sound') noticed++;
    await db?.close();
  }
  // The padding of the header means nothing.
  expect(noticed).toBeGreaterThan(size / 3 / 4);
});

test('defect 5, flipped bits in the log that make holes nobody hears of: they are reported', async () => {
  const disk = await make('killed');
  const wal = newestFile(disk, '.wal');
  const frames = framesOf(disk, wal);
  const [first, last] = [frames[0], frames.at(-1)];
  let reported = 0;
  for (let at = first?.offset ?? 0; at < (last?.offset ?? 0) + (last?.size ?? 0); at++) {
    const rotten = disk.clone();
    rotten.flipBit(wal, at, at % 8);

    const found = await lookAt(rotten);

    expectHonest(found, `byte ${at} of the log`);
    if (found.kind === 'reported') reported++;
  }
  const commits = frames.filter(({ type }) => type === FrameType.commit);
  expect(commits.length).toBeGreaterThanOrEqual(KEYS.length);
  expect(reported).toBeGreaterThan(KEYS.length * FRAME_HEADER_SIZE);
});

test('defect 6, a skipped record that is lost for good: its bytes stay, and so does the report', async () => {
  const disk = await make('killed');
  const wal = newestFile(disk, '.wal');
  const { offset, size } = commitOf(disk, 'k3');
  disk.flipBit(wal, offset + FRAME_HEADER_SIZE + 5, 1);
  const damaged = disk.readFile(wal).slice(offset, offset + size);

  const db = await SimpleDb.open(disk);
  await db.tryInsert('later', bytes('x'));
  await db.tryFlush();
  await db.close();
  const again = await SimpleDb.open(disk);

  expect(entriesOf(again).map(([key]) => key)).toEqual(['k1', 'k2', 'k4', 'k5', 'later']);
  expect(again.loss).toMatchObject({ action: 'skipped', commitsLost: 1 });
  const kept = again.loss?.quarantine.filter((name) => contains(disk.readFile(name), damaged));
  expect(kept).toHaveLength(1);
  expect(db.counters.wal_corrupt_recovery_total).toBe(1);
  expect(again.counters.wal_corrupt_recovery_total).toBe(0);
  await again.acknowledgeLoss();
  expect(again.loss).toBeUndefined();
  await again.close();
});

test('defect 7, an End that is believed unread: whatever bit of it rots, the log is not thrown away', async () => {
  const disk = await make('closed');
  const wal = newestFile(disk, '.wal');
  const end = framesOf(disk, wal).find(({ type }) => type === FrameType.end);
  expect(end).toBeDefined();
  for (let at = 0; at < (end?.size ?? 0); at++) {
    const rotten = disk.clone();
    rotten.flipBit(wal, (end?.offset ?? 0) + at, at % 8);

    const found = await lookAt(rotten);

    expect(found, `byte ${at} of End`).toMatchObject({ entries: ALL });
  }
});

test('defect 8, a log that is removed before its snapshot is there: recovery can crash at any call', async () => {
  const killed = await make('killed');
  const rotten = killed.clone();
  rotten.flipBit(newestFile(killed, '.wal'), commitOf(killed, 'k3').offset + FRAME_HEADER_SIZE, 1);
  const left = ALL.filter(([key]) => key !== 'k3');
  let crashes = 0;
  for (const [disk, expected] of [
    [killed, ALL],
    [rotten, left],
  ] as const) {
    for (let at = 0; ; at++) {
      const crashing = disk.clone();
      crashing.onCall = faultAt(at, { kind: 'crash' });
      await SimpleDb.open(crashing)
        .then((db) => db.close())
        .catch(() => undefined);
      if (!crashing.isCrashed) break;
      crashes++;

      for (const image of [crashing.afterKill(), ...crashing.powerLossImages({ limit: 6 })]) {
        expect(await openedEntries(image), `crash at call ${at}`).toEqual(expected);
      }
    }
  }
  expect(crashes).toBeGreaterThan(40);
});

test('defect 9, ids that are given out twice: what is written after a recovery survives the next', async () => {
  let disk = new SimulatedDisk();
  for (let round = 1; round <= 4; round++) {
    const db = await SimpleDb.open(disk);
    await db.tryInsert(`round ${round}`, bytes('x'));
    await db.tryInsert('again', bytes(`${round}`));
    disk = disk.afterKill();

    const found = await lookAt(disk.clone());

    expect(found).toMatchObject({ kind: 'silent' });
    expect((found as { entries: Entries }).entries).toHaveLength(round + 1);
    expect((found as { entries: Entries }).entries[0]).toEqual(['again', `${round}`]);
    await db.close();
  }
});

test('defect 10, a limit that is looked at too late: what it refuses is nowhere, and takes no room', async () => {
  const disk = new SimulatedDisk();
  const db = await SimpleDb.open(disk, { byteLimit: 20 });
  await db.tryInsert('key', bytes('value'));
  await atRest();
  const before = disk.digest();

  for (let n = 0; n < 100; n++) {
    await expect(db.tryInsert(`more ${n}`, bytes('x'.repeat(99)))).rejects.toMatchObject({
      committed: 'no',
    });
  }

  await atRest();
  expect(disk.digest()).toBe(before);
  expect(entriesOf(db)).toEqual([['key', 'value']]);
  expect(db.counters.storage_disk_full_total).toBe(100);
  expect(await openedEntries(disk.afterKill())).toEqual([['key', 'value']]);
  await db.close();
});

test("defect 11, bookkeeping among the user's keys: __wal_id is a key like any other", async () => {
  const disk = new SimulatedDisk();
  const db = await SimpleDb.open(disk);
  await db.tryFlush();
  expect(db.keysWithPrefix('')).toEqual([]);

  await db.tryInsert('__wal_id', bytes('mine'));
  await db.tryInsert('other', bytes('x'));
  await db.tryFlush();
  await db.tryRemove('other');

  const entries = [['__wal_id', 'mine']];
  expect(entriesOf(db)).toEqual(entries);
  expect(await openedEntries(disk.afterKill())).toEqual(entries);
  await db.close();
});

test('defect 12, lengths that nothing protects: a rotten one is reported, and nothing huge is asked for', async () => {
  const disk = await make('killed');
  const wal = newestFile(disk, '.wal');
  const fileSize = disk.readFile(wal).length;
  const LENGTH_OFFSET = 4;
  for (const { offset } of framesOf(disk, wal).filter(({ type }) => type === FrameType.commit)) {
    for (let bit = 0; bit < 32; bit++) {
      const rotten = disk.clone();
      rotten.flipBit(wal, offset + LENGTH_OFFSET + (bit >> 3), bit & 7);
      let largest = 0;
      rotten.onCall = ({ kind, byteCount = 0 }) => {
        if (kind === 'read') largest = Math.max(largest, byteCount);
        return undefined;
      };

      const found = await lookAt(rotten);

      expect(found.kind, `bit ${bit} of the length at ${offset}`).toBe('reported');
      expectHonest(found, `bit ${bit} of the length at ${offset}`);
      expect(largest).toBeLessThanOrEqual(Math.max(fileSize, 1 << 20));
    }
  }
});

test('defect 13, no lock and no order: a second opener is refused, equal contents are equal bytes', async () => {
  const disk = new SimulatedDisk();
  const db = await SimpleDb.open(disk);
  await expect(SimpleDb.open(disk)).rejects.toMatchObject({ code: 'LOCKED' });
  await db.close();

  const roots = [];
  for (const order of [ALL, [...ALL].reverse(), [...ALL.slice(2), ...ALL.slice(0, 2)]]) {
    const ordered = new SimulatedDisk();
    const filled = await SimpleDb.open(ordered);
    for (const [key, value] of order) await filled.tryInsert(key, bytes(value));
    await filled.close();
    const store = await Store.open(ordered);
    await store.compact();
    await store.close();
    const { footer } = readerOf(ordered.readFile(newestFile(ordered, '.snap')));
    roots.push(footer.root);
  }

  expect(roots[1]).toEqual(roots[0]);
  expect(roots[2]).toEqual(roots[0]);
});

test('defect 14, a torn line that fails the open, a missing table that reads as empty: neither does', async () => {
  const killed = await make('killed');
  const wal = newestFile(killed, '.wal');
  const [first] = framesOf(killed, wal);
  for (let size = first?.offset ?? 0; size < killed.readFile(wal).length; size++) {
    const torn = killed.clone();
    torn.writeFile(wal, killed.readFile(wal).slice(0, size));

    const found = await lookAt(torn);

    const entries = found.kind === 'refused' ? found : found.entries;
    expect(entries, `cut at ${size}`).toEqual(ALL.slice(0, (entries as Entries).length));
  }

  const flushed = await make('flushed and closed');
  const without = flushed.clone();
  await without.remove(newestFile(flushed, '.snap'));
  expectHonest(await lookAt(without), 'without the snapshot');

  const tally = await crashEverywhere({
    newLog: () => ({ inserted: 0 }),
    async life(disk, log) {
      const db = await SimpleDb.open(disk);
      for (const [key, value] of ALL) {
        await db.tryInsert(key, bytes(value));
        log.inserted++;
        await db.tryFlush();
      }
    },
    async check(image, { inserted }) {
      const entries = await openedEntries(image);
      expect(entries.length).toBeGreaterThanOrEqual(inserted);
      expect(entries).toEqual(ALL.slice(0, entries.length));
    },
  });
  expect(tally.crashPoints).toBeGreaterThan(100);
}, 120_000);

test('defect 15, tests that cannot fail: the crash test finds a disk that forgets, the log is what is replayed', async () => {
  const survives = {
    newLog: () => ({ inserted: 0 }),
    async life(disk: SimulatedDisk, log: { inserted: number }) {
      const db = await SimpleDb.open(disk);
      for (const [key, value] of ALL) {
        await db.tryInsert(key, bytes(value));
        log.inserted++;
      }
    },
    async check(image: SimulatedDisk, { inserted }: { inserted: number }) {
      const db = await SimpleDb.open(image);
      const { length } = db.keysWithPrefix('');
      await db.close();
      if (length < inserted) throw new Error('an acknowledged key is missing');
    },
  };

  const tally = await crashEverywhere(survives);
  const caught = await crashEverywhere({
    ...survives,
    faultOf: ({ kind }, { inserted }) =>
      kind === 'sync' && inserted > 0 ? { kind: 'sync', personality: 'lying' } : undefined,
  }).catch((error: unknown) => error);

  expect(tally.crashPoints).toBeGreaterThan(20);
  expect(String(caught)).toContain('an acknowledged key is missing');
  const killed = await SimpleDb.open(await make('killed'));
  expect(killed.recovery).toMatchObject({ snapshot: 'none', replayedCommits: ALL.length });
  await killed.close();
}, 120_000);

function commitOf(disk: SimulatedDisk, key: string): { offset: number; size: number } {
  const wal = newestFile(disk, '.wal');
  const content = disk.readFile(wal);
  const found = framesOf(disk, wal).find(
    ({ offset, size, type }) =>
      type === FrameType.commit && contains(content.slice(offset, offset + size), bytes(key)),
  );
  if (found === undefined) throw new Error(`${key} is not in the log`);
  return found;
}

function contains(whole: Uint8Array, part: Uint8Array): boolean {
  const text = (content: Uint8Array) => String.fromCharCode(...content);
  return text(whole).includes(text(part));
}
