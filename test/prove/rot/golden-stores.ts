/**
 * Three small stores with everything in them, made by the engine from a seed, each with all states
 * that it ever had: what a damaged copy of it may be found to hold.
 */
import { EMPTY_BYTES } from '../../../src/bytes/bytes.ts';
import { checksumReady } from '../../../src/bytes/checksum.ts';
import { MemoryFileSystem } from '../../../src/fs/memory.ts';
import { Store, type StoreOptions } from '../../../src/index.ts';
import { SimulatedDisk } from '../../../src/testing/index.ts';
import { BufferedFile } from '../../../src/wal/buffered-file.ts';
import { FrameType } from '../../../src/wal/frame.ts';
import { decodeWalHeader, type WalHeader } from '../../../src/wal/wal-header.ts';
import { scanWal } from '../../../src/wal/wal-reader.ts';
import { type GoldenStore as LivedStore, liveAll } from '../../format/golden-life.ts';
import { useSeededHost } from '../../support/seeded.ts';
import { type Files, shown } from './plain-files.ts';
import { readState, type StoredEntry } from './state-text.ts';

const SEED = 5;

/** A frame of a WAL, where it stands. */
export interface FramePlace {
  readonly offset: number;
  readonly end: number;
  readonly durable: number;
  readonly sequence: number;
  /** Ends a commit. */
  readonly isCommit: boolean;
  /** Begins one, or goes on with it. */
  readonly isPart: boolean;
}

export interface GoldenStore {
  readonly name: string;
  readonly files: Files;
  /** The same store at earlier moments. */
  readonly earlier: readonly Files[];
  /** By the commit that each is the state after. */
  readonly states: ReadonlyMap<number, string>;
  readonly sequence: number;
  readonly state: string;
  readonly entries: readonly StoredEntry[];
  /** Of all states. */
  readonly entryTexts: ReadonlySet<string>;
  /** The frames of each WAL. */
  readonly frames: ReadonlyMap<string, readonly FramePlace[]>;
  /** With commits in doubt that were rolled back: where the WAL that left them out is gone. */
  readonly inDoubt: ReadonlySet<string>;
  /** The WAL that was written last. */
  readonly newestWal: string;
  /** Where the WAL after it says that a WAL ends; what stands behind is of no commit. */
  readonly ends: ReadonlyMap<string, number>;
}

let made: Promise<readonly GoldenStore[]> | undefined;

export function goldenStores(): Promise<readonly GoldenStore[]> {
  made ??= makeAll();
  return made;
}

async function makeAll(): Promise<readonly GoldenStore[]> {
  await checksumReady;
  useSeededHost(SEED);
  const lives = [
    await live('closed', liveClosed),
    await live('killed', liveKilled),
    await live('in doubt', liveInDoubt),
  ];
  const lived = (await liveAll()).filter(({ name }) => name === 'parts' || name === 'loss');
  return [...lives, ...lived.map(described)];
}

/** A life being lived: what it writes is noted after each commit. */
class Life {
  readonly disk = new SimulatedDisk();
  readonly states = new Map<number, string>();
  readonly entryTexts = new Set<string>();
  readonly inDoubt = new Set<string>();
  readonly earlier: Files[] = [];

  async open(options?: StoreOptions): Promise<Store> {
    const store = await Store.open(this.disk, options);
    this.note(store);
    return store;
  }

  /** Requires: at most one commit since the last note, or states in between are not known. */
  note(store: Store): void {
    const { text, entries } = readState(store);
    this.states.set(store.info.sequence, text);
    for (const entry of entries) this.entryTexts.add(entry.text);
  }

  /** The state that no commit has made. */
  noteNothing(): void {
    const store = Store.openSync(new MemoryFileSystem());
    this.note(store);
    store.closeSync();
  }

  /** What a kill would leave now. */
  noteInDoubt(): void {
    const store = Store.openSync(shown(filesOn(this.disk)), { readOnly: true });
    const { text, entries } = readState(store);
    this.inDoubt.add(text);
    for (const entry of entries) this.entryTexts.add(entry.text);
    store.closeSync();
  }

  keepFiles(): void {
    this.earlier.push(filesOn(this.disk));
  }
}

async function live(name: string, run: (life: Life) => Promise<void>): Promise<GoldenStore> {
  const life = new Life();
  life.noteNothing();
  await run(life);
  return describe(name, filesOn(life.disk), life);
}

function filesOn(disk: SimulatedDisk): Files {
  return new Map(
    disk
      .names()
      .sort()
      .map((name) => [name, disk.readFile(name)]),
  );
}

/** A full snapshot, two over it, WALs between and behind them; tokens, quotas, a map of each kind. */
async function begin(life: Life): Promise<Store> {
  const store = await life.open({ quota: { bytes: 1 << 20 } });
  const put = store.map<string, string>('words', { key: 'utf8', value: 'utf8', quota: 9000 });
  const mixed = store.map<unknown, unknown>('mixed');
  store.batchSync(
    Array.from({ length: 60 }, (_, n) => {
      return { type: 'put', map: put, key: `word ${n}`, value: 'w'.repeat(60 + n) } as const;
    }),
  );
  life.note(store);
  for (const [key, value] of [
    [['aa', 1], { n: 1n }],
    [7, [null, true]],
    ['x', 'y'],
  ] as const) {
    mixed.putSync(key, value, { token: key === 'x' ? 'first' : undefined } as object);
    life.note(store);
  }
  await store.checkpoint();
  life.keepFiles();
  put.clearSync({ start: 'word 2', end: 'word 3' });
  life.note(store);
  mixed.removeSync(7);
  life.note(store);
  await store.checkpoint();
  store.batchSync([{ type: 'put', map: 'passing', key: 1, value: 1 }], { token: 'second' });
  life.note(store);
  await store.dropMap('passing');
  life.note(store);
  put.putSync('word 50', 'again');
  life.note(store);
  return store;
}

async function writeOn(life: Life, store: Store, count: number): Promise<void> {
  const mixed = store.map<unknown, unknown>('mixed');
  for (let n = 0; n < count; n++) {
    const isNew = store.outcomeOf('third') === 'absent';
    await mixed.put(`n${n}`, { n, text: 'v'.repeat(n * 7) }, isNew ? { token: 'third' } : {});
    life.note(store);
    life.keepFiles();
  }
}

async function liveClosed(life: Life): Promise<void> {
  const first = await begin(life);
  await first.checkpoint();
  await first.close();
  const store = await life.open();
  await writeOn(life, store, 4);
  await store.map('mixed').clear();
  life.note(store);
  await store.setQuota({ maps: { words: 8000 } });
  life.note(store);
  await store.close();
}

/** Its last commits are buffered: a Sync record stands before them. */
async function liveKilled(life: Life): Promise<void> {
  const store = await begin(life);
  await writeOn(life, store, 3);
  store.map('words').putSync('word 7', 'buffered', { durability: 'buffered' });
  life.note(store);
  await idle();
}

/** A sync fails, the store moves to a new WAL, which logs again what the failed one had. */
async function liveInDoubt(life: Life): Promise<void> {
  const store = await begin(life);
  await writeOn(life, store, 2);
  store.map('words').putSync('word 8', 'buffered', { durability: 'buffered' });
  life.note(store);
  let hasFailed = false;
  life.disk.onCall = ({ kind }) => {
    if (kind !== 'sync' || hasFailed) return undefined;
    hasFailed = true;
    life.noteInDoubt();
    return { kind: 'sync', personality: 'ext4' };
  };
  await store
    .map('words')
    .put('word 9', 'in doubt', { token: 'fourth' })
    .catch(() => undefined);
  await store.map('words').put('word 10', 'certain');
  life.note(store);
  await writeOn(life, store, 2);
  await idle();
}

/** A Sync record follows when the queue comes to rest. */
async function idle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Of test/format. Its states are those that it opens with when its newest WAL is cut. */
function described({ name, files: lived }: LivedStore): GoldenStore {
  // The engine leaves one beside every WAL; that of one WAL was not made by an open.
  const files = new Map(lived).set(
    walNames(lived).at(-1)?.replace('.wal', '.head') ?? '',
    EMPTY_BYTES,
  );
  const life = new Life();
  life.noteNothing();
  for (const cut of cutsOf(files)) {
    const store = Store.openSync(shown(cut), { readOnly: true });
    life.note(store);
    store.closeSync();
  }
  return describe(name, files, life);
}

/** The files with each WAL the newest, cut behind each of its frames. */
function* cutsOf(files: Files): Generator<Files> {
  const left = new Map(files);
  for (const name of [...files.keys()].filter((file) => file.endsWith('.head'))) left.delete(name);
  for (const name of walNames(files).reverse()) {
    const bytes = files.get(name) as Uint8Array;
    for (const { end } of framesOf(bytes)) {
      yield new Map(left).set(name, bytes.slice(0, end));
    }
    left.delete(name);
    if (left.size === 0) return;
  }
}

function describe(name: string, files: Files, life: Life): GoldenStore {
  const store = Store.openSync(shown(files), { readOnly: true });
  const { text, entries } = readState(store);
  const { sequence } = store.info;
  store.closeSync();
  if (life.states.get(sequence) !== text) throw new Error(`${name} does not hold what it wrote`);
  const wals = walNames(files);
  return {
    ...{ name, files, sequence, entries },
    state: text,
    earlier: life.earlier,
    states: life.states,
    entryTexts: life.entryTexts,
    inDoubt: life.inDoubt,
    frames: new Map(wals.map((wal) => [wal, framesOf(files.get(wal) as Uint8Array)])),
    newestWal: wals.at(-1) as string,
    ends: endsOf(wals.map((wal) => headerOf(files.get(wal) as Uint8Array))),
  };
}

/** In the order of their generations. */
function walNames(files: Files): string[] {
  return [...files.keys()]
    .filter((name) => /^\d+\.wal$/.test(name))
    .sort((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10));
}

function endsOf(headers: readonly WalHeader[]): Map<string, number> {
  const ends = new Map<string, number>();
  for (const { predecessor } of headers) {
    if (predecessor !== undefined) ends.set(`${predecessor.generation}.wal`, predecessor.offset);
  }
  return ends;
}

function headerOf(bytes: Uint8Array): WalHeader {
  const read = decodeWalHeader(bytes);
  if (read.kind !== 'header') throw new Error('the header of a golden WAL is sound');
  return read.header;
}

function framesOf(bytes: Uint8Array): FramePlace[] {
  const frames: FramePlace[] = [];
  const file = shown(new Map([['wal', bytes]])).open('wal', 'read');
  if (file instanceof Promise) throw new Error('shown files answer at once');
  scanWal(new BufferedFile(file), headerOf(bytes), {
    onFrame: ({ offset, nextOffset, header }) =>
      frames.push({
        offset,
        end: nextOffset,
        durable: header.durable,
        sequence: header.sequence,
        isCommit: header.type === FrameType.commit,
        isPart: header.type === FrameType.part,
      }),
  });
  return frames;
}
