/** Files that the engine itself has written: what fuzzing begins with. */

import { Store } from '../../src/store.ts';
import { SimulatedDisk } from '../../src/testing/simulated-disk.ts';
import type { StoredFile } from '../formats/directory.ts';
import { restartChance } from '../oracles/chance.ts';

type Life = (store: Store) => Promise<void>;

const LIVES: readonly Life[] = [
  async () => undefined,
  async (store) => {
    const map = store.map<string, unknown>('a');
    await map.put('x', 1);
    await map.put('y', [1n, { z: new Date(0) }], { token: 'token' });
    await map.remove('x');
    await map.clear({ start: 'y', end: 'z' });
    await store.setQuota({ bytes: 9000, maps: { a: 5000 } });
    await map.put('w', 'v', { durability: 'buffered' });
    await store.dropMap('a');
    await store.map('b', { key: 'utf8', value: 'json' }).put('k', { j: 1 });
  },
  async (store) => {
    await fill(store, 'a', 12);
    await store.checkpoint();
    await store.map<string, unknown>('a').remove('key 3');
    await fill(store, 'b', 2);
    await store.checkpoint();
    await store.map<string, unknown>('b').clear();
  },
  async (store) => {
    await fill(store, 'a', 6);
    await store.compact();
    await store.map<string, unknown>('a').put('key 1', 'other', { token: 'again' });
  },
];

/** One directory for each life: closed, and as a kill before the close leaves it. */
export async function seedDirectories(): Promise<StoredFile[][]> {
  const directories: StoredFile[][] = [];
  for (const life of LIVES) {
    restartChance();
    const disk = new SimulatedDisk();
    const store = await Store.open(disk);
    await life(store);
    directories.push(filesOf(disk));
    await store.close();
    directories.push(filesOf(disk));
    const again = await Store.open(disk);
    await again.map<string, unknown>('c').put('after', true);
    directories.push(filesOf(disk));
    await again.close();
  }
  return directories;
}

function filesOf(disk: SimulatedDisk): StoredFile[] {
  const names = disk.names().filter((name) => name !== 'reserve');
  return names.map((name) => ({ name, bytes: disk.readFile(name) }));
}

async function fill(store: Store, name: string, count: number): Promise<void> {
  const map = store.map<string, unknown>(name);
  await store.batch(
    Array.from({ length: count }, (_, i) => {
      return { type: 'put', map, key: `key ${i}`, value: `value ${i}` } as const;
    }),
  );
}
