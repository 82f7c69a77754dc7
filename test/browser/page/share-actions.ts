/** A tab that shares a store with others, and counts in it. */
import { IndexedDbFileSystem } from '../../../src/fs/indexed-db.ts';
import { Store } from '../../../src/index.ts';
import { type SharedStore, shareStore, type WorkerLike } from '../../../src/remote/index.ts';
import { type Counted, countUntil, findDifference, nothingYet } from '../../remote/counting-tab.ts';
import type { HostKind } from './store-actions.ts';

interface BrowserScope {
  Worker: new (url: string, options: { type: 'module'; name: string }) => WorkerLike;
}

const scope = globalThis as unknown as BrowserScope;
const counted = nothingYet();
const owners: string[] = [];
let store: SharedStore | undefined;
let isOver = false;
let counting: Promise<unknown> = Promise.resolve();

function sharedStore(): SharedStore {
  if (store === undefined) throw new Error('share a store first');
  return store;
}

export const shareActions = {
  async share(kind: HostKind, name: string, silence = 4000): Promise<string> {
    const options =
      kind === 'opfs'
        ? { worker: () => new scope.Worker('/store-worker.js', { type: 'module', name }) }
        : { open: (turn: object) => Store.open(new IndexedDbFileSystem(name, turn)) };
    store = await shareStore(`${kind} ${name}`, { ...options, silence, timeout: 60_000 });
    owners.push(store.owner);
    await store.on('owner', ({ owner }) => owners.push(owner));
    return store.owner;
  },

  owner: (): string => sharedStore().owner,

  /** Where the owner was, one place after the other. */
  owners: (): readonly string[] => owners,

  count(name: string): void {
    counting = countUntil(sharedStore(), { name, counted, isOver: () => isOver });
    counting.catch(() => undefined);
  },

  counted: (): Counted => counted,

  async stopCounting(): Promise<Counted> {
    isOver = true;
    await counting;
    return counted;
  },

  async differences(all: readonly [string, Counted][], dead: readonly string[]): Promise<string[]> {
    return findDifference(sharedStore(), new Map(all), new Set(dead), { wentOn: true });
  },

  async closeShared(): Promise<void> {
    await sharedStore().close();
  },

  /** Milliseconds of one put, and of one read, from this tab. */
  async pace(count: number): Promise<{ readonly put: number; readonly get: number }> {
    const map = sharedStore().map<number, number>('pace');
    const timed = async (work: (n: number) => Promise<unknown>): Promise<number> => {
      const start = Date.now();
      for (let n = 0; n < count; n++) await work(n);
      return (Date.now() - start) / count;
    };
    return { put: await timed((n) => map.put(n, n)), get: await timed((n) => map.get(n)) };
  },
};
