/** Footers whose figures are wrong under right checksums: nothing but a recount can tell. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { encodeFooter, type SnapshotMap } from '../../src/snapshot/footer.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { readerOf } from '../snapshot/support.ts';
import { useSeededHost } from '../support/seeded.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(3));

/** Two snapshots, the newer one incremental: 4 of 5 entries are left. */
async function makeStack(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  const map = store.map<string, string>('m', { key: 'utf8', value: 'utf8' });
  for (const key of ['a', 'b', 'c', 'd', 'e']) await map.put(key, 'value');
  await store.checkpoint();
  await map.remove('c');
  await store.checkpoint();
  await store.close();
  return disk;
}

function newestSnapshot(disk: SimulatedDisk): string {
  const generations = disk.names().flatMap((name) => /^(\d+)\.snap$/.exec(name)?.[1] ?? []);
  return `${Math.max(...generations.map(Number))}.snap`;
}

function changeMap(disk: SimulatedDisk, change: (map: SnapshotMap) => Partial<SnapshotMap>): void {
  const name = newestSnapshot(disk);
  const bytes = disk.readFile(name);
  const { footer, footerOffset } = readerOf(bytes);
  const maps = footer.maps.map((map) => ({ ...map, ...change(map) }));
  const { bytes: footerBytes } = encodeFooter({ ...footer, maps }, footerOffset);
  disk.writeFile(name, new Uint8Array([...bytes.subarray(0, footerOffset), ...footerBytes]));
}

test('verify finds nothing where a stack holds what its footer counts', async () => {
  const store = await Store.open(await makeStack(), { readOnly: true });

  const report = await store.verify();

  expect(report).toMatchObject({ isSound: true, snapshots: 2, damage: [] });
  await store.close();
});

test.each<[string, (map: SnapshotMap) => Partial<SnapshotMap>]>([
  ['count', ({ count }) => ({ count: count + 1 })],
  ['bytes', ({ bytes }) => ({ bytes: bytes - 1 })],
])('verify reports a footer with a wrong %s, at the footer', async (_, change) => {
  const disk = await makeStack();
  changeMap(disk, change);
  const store = await Store.open(disk, { readOnly: true });

  const { isSound, damage } = await store.verify();

  const { footerOffset } = readerOf(disk.readFile(newestSnapshot(disk)));
  expect(isSound).toBe(false);
  expect(damage).toMatchObject([{ file: newestSnapshot(disk), offset: footerOffset }]);
  expect(damage[0]?.reason).toContain('"m", which has 4 of 24');
  await store.close();
});
