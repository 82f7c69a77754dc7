/**
 * onewal/browser: opens a store in the strongest place that a page or worker has, and says which.
 *
 * The strongest is OPFS, in dedicated workers; then IndexedDB; then the files of Cordova, which no
 * call makes durable. A store that exists is opened where it is, whatever would be stronger: an empty
 * one is never opened beside it.
 */
import { webLocks } from '../fs/browser.ts';
import { CordovaFileSystem, type CordovaOptions } from '../fs/cordova.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { IndexedDbFileSystem } from '../fs/indexed-db.ts';
import { OpfsFileSystem } from '../fs/opfs.ts';
import type { StoreOptions } from '../options.ts';
import { Store } from '../store.ts';
import { type Choice, choosePlace, type PlaceKind } from './choice.ts';
import { lookAtCordova, lookAtIndexedDb, lookAtOpfs } from './places.ts';

export type { CordovaOptions, PluginDirectory } from '../fs/cordova.ts';
export type { Choice, PlaceKind, PlaceReport } from './choice.ts';

export interface BestOptions extends StoreOptions {
  /** Where a new store is made, if it can be; the strongest place otherwise. */
  readonly prefer?: PlaceKind;
  /** Where the files of Cordova are. */
  readonly cordova?: CordovaOptions;
}

export interface BestStore {
  readonly store: Store;
  readonly choice: Choice;
}

/**
 * Opens the store `name`, that of a path of directories, and says where it is and why. Other calls
 * with this name wait for each other, where there are Web Locks. Throws what `Store.open` throws;
 * INVALID_ARGUMENT where the store is in a place that cannot be opened from here, such as OPFS from
 * a page, or in two places, or where there is no place; and what the host throws when it does not
 * let a place be looked at. Nothing was made then.
 */
export async function openBest(name: string, options: BestOptions = {}): Promise<BestStore> {
  const { prefer, cordova, ...storeOptions } = options;
  const fileSystems = {
    opfs: new OpfsFileSystem(name),
    'indexed-db': new IndexedDbFileSystem(name),
    cordova: new CordovaFileSystem(name, cordova),
  } satisfies { readonly [kind in PlaceKind]: FileSystem };
  return alone(`onewal: choosing a place for ${name}`, async () => {
    const places = [
      await lookAtOpfs(name),
      await lookAtIndexedDb(name),
      await lookAtCordova(fileSystems.cordova),
    ];
    const choice = choosePlace(name, places, prefer);
    return { store: await Store.open(fileSystems[choice.kind], storeOptions), choice };
  });
}

/** Two at once would both find nothing, and each make a store where it can. */
async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = webLocks();
  if (locks === undefined) return work();
  let outcome: { readonly value: T } | undefined;
  await locks.request(name, {}, async () => {
    outcome = { value: await work() };
  });
  return (outcome as unknown as { readonly value: T }).value;
}
