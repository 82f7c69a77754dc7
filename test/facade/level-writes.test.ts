/** Writes to a Level database: how durable they are, and that each of them is one commit. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { OnewalLevel } from '../../src/facade/level.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { Store } from '../../src/index.ts';
import { faultAt, SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(3));

async function open(files = new MemoryFileSystem()): Promise<OnewalLevel> {
  const db = new OnewalLevel(files);
  await db.open();
  return db;
}

async function filled(count: number): Promise<OnewalLevel> {
  const db = await open();
  const keys = Array.from({ length: count }, (_, i) => `k${String(i).padStart(5, '0')}`);
  await db.batch(keys.map((key) => ({ type: 'put', key, value: key.toUpperCase() })));
  return db;
}

describe('a write', () => {
  async function survivors(
    write: (db: OnewalLevel) => Promise<void>,
    options: { readonly durability?: 'buffered' } = {},
  ): Promise<'all images' | 'some images'> {
    const disk = new SimulatedDisk();
    const db = new OnewalLevel(disk, options);
    await db.put('before', 'x', { sync: true });
    await write(db);
    let lost = 0;
    for (const image of disk.powerLossImages()) {
      const after = await Store.open(image);
      const map = after.map<Uint8Array, Uint8Array>('level');
      expect(map.has(new TextEncoder().encode('before'))).toBe(true);
      if (!map.has(new TextEncoder().encode('k'))) lost++;
      await after.close();
    }
    await db.close();
    return lost === 0 ? 'all images' : 'some images';
  }

  const put = (sync?: boolean) => (db: OnewalLevel) => db.put('k', 'v', { sync });

  test('survives a power cut unless it says sync: false', async () => {
    expect(await survivors((db) => db.put('k', 'v'))).toBe('all images');
    expect(await survivors(put())).toBe('all images');
    expect(await survivors(put(true))).toBe('all images');
    expect(await survivors(put(false))).toBe('some images');
  });

  test('survives a power cut if it says sync: true where the database says buffered', async () => {
    expect(await survivors(put(), { durability: 'buffered' })).toBe('some images');
    expect(await survivors(put(true), { durability: 'buffered' })).toBe('all images');
  });

  test('says sync in every method that writes, on sublevels too', async () => {
    const unsynced: ((db: OnewalLevel) => Promise<unknown>)[] = [
      (db) => db.put('k', 'v', { sync: false }),
      (db) => db.del('a', { sync: false }),
      (db) => db.batch([{ type: 'put', key: 'k', value: 'v' }], { sync: false }),
      (db) => db.batch().put('k', 'v').write({ sync: false }),
      (db) => db.clear({ sync: false }),
      (db) => db.clear({ sync: false, limit: 1, snapshot: db.snapshot() }),
      (db) => db.sublevel('s').put('k', 'v', { sync: false } as object),
      async (db) => {
        const sublevel = db.sublevel('s');
        await sublevel.open();
        await sublevel.batch().put('k', 'v').write({ sync: false });
      },
    ];
    for (const [i, write] of unsynced.entries()) {
      const db = await open();
      await db.put('a', '1');
      const before = db.store.stats();

      await write(db);

      const { commits, syncs } = db.store.stats();
      expect([i, commits - before.commits, syncs - before.syncs]).toEqual([i, 1, 0]);
      await db.close();
    }
  });

  test('is one commit, also if it clears part of a range', async () => {
    const db = await filled(10);
    const before = db.store.info.sequence;

    await db.clear({ gt: 'k00002', reverse: true, limit: 3 });
    await db.clear({ lt: 'k00002' });

    expect(db.store.info.sequence).toBe(before + 2);
    const left = ['k00002', 'k00003', 'k00004', 'k00005', 'k00006'];
    expect(await db.keys().all()).toEqual(left);
    await db.close();
  });

  test('over two sublevels is there as a whole, or not at all, wherever the power is cut', async () => {
    const life = async (disk: SimulatedDisk, onAcknowledged: (n: number) => void) => {
      const db = new OnewalLevel(disk);
      const [users, names] = [db.sublevel('users'), db.sublevel('names')];
      for (let n = 1; n <= 3; n++) {
        await db.batch([
          { type: 'put', key: 'last', value: `${n}`, sublevel: users },
          { type: 'put', key: `name ${n}`, value: 'x'.repeat(3000), sublevel: names },
          { type: 'del', key: `name ${n - 1}`, sublevel: names },
        ]);
        onAcknowledged(n);
      }
      await db.close();
    };
    const rehearsal = new SimulatedDisk();
    await life(rehearsal, () => undefined);
    let images = 0;
    const seen = new Set<string>();

    for (let at = 0; at < rehearsal.callCount; at++) {
      const disk = new SimulatedDisk({ onCall: faultAt(at, { kind: 'crash' }) });
      let acknowledged = 0;
      await life(disk, (n) => {
        acknowledged = n;
      }).catch(() => undefined);
      for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 20 })]) {
        images++;
        const db = new OnewalLevel(image);
        const [users, names] = [db.sublevel('users'), db.sublevel('names')];
        const last = Number((await users.get('last')) ?? 0);
        expect(await names.keys().all(), `call ${at}`).toEqual(last === 0 ? [] : [`name ${last}`]);
        expect(last, `call ${at}`).toBeGreaterThanOrEqual(acknowledged);
        seen.add(`${acknowledged} ${last}`);
        await db.close();
      }
    }

    expect(images).toBeGreaterThan(100);
    expect([...seen]).toEqual(expect.arrayContaining(['0 0', '0 1', '1 1', '2 3', '3 3']));
  }, 60_000);
});
