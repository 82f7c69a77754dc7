/** Disks of every size: acknowledged commits stay, deletions work, and writes go on when space returns. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { OnewalError, Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(13));

const used = (disk: SimulatedDisk): number =>
  disk.names().reduce((size, name) => size + disk.readFile(name).length, 0);

test('a full disk refuses commits, keeps what is there, lets deletions through, and is left without a restart', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<number, string>('m');
  for (let n = 0; n < 20; n++) await map.put(n, 'x'.repeat(200));
  disk.capacity = used(disk) + 100;

  const refusal = await map.put(100, 'y'.repeat(500)).catch((error: unknown) => error);

  expect(refusal).toMatchObject({
    code: 'DISK_FULL',
    committed: 'no',
    retryable: true,
    writesDisabled: false,
  });
  expect(map.has(100)).toBe(false);
  expect(map.get(7)).toBe('x'.repeat(200));
  for (let n = 0; n < 10; n++) await map.remove(n);
  await store.checkpoint();
  expect((await store.verify()).isSound).toBe(true);
  expect(store.stats().storage_disk_full_total).toBeGreaterThan(0);

  disk.capacity = undefined;
  await map.put(100, 'y'.repeat(500));
  expect(map.getCount()).toBe(11);
  await store.checkpoint();
  expect(disk.names()).toContain('reserve');
  await store.close();
  const again = await Store.open(disk);
  expect(again.map('m').getCount()).toBe(11);
  await again.close();
});

test('a full disk can be closed and opened again', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await store.map('m').put('k', 'v');
  disk.capacity = used(disk);

  await store.close();
  disk.capacity = used(disk) + 20_000;
  const again = await Store.open(disk);

  expect(again.map('m').get('k')).toBe('v');
  await again.close();
});

test('a full disk can be opened, checkpointed and deleted from, as long as there is a reserve', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  for (let n = 0; n < 50; n++) await store.map<number, number>('m').put(n, n);
  await store.close();
  disk.capacity = used(disk);

  const full = await Store.open(disk);
  const map = full.map<number, number>('m');
  await expect(map.put(99, 99)).rejects.toMatchObject({ code: 'DISK_FULL', committed: 'no' });
  for (let n = 0; n < 40; n++) await map.remove(n);
  await full.checkpoint();
  await full.close();

  const again = await Store.open(disk);
  expect([...again.map('m').getKeys()]).toHaveLength(10);
  await again.close();
});

test('a reserve that a crash has left short is made anew', async () => {
  const disk = new SimulatedDisk();
  await (await Store.open(disk)).close();
  disk.writeFile('reserve', new Uint8Array(100));

  const store = await Store.open(disk);

  expect(disk.readFile('reserve')).toHaveLength(64 << 10);
  await store.close();
});

// A group of both made the reserve anew first, and took the room that the deletion had just been
// given: for as long as somebody tried.
test.each(['rich', 'poor'] as const)(
  'a deletion gets the reserve also beside puts that are tried again at once (%s host)',
  async (host) => {
    const disk = new SimulatedDisk({ host });
    const store = await Store.open(disk);
    const map = store.map<string, string>('m');
    await map.put('victim', 'x'.repeat(200));
    disk.capacity = used(disk) + 10;
    let refusals = 0;
    let isRemoved = false;
    const put = async () => {
      while (!isRemoved && refusals < 100) {
        await map.put('more', 'y'.repeat(5000)).catch(() => refusals++);
      }
    };

    const puts = [put(), put()];
    await map.remove('victim').then(() => {
      isRemoved = true;
    });
    await Promise.all(puts);

    expect(refusals).toBeLessThan(100);
    expect(map.has('victim')).toBe(false);
    await store.close();
  },
);

test('without the reserve commits keep their order, and a put behind deletions has its turn', async () => {
  const disk = new SimulatedDisk();
  disk.onCall = ({ kind, file }) =>
    kind === 'sync' && file === 'reserve' ? { kind: 'fail', code: 'ENOSPC' } : undefined;
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');
  const answers: string[] = [];
  const note = (name: string, commit: Promise<unknown>) =>
    commit.then(
      () => answers.push(name),
      (error: OnewalError) => answers.push(`${name} ${error.code}`),
    );
  const commits = () => [
    note('remove 1', map.remove('a')),
    note('put', map.put('a', 1)),
    note('remove 2', map.remove('b')),
  ];

  await Promise.all(commits());
  const without = answers.splice(0);
  disk.onCall = undefined;
  await Promise.all(commits());

  expect(without).toEqual(['remove 1', 'put DISK_FULL', 'remove 2']);
  expect(answers).toEqual(['remove 1', 'put', 'remove 2']);
  expect(map.get('a')).toBe(1);
  await store.close();
});

// A host may find out at the sync that there is no room for what it has taken.
test('a reserve whose sync fails is none: only deletions are taken until one can be made', async () => {
  const disk = new SimulatedDisk();
  disk.onCall = ({ kind, file }) =>
    kind === 'sync' && file === 'reserve' ? { kind: 'fail', code: 'ENOSPC' } : undefined;
  const store = await Store.open(disk);
  const map = store.map<string, number>('m');

  await expect(map.put('k', 1)).rejects.toMatchObject({ code: 'DISK_FULL', committed: 'no' });
  await map.remove('k');
  expect(disk.names()).not.toContain('reserve');

  disk.onCall = undefined;
  await map.put('k', 1);
  expect(disk.readFile('reserve')).toHaveLength(64 << 10);
  await store.close();
});

test('on a disk of any size every answer is true, and everything goes on when space returns', async () => {
  const need = await run(undefined);
  let refused = 0;
  for (let capacity = 0; capacity <= need.bytes; capacity += 257) {
    useSeededHost(13);
    const found = await run(capacity);
    refused += found.refused;
  }

  expect(refused).toBeGreaterThan(500);
  console.log(`disk sizes from 0 to ${need.bytes} in steps of 257: ${refused} commits refused`);
}, 120_000);

/** Puts, a checkpoint, deletions and a compaction on a disk of `capacity`; then on one without bound. */
async function run(capacity: number | undefined): Promise<{ bytes: number; refused: number }> {
  const disk = new SimulatedDisk(capacity === undefined ? {} : { capacity });
  const store = await Store.open(disk).catch((error: unknown) => error as OnewalError);
  if (store instanceof OnewalError) {
    expect(store.code, `capacity ${capacity}`).toBe('DISK_FULL');
    disk.capacity = undefined;
    await (await Store.open(disk)).close();
    return { bytes: 0, refused: 0 };
  }
  const map = store.map<number, string>('m');
  const held = new Set<number>();
  let refused = 0;
  for (let n = 0; n < 24; n++) {
    const outcome = await map.put(n, 'x'.repeat(400)).then(
      () => 'committed',
      (error: OnewalError) => error.committed,
    );
    if (outcome === 'committed') held.add(n);
    else {
      expect(outcome, `capacity ${capacity}, put ${n}`).toBe('no');
      refused++;
    }
    if (n === 8) await store.checkpoint().catch(() => undefined);
    if (n === 16) await store.compact().catch(() => undefined);
  }
  for (const n of [...held].slice(0, 4)) {
    await map.remove(n);
    held.delete(n);
  }
  expect([...map.getKeys()]).toEqual([...held]);
  disk.capacity = undefined;
  await map.put(99, 'back');
  await store.checkpoint();
  expect([...map.getKeys()]).toEqual([...held, 99]);
  const bytes = used(disk);
  await store.close();
  const again = await Store.open(disk);
  expect([...again.map('m').getKeys()]).toEqual([...held, 99]);
  await again.close();
  return { bytes, refused };
}
