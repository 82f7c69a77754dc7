/** Both sides of every limit: the last value that is allowed, and the first that is not. */
import type { ErrorCode } from '../../../src/errors.ts';
import type { Store, StoreOptions, Write } from '../../../src/index.ts';
import {
  COMMIT_SIZE_MAX,
  KEY_SIZE_MAX,
  MAP_COUNT_MAX,
  NAME_SIZE_MAX,
  VALUE_SIZE_MAX,
} from '../../../src/store/limits.ts';
import { TOKEN_SIZE_MAX } from '../../../src/wal/record.ts';
import type { Scale } from '../gate.ts';
import type { Files } from '../rot/plain-files.ts';
import { nearlyUsedUp } from './used-up.ts';

interface Limit {
  readonly name: string;
  readonly code: ErrorCode;
  /** Left out at smaller scales: takes much memory. */
  readonly scale?: Scale;
}

/** Something is done to an open store. */
export interface WriteLimit extends Limit {
  readonly files?: Files;
  /** Before both. */
  prepare?(store: Store): void;
  last(store: Store): void;
  above(store: Store): void;
}

/** A store is opened. */
export interface OpenLimit extends Limit {
  readonly last: StoreOptions;
  readonly above: StoreOptions;
}

const MAX = Number.MAX_SAFE_INTEGER;
const BINARY = { key: 'binary', value: 'binary' } as const;
const TEXT = { key: 'utf8', value: 'utf8' } as const;
/** Of each write of a commit, beside its key and value. */
const WRITE_SIZE = 32;

export const WRITE_LIMITS: readonly WriteLimit[] = [
  {
    ...{ name: 'key', code: 'LIMIT' },
    last: (store) => putSized(store, KEY_SIZE_MAX, 1),
    above: (store) => putSized(store, KEY_SIZE_MAX + 1, 1),
  },
  {
    ...{ name: 'key, in characters of two bytes', code: 'LIMIT' },
    last: (store) => putText(store, 'é'.repeat(KEY_SIZE_MAX / 2)),
    above: (store) => putText(store, `${'é'.repeat(KEY_SIZE_MAX / 2)}x`),
  },
  {
    ...{ name: 'value', code: 'LIMIT', scale: 'full', prepare: liftQuota },
    last: (store) => putSized(store, 1, VALUE_SIZE_MAX),
    above: (store) => putSized(store, 1, VALUE_SIZE_MAX + 1),
  },
  {
    ...{ name: 'commit', code: 'LIMIT', scale: 'long', prepare: liftQuota },
    last: (store) => store.batchSync(writesOf(store, COMMIT_SIZE_MAX)),
    above: (store) => store.batchSync(writesOf(store, COMMIT_SIZE_MAX + 1)),
  },
  {
    ...{ name: 'number of maps', code: 'LIMIT' },
    last: (store) =>
      store.batchSync(mapsOf(store, 'in one commit', MAP_COUNT_MAX - store.maps.length)),
    above: (store) => store.batchSync(mapsOf(store, 'one more', 1)),
  },
  {
    ...{ name: 'maps of one commit', code: 'LIMIT' },
    last: (store) => store.batchSync(mapsOf(store, 'few', 1)),
    above: (store) => store.batchSync(mapsOf(store, 'many', MAP_COUNT_MAX)),
  },
  ...nameLimits(),
  ...['x', 'é'].map((character): WriteLimit => {
    const size = new TextEncoder().encode(character).length;
    const token = character.repeat(TOKEN_SIZE_MAX / size);
    return {
      ...{ name: `token of ${character}`, code: 'INVALID_ARGUMENT' },
      last: (store) => store.map('m', TEXT).putSync('k', 'v', { token }),
      above: (store) => store.map('m', TEXT).putSync('k', 'w', { token: `${token}x` }),
    };
  }),
  {
    ...{ name: 'shortest token', code: 'INVALID_ARGUMENT' },
    last: (store) => store.map('m', TEXT).putSync('k', 'v', { token: Uint8Array.of(0) }),
    above: (store) => store.map('m', TEXT).putSync('k', 'w', { token: new Uint8Array(0) }),
  },
  ...quotaLimits(),
  {
    ...{ name: 'map ids', code: 'LIMIT', files: nearlyUsedUp({ nextMapId: MAX - 1 }) },
    last: (store) => putIn(store, 'the last'),
    above: (store) => putIn(store, 'one more'),
  },
  {
    ...{ name: 'ids for emptied maps', code: 'LIMIT', files: nearlyUsedUp({ nextMapId: MAX - 1 }) },
    last: (store) => store.map('given', BINARY).clearSync(),
    above: (store) => {
      store.map('given', BINARY).clearSync();
      putIn(store, 'one more');
    },
  },
  {
    ...{ name: 'sequence ids', code: 'LIMIT', files: nearlyUsedUp({ sequence: MAX - 1 }) },
    last: (store) => putIn(store, 'given'),
    above: (store) => putIn(store, 'given'),
  },
];

export const OPEN_LIMITS: readonly OpenLimit[] = [
  ...(['cacheBytes', 'lockTimeout'] as const).flatMap((name) => wholeNumbers(name, 0)),
  ...wholeNumbers('checkpointBytes', 4096),
  {
    ...{ name: 'quota', code: 'INVALID_ARGUMENT' },
    last: { quota: { bytes: MAX } },
    above: { quota: { bytes: MAX + 1 } },
  },
  {
    ...{ name: 'quota of a map', code: 'INVALID_ARGUMENT' },
    last: { quota: { maps: { words: 0 } } },
    above: { quota: { maps: { words: -1 } } },
  },
];

/** Of an option that takes whole numbers from `least` on. */
function wholeNumbers(
  name: 'cacheBytes' | 'lockTimeout' | 'checkpointBytes',
  least: number,
): OpenLimit[] {
  const code = 'INVALID_ARGUMENT';
  return [
    { name: `least ${name}`, code, last: { [name]: least }, above: { [name]: least - 1 } },
    { name: `${name}`, code, last: { [name]: MAX }, above: { [name]: MAX + 1 } },
    { name: `whole ${name}`, code, last: { [name]: 5000 }, above: { [name]: 5000.5 } },
    { name: `known ${name}`, code, last: { [name]: 5000 }, above: { [name]: Number.NaN } },
  ];
}

function nameLimits(): WriteLimit[] {
  const long = 'n'.repeat(NAME_SIZE_MAX);
  const wide = `${'é'.repeat((NAME_SIZE_MAX - 1) / 2)}x`;
  const named = (name: string) => (store: Store) => putIn(store, name);
  const encoded = (size: number) => (store: Store) => {
    const codec = { encode: (bytes: Uint8Array) => bytes, decode: (bytes: Uint8Array) => bytes };
    const value = { name: 'c'.repeat(size), ...codec };
    store
      .map<Uint8Array, Uint8Array>(`own ${size}`, { key: 'binary', value })
      .putSync(sized(1), sized(1));
  };
  return [
    { name: 'name of a map', code: 'LIMIT', last: named(long), above: named(`${long}n`) },
    { name: 'wide name of a map', code: 'LIMIT', last: named(wide), above: named(`${wide}x`) },
    { name: 'shortest name', code: 'INVALID_ARGUMENT', last: named('n'), above: named('') },
    {
      ...{ name: 'name of an encoding', code: 'LIMIT' },
      last: encoded(NAME_SIZE_MAX),
      above: encoded(NAME_SIZE_MAX + 1),
    },
  ];
}

function quotaLimits(): WriteLimit[] {
  const filled = (store: Store, bytes: number) => putSized(store, 1, bytes - 1);
  return [
    {
      ...{ name: 'quota of the store', code: 'QUOTA_EXCEEDED' },
      prepare: (store) => void store.setQuota({ bytes: store.stats().bytesUsed + 100 }),
      last: (store) => filled(store, 100),
      above: (store) => store.map('sized', BINARY).putSync(sized(2), sized(0)),
    },
    {
      ...{ name: 'quota of a map', code: 'QUOTA_EXCEEDED' },
      prepare: (store) => void store.map('sized', { ...BINARY, quota: 100 }),
      last: (store) => filled(store, 100),
      above: (store) => filled(store, 101),
    },
  ];
}

/** The stores have a quota, and what is tried is larger. */
function liftQuota(store: Store): void {
  void store.setQuota({ bytes: MAX });
}

function putSized(store: Store, keySize: number, valueSize: number): void {
  store.map('sized', BINARY).putSync(sized(keySize), sized(valueSize));
}

function putText(store: Store, key: string): void {
  store.map('text', TEXT).putSync(key, 'v');
}

function putIn(store: Store, name: string): void {
  store.map(name, BINARY).putSync(sized(1), sized(1));
}

function sized(size: number): Uint8Array {
  return new Uint8Array(size).fill(0x61);
}

function mapsOf(store: Store, name: string, count: number): Write[] {
  return Array.from({ length: count }, (_, i) => {
    return { type: 'put', map: store.map(`${name} ${i}`, BINARY), key: sized(1), value: sized(0) };
  });
}

/** Writes that count `size` together. */
function writesOf(store: Store, size: number): Write[] {
  const map = store.map('sized', BINARY);
  const writes: Write[] = [];
  for (let left = size; left > 0; ) {
    const key = Uint8Array.of(writes.length);
    const overhead = WRITE_SIZE + key.length;
    const isLast = left <= VALUE_SIZE_MAX / 2 + overhead;
    const value = sized(isLast ? left - overhead : VALUE_SIZE_MAX / 2);
    writes.push({ type: 'put', map, key, value });
    left -= overhead + value.length;
  }
  return writes;
}
