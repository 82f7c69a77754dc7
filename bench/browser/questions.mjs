// @ts-check
/** What is asked in a browser, and how each engine is used. */

/** @import { Question } from '../harness/types.ts' */

export const OURS = 'onewal';
/** The bare loop, as an engine that answers one row. */
export const BARE = 'bare';

/** @type {Pick<Question, 'name' | 'asks' | 'rows'>} */
export const BROWSER_QUESTION = {
  name: 'browser',
  asks: 'How fast is it in a browser?',
  rows: [
    { name: 'one at a time', unit: 'per second' },
    { name: 'a commit, to a bare write + flush', unit: 'times' },
    { name: '64 in flight', unit: 'per second' },
    { name: 'bulk load', unit: 'per second' },
    { name: 'open and first read', unit: 'ms' },
    { name: 'random reads', unit: 'per second' },
    { name: 'full scan', unit: 'per second' },
    { name: 'ranges of 100', unit: 'per second' },
  ],
};

/** @type {Readonly<Record<string, { library?: string, durability: string, options: string }>>} */
export const ENGINE_OPTIONS = {
  onewal: {
    durability: 'a flush for each group of commits',
    options: '`onewal/opfs`, binary keys and values',
  },
  'onewal-idb': {
    durability: 'a strict transaction for each group of commits',
    options: '`onewal/indexed-db`, binary keys and values',
  },
  idb: {
    durability: 'a strict transaction for each commit',
    options: 'IndexedDB itself: one object store, `getAll` for ranges, which gives no keys',
  },
  dexie: {
    library: 'dexie',
    durability: '`chromeTransactionDurability: "strict"`',
    options: 'one table, `bulkPut`, `toArray` for ranges, which gives no keys',
  },
  'browser-level': {
    library: 'browser-level',
    durability: 'made strict from outside: it has no option for that',
    options: '`view` encodings, `nextv(1000)`',
  },
  'sqlite-wasm': {
    library: '@sqlite.org/sqlite-wasm',
    durability: '`synchronous = FULL`, WAL, `locking_mode = EXCLUSIVE`',
    options: '`opfs-sahpool`, one table `WITHOUT ROWID`, prepared statements; all of it blocks',
  },
  bare: {
    durability: 'a flush for each write',
    options: '256 bytes at the end of an OPFS file, in turns with the commits of onewal',
  },
};

/** @param {string} name */
export const isPeer = (name) => name !== BARE && !name.startsWith(OURS);
