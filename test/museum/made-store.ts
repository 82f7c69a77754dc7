/** What the museum's tests have in common: small stores, and what an open makes of a disk. */
import { Store, type StoreOptions } from '../../src/index.ts';
import type { SimulatedDisk } from '../../src/testing/index.ts';
import { type Content, contentOf } from '../support/workload.ts';

export interface Made {
  readonly disk: SimulatedDisk;
  readonly content: Content;
}

/** Three commits over two maps that a snapshot holds, and three behind it. */
export async function fill(disk: SimulatedDisk): Promise<Store> {
  const store = await Store.open(disk);
  for (let n = 1; n <= 3; n++) await putBoth(store, n);
  await store.checkpoint();
  for (let n = 4; n <= 6; n++) await putBoth(store, n);
  return store;
}

export function putBoth(store: Store, n: number): Promise<unknown> {
  return store.batch([
    { type: 'put', map: 'left', key: `key ${n}`, value: `value ${n}` },
    { type: 'put', map: 'right', key: `key ${n}`, value: `value ${n}` },
  ]);
}

export async function make(disk: SimulatedDisk, end: 'closed' | 'killed'): Promise<Made> {
  const store = await fill(disk);
  const content = contentOf(store);
  if (end === 'closed') await store.close();
  // A Sync record follows when the queue comes to rest.
  await turn();
  return { disk: disk.afterKill(), content };
}

/** What a store on this disk holds, or the code with which it is refused. */
export async function openedContent(
  disk: SimulatedDisk,
  options: StoreOptions = {},
): Promise<Content> {
  let store: Store;
  try {
    store = await Store.open(disk, options);
  } catch (error) {
    return (error as { code: string }).code;
  }
  try {
    return contentOf(store);
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await store.close();
  }
}

/** The numbers of those commits of `putBoth` that are there. Throws where one is there by half. */
export async function openedNumbers(disk: SimulatedDisk): Promise<number[]> {
  const store = await Store.open(disk);
  const [left, right] = ['left', 'right'].map((name) => [...store.map<string>(name).getKeys()]);
  await store.close();
  if (String(left) !== String(right)) throw new Error(`half a commit: ${left} and ${right}`);
  return (left as string[]).map((key) => Number(key.slice(4))).sort((one, other) => one - other);
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** The refusals that say that something is damaged or missing. */
export const REFUSALS = ['CORRUPT', 'MISSING_FILE'];
