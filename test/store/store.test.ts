import { mkdtempSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksumReady } from '../../src/bytes/checksum.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { NodeFileSystem } from '../../src/fs/node.ts';
import { Store } from '../../src/index-node.ts';
import { SimulatedDisk } from '../../src/testing/index.ts';
import { eventContract } from '../contract/events.ts';
import { outcomeContract } from '../contract/outcomes.ts';
import { type StoreHost, storeContract } from '../contract/store.ts';
import { transactionContract } from '../contract/transactions.ts';
import { viewContract } from '../contract/views.ts';

const root = mkdtempSync(join(tmpdir(), 'onewal-store-'));
let count = 0;

beforeAll(() => checksumReady);
afterAll(() => rmSync(root, { recursive: true }));

const hosts: readonly StoreHost[] = [
  { name: 'memory', make: () => new MemoryFileSystem(), canBlock: true },
  {
    name: 'the poorest host',
    make: () => new MemoryFileSystem({ host: 'poor', fileCountMax: 24 }),
    canBlock: false,
  },
  { name: 'the simulated disk', make: () => new SimulatedDisk(), canBlock: true },
  {
    name: 'a directory with a name in any script',
    make: () => new NodeFileSystem(join(root, `${count++} 中文 é 😀`)),
    canBlock: true,
  },
];
for (const host of hosts) {
  storeContract(host);
  viewContract(host);
  transactionContract(host);
  outcomeContract(host);
  eventContract(host);
}

test('a link in place of a data file is refused, and what it points at is not touched', async () => {
  const directory = join(root, 'linked');
  const store = await Store.open(directory);
  await store.map('m').put('k', 1);
  await store.close();
  renameSync(join(directory, '1.wal'), join(root, 'elsewhere'));
  symlinkSync(join(root, 'elsewhere'), join(directory, '1.wal'));

  await expect(Store.open(directory)).rejects.toMatchObject({ code: 'PERMISSION' });
  expect(readdirSync(directory).sort()).toEqual(['1.head', '1.wal', 'reserve']);
});

test('directories are for their owner alone, and so are files', async () => {
  const directory = join(root, 'private');
  const store = await Store.open(directory);
  await store.map('m').put('k', 1);
  await store.checkpoint();

  expect(statSync(directory).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(directory)) {
    expect(statSync(join(directory, name)).mode & 0o777, name).toBe(0o600);
  }
  await store.close();
});

test('a batch removes more entries than a call takes arguments', async () => {
  const store = await Store.open(new MemoryFileSystem());
  const map = store.map<number, number>('m', { value: 'cbor' });
  const key = Array.from({ length: 150_000 }, (_, index) => index);
  await store.batch(key.map((key) => ({ type: 'put', map, key, value: 0 })));
  await store.batch([{ type: 'clear', map, range: { limit: key.length - 1 } }]);

  expect([...map.getKeys()]).toEqual([key.length - 1]);
  await store.close();
});
