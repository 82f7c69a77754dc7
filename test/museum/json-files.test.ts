/** Faults of stores that write all of their data anew: NeDB, electron-store, and what they stand on. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { Store } from '../../src/index.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { sizeOf } from '../facade/simple-db-support.ts';
import { crashEverywhere } from '../support/crash-everywhere.ts';
import { useSeededHost } from '../support/seeded.ts';
import {
  fill,
  make,
  openedContent,
  openedNumbers,
  putBoth,
  REFUSALS,
  range,
} from './made-store.ts';

beforeAll(() => checksumReady);
beforeEach(() => useSeededHost(52));

// louischatriot/nedb 235 and 265. The compacted file was renamed over the old one before it was
// synced: after a power cut the data file had no bytes.
test('NeDB 235: a power cut during a compaction leaves all that was there before', async () => {
  const tally = await crashEverywhere({
    newLog: () => ({ isFilled: false }),
    async life(disk, log) {
      const store = await fill(disk);
      log.isFilled = true;
      await store.compact();
    },
    async check(image, { isFilled }) {
      const numbers = await openedNumbers(image);
      expect(numbers.length).toBeGreaterThanOrEqual(isFilled ? 6 : 0);
      expect(numbers).toEqual(range(1, numbers.length));
    },
  });

  expect(tally.crashPoints).toBeGreaterThan(40);
}, 120_000);

// sindresorhus/electron-store 35, daintreehq/daintree 6035. A file that could not be parsed was
// replaced by the defaults, and the only backup by a copy of them.
test('electron-store 35: what cannot be read is neither replaced nor overwritten, however often it is opened', async () => {
  const made = await make(new SimulatedDisk(), 'closed');
  const data = made.disk.names().filter((name) => /wal|snap/.test(name));
  for (const ruined of [data, data.filter((name) => name.endsWith('.snap'))]) {
    const disk = made.disk.clone();
    for (const name of ruined) disk.writeFile(name, disk.readFile(name).fill(0x7b));
    const before = disk.digest();

    for (let open = 0; open < 3; open++) {
      const found = await openedContent(disk);
      expect([made.content, ...REFUSALS, 'FOREIGN_FILE'], String(ruined)).toContain(found);
      if (found === made.content) break;
      expect(disk.digest()).toBe(before);
    }
  }
});

// npm/write-file-atomic (up to 8.0.0) and fabiospampinato/atomically 18, which cut Bitwarden's
// data.json: a write that a full disk had taken in part was synced and renamed over the good file.
test('write-file-atomic: on a disk that fills up within a write the old data stays, and the answer says so', async () => {
  const need = 3000;
  for (let room = 0; room <= need; room += 100) {
    const disk = new SimulatedDisk();
    const store = await fill(disk);
    disk.capacity = sizeOf(disk) + room;

    const put = store.map('left').put('large', 'x'.repeat(2000));
    const answer = await put.then(
      () => 'done',
      ({ code, committed }) => `${code} ${committed}`,
    );
    const isCompacted = await store.compact().then(
      () => true,
      () => false,
    );

    expect(['done', 'DISK_FULL no'], `${room} bytes`).toContain(answer);
    const image = disk.afterKill();
    image.capacity = undefined;
    const again = await Store.open(image);
    expect(again.map('left').has('large'), `${room} bytes`).toBe(answer === 'done');
    expect(again.map('right').getCount(), `${room} bytes, ${isCompacted}`).toBe(6);
    expect((await again.verify()).isSound).toBe(true);
    await again.close();
    disk.capacity = undefined;
    await store.close();
  }
}, 120_000);

// openai/codex 34126 and 26421. After a power cut NTFS showed a file of the right length, all zeros:
// its size had been made durable, and nothing of its content.
test('codex 34126: a file of the right length that is all zeros is not taken for an empty store', async () => {
  for (const end of ['closed', 'killed'] as const) {
    const made = await make(new SimulatedDisk(), end);
    const data = made.disk.names().filter((name) => /wal|snap/.test(name));
    expect(data.length).toBeGreaterThan(1);
    for (const zeroed of [...data.map((name) => [name]), data]) {
      const disk = made.disk.clone();
      for (const name of zeroed) disk.writeFile(name, disk.readFile(name).fill(0));

      const found = await openedContent(disk);

      expect([made.content, ...REFUSALS], `${zeroed} of a store ${end}`).toContain(found);
    }
  }
});

// electric-sql/pglite, fs/opfs-ahp.ts. The names of a pool of files are in one that is cut to nothing
// and then written anew; one that cannot be parsed means a new database.
test('PGlite OPFS pool: files that were cut to nothing do not make a new store', async () => {
  for (const end of ['closed', 'killed'] as const) {
    const made = await make(new SimulatedDisk(), end);
    const names = made.disk.names();
    for (const cut of [...names.map((name) => [name]), names]) {
      const disk = made.disk.clone();
      for (const name of cut) disk.writeFile(name, new Uint8Array(0));

      const found = await openedContent(disk);

      expect([made.content, ...REFUSALS], `${cut} of a store ${end}`).toContain(found);
    }
  }
});

// typicode/lowdb 27. A write that was under way when the process ended was gone, although the call
// that made it had returned.
test('lowdb 27: what a blocking write has returned for is there when the process ends at once', async () => {
  const disk = new SimulatedDisk();
  const store = await Store.open(disk);
  await putBoth(store, 1);

  store.map('left').putSync('key 2', 'value 2');
  store.map('right').putSync('key 2', 'value 2');

  for (const image of [disk.afterKill(), ...disk.powerLossImages({ limit: 10 })]) {
    expect(await openedNumbers(image)).toEqual([1, 2]);
  }
  await store.close();
});
