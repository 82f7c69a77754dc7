/**
 * The lives that the golden files come from. Everything is decided here: chance comes from a seed,
 * and only blocking methods write, so that no two runs can differ.
 *
 * Between them the stores hold every kind of record, operation, header and block that format
 * version 1 has, except pages above pages, which would take megabytes.
 */

import { CborWriter } from '../../src/bytes/cbor.ts';
import { FORMAT_VERSION } from '../../src/bytes/format-version.ts';
import { readFully, writeFully } from '../../src/fs/file-system.ts';
import { MemoryFileSystem } from '../../src/fs/memory.ts';
import { runSync } from '../../src/fs/task.ts';
import { Store, type StoreInfo, type StoreOptions } from '../../src/index.ts';
import { commitBody, encodeOperation, type Operation } from '../../src/wal/record.ts';
import { encodeWalHeader, GENESIS_CHAIN, type WalHeader } from '../../src/wal/wal-header.ts';
import { WalWriter } from '../../src/wal/wal-writer.ts';
import { useSeededHost } from '../support/seeded.ts';

const SEED = 1;
/** Zeros, and text for people: no state comes from them. */
const NOT_GOLDEN = /^reserve$|-report\.json$/;

/** What a store holds: for each map its keys with their values, in order. */
export type Content = { readonly [map: string]: readonly (readonly [unknown, unknown])[] };

export interface GoldenStore {
  readonly name: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The golden stores, made anew. */
export async function liveAll(): Promise<GoldenStore[]> {
  useSeededHost(SEED);
  const log = liveLog();
  const { incremental, compacted } = await liveSnapshots();
  return [
    golden('log', log),
    golden('logged-again', crashAndReopen(log)),
    golden('parts', liveParts()),
    golden('loss', liveLoss()),
    golden('incremental', incremental),
    golden('compacted', compacted),
    golden('tokens', await liveTokens()),
  ];
}

/** Every operation, two closed WALs and one that a crash cut off. */
function liveLog(): MemoryFileSystem {
  const fs = new MemoryFileSystem();
  const first = Store.openSync(fs, { quota: { bytes: 100_000 } });
  const balances = first.map<string, bigint>('balances', { key: 'utf8' });
  const state = first.map<unknown, unknown>('state');
  const blobs = first.map<Uint8Array, Uint8Array>('blobs', { key: 'binary', value: 'binary' });
  first.batchSync([
    { type: 'put', map: balances, key: 'alice', value: 5n },
    { type: 'put', map: balances, key: 'bob', value: 2n ** 64n },
    { type: 'put', map: state, key: ['aa', 1], value: { ok: true, tags: ['x', null] } },
    { type: 'put', map: blobs, key: Uint8Array.of(), value: Uint8Array.of(0, 255) },
  ]);
  for (const key of [-1.5, 0, 1, 300, 2n ** 70n, null, false, true, '', '\u0001', 'é😀']) {
    state.putSync(key, `value of ${String(key)}`);
  }
  state.removeSync(0);
  state.clearSync({ start: 1, end: 301 });
  first.batchSync([
    { type: 'clear', map: blobs },
    { type: 'put', map: blobs, key: Uint8Array.of(7), value: Uint8Array.of(7) },
  ]);
  first.map('names', { value: 'json', quota: 5000 }).putSync('k', { json: [1, 'two'] });
  first.closeSync();

  const second = Store.openSync(fs);
  second.map('names').removeSync('k');
  second.map('short lived').putSync('x', 1);
  // Waits for the next blocking commit, and is written with it.
  void second.dropMap('short lived');
  second.map('state').putSync('dropped', 'short lived');
  second.closeSync();
  cutOff(fs);
  return fs;
}

/** A third session, which ends without a word: two of its commits were never synced. */
function cutOff(fs: MemoryFileSystem): void {
  const third = Store.openSync(fs);
  third.map('state').putSync('synced', 1);
  third.map('state').putSync('buffered', 2, { durability: 'buffered' });
  third.map('state').putSync('buffered', 3, { durability: 'buffered' });
}

/** What the session after the crash makes of it: a WAL that logs commits again. */
function crashAndReopen(crashed: MemoryFileSystem): MemoryFileSystem {
  const fs = copyOf(crashed);
  const store = Store.openSync(fs);
  store.map('state').putSync('after', 4);
  store.closeSync();
  return fs;
}

/** A commit of three frames. The engine makes these of megabytes only; the format does not mind. */
function liveParts(): MemoryFileSystem {
  const fs = new MemoryFileSystem();
  const header: WalHeader = {
    format: FORMAT_VERSION,
    store: new Uint8Array(16).fill(0x77),
    generation: 1,
    key: new Uint8Array(32).fill(0x88),
    predecessor: undefined,
    snapshot: undefined,
    publishedAt: 0,
    publishedChain: GENESIS_CHAIN,
    loss: null,
  };
  const file = fs.open('1.wal', 'create');
  if (file instanceof Promise) throw new Error('this host answers at once');
  writeFully(file, encodeWalHeader(header), 0);
  const writer = new WalWriter(file, header);
  const define = { type: 'define', map: 1, name: 'm', keyEncoding: 'utf8', valueEncoding: 'utf8' };
  const put = (key: number): Operation => ({
    type: 'put',
    map: 1,
    key: Uint8Array.of(key),
    value: Uint8Array.of(key),
  });
  writer.stage({
    sequence: 1,
    bodies: [body(define as Operation, put(0x61)), body(put(0x62)), body(put(0x63))],
  });
  writer.stage({
    sequence: 2,
    bodies: [body({ type: 'remove', map: 1, key: Uint8Array.of(0x62) })],
  });
  writer.writeStaged();
  runSync(writer.syncUpTo(writer.tip, () => undefined));
  writer.stageEnd(undefined);
  writer.writeStaged();
  return fs;
}

/** Commits that carry tokens, in the footer of a snapshot and in the WAL behind it. */
async function liveTokens(): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem();
  const store = Store.openSync(fs);
  const map = store.map<string, number>('m', { key: 'utf8' });
  map.putSync('a', 1, { token: 'first' });
  store.batchSync([], { token: Uint8Array.of(0, 255) });
  await store.checkpoint();
  map.putSync('b', 2, { token: 'third' });
  store.closeSync();
  return fs;
}

/** Damage in acknowledged data, opened point-in-time: a loss report, quarantine, the report seen. */
function liveLoss(): MemoryFileSystem {
  const fs = new MemoryFileSystem();
  const whole = Store.openSync(fs);
  for (const key of ['kept', 'rotten', 'behind']) whole.map('m').putSync(key, `${key} `.repeat(9));
  whole.closeSync();
  const rotten = copyOf(fs, (name, bytes) => {
    if (name === '1.wal') flipBehind(bytes, 'rotten rotten');
  });
  const store = Store.openSync(rotten, { recovery: 'point-in-time' });
  store.map('m').putSync('goes on', true);
  store.closeSync();
  const again = Store.openSync(rotten);
  const { loss } = again.info;
  again.batchSync([{ type: 'put', map: 'm', key: 'seen', value: loss?.firstLost }]);
  void again.acknowledgeLoss(loss?.id ?? '');
  again.closeSync();
  return rotten;
}

function flipBehind(bytes: Uint8Array, text: string): void {
  const sought = new TextEncoder().encode(text);
  const at = bytes.findIndex((_, start) => sought.every((byte, i) => bytes[start + i] === byte));
  if (at < 0) throw new Error(`there is no ${text}`);
  bytes[at] = (bytes[at] as number) ^ 1;
}

/** A full snapshot, two over it with tombstones, a WAL that goes on; then all of them as one. */
async function liveSnapshots(): Promise<{
  readonly incremental: MemoryFileSystem;
  readonly compacted: MemoryFileSystem;
}> {
  const fs = new MemoryFileSystem();
  const store = Store.openSync(fs, { quota: { bytes: 1 << 20 } });
  const counts = store.map<number, string>('counts', { value: 'utf8', quota: 9000 });
  const words = store.map<string, string>('words', { key: 'utf8', value: 'json' });
  store.map('zeros').putSync('only', new Uint8Array(3));
  const entries = Array.from({ length: 140 }, (_, n) => n);
  store.batchSync(
    entries.map((n) => ({ type: 'put', map: counts, key: n, value: `count ${n} `.repeat(5) })),
  );
  for (const n of entries.slice(0, 12)) words.putSync(`word ${n}`, 'w'.repeat(n));
  await store.checkpoint();
  counts.clearSync({ start: 20, end: 40 });
  words.removeSync('word 3');
  words.putSync('word 4', 'again');
  await store.checkpoint();
  store.map('zeros').clearSync();
  words.removeSync('word 5');
  words.putSync('word 3', 'is back');
  await store.checkpoint();
  words.putSync('word 6', 'in the WAL');
  const incremental = copyOf(fs);
  await store.compact();
  words.putSync('word 7', 'in the next WAL');
  store.closeSync();
  return { incremental, compacted: fs };
}

/** What opening a copy of the files gives; they themselves stay as they are. */
export async function readStore(
  files: ReadonlyMap<string, Uint8Array>,
  options?: StoreOptions,
): Promise<{ readonly content: Content; readonly info: StoreInfo }> {
  const fs = new MemoryFileSystem();
  for (const [name, bytes] of files) writeFile(fs, name, bytes);
  const store = await Store.open(fs, options);
  const { info } = store;
  const content = store.maps.map((name) => [
    name,
    [...store.map(name).getRange()].map(({ key, value }) => [key, value]),
  ]);
  await store.close();
  return { content: Object.fromEntries(content), info };
}

function golden(name: string, fs: MemoryFileSystem): GoldenStore {
  const kept = [...filesOf(fs)].filter(([file]) => !NOT_GOLDEN.test(file));
  const files = new Map(kept.sort(([left], [right]) => (left < right ? -1 : 1)));
  return { name, files };
}

function filesOf(fs: MemoryFileSystem): Map<string, Uint8Array> {
  const names = fs.list();
  if (names instanceof Promise) throw new Error('this host answers at once');
  return new Map(names.map((name) => [name, readFile(fs, name)]));
}

function copyOf(
  fs: MemoryFileSystem,
  change: (name: string, bytes: Uint8Array) => void = () => undefined,
): MemoryFileSystem {
  const copy = new MemoryFileSystem();
  for (const [name, bytes] of filesOf(fs)) {
    change(name, bytes);
    writeFile(copy, name, bytes);
  }
  return copy;
}

function readFile(fs: MemoryFileSystem, name: string): Uint8Array {
  const file = fs.open(name, 'read');
  if (file instanceof Promise) throw new Error('this host answers at once');
  return readFully(file, 0, file.size());
}

function writeFile(fs: MemoryFileSystem, name: string, bytes: Uint8Array): void {
  const file = fs.open(name, 'create');
  if (file instanceof Promise) throw new Error('this host answers at once');
  writeFully(file, bytes, 0);
  file.close();
}

function body(...operations: Operation[]): Uint8Array {
  const writer = new CborWriter();
  for (const operation of operations) encodeOperation(writer, operation);
  return commitBody(writer.bytes(), operations.length);
}
