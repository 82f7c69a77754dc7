/** Everything a program may ask of a store: each of them once, on a store that has a past. */
import { type Commit, Store, type StoreOptions } from '../../../src/index.ts';
import { SimulatedDisk } from '../../../src/testing/index.ts';
import type { ScriptedWrite } from '../../support/workload.ts';
import { commit, put, turns } from './deeds.ts';
import { Ledger, type Mark } from './ledger.ts';
import { SYNC_TURNS } from './moments.ts';
import { type Deed, SerialLife } from './serial-life.ts';

export interface Subject {
  readonly name: string;
  /** Where what is asked for is to open it. */
  readonly opensItself?: true;
  readonly startsEmpty?: true;
  readonly options?: StoreOptions;
  prepare?(life: SerialLife): Promise<void>;
  act(life: SerialLife): Promise<void>;
}

/** Where a life begins; it takes copies. */
export interface Past {
  readonly disk: SimulatedDisk;
  readonly ledger: Ledger;
}

const DOOMED = 'doomed';
/** Reads are reads of the disk: the root of a map is always in memory, of several blocks no other is. */
const UNCACHED = { options: { cacheBytes: 0 }, prepare: writeBlocks } as const;

/** A disk that a process was killed on: a snapshot, two WALs, a last commit that was not synced. */
export async function makePast(): Promise<Past> {
  const life = new SerialLife(new SimulatedDisk({ syncTurns: SYNC_TURNS }));
  const past: readonly Deed[] = [
    commit(put('a', 'x', 1), put('b', 'y', 'two'), put(DOOMED, 'k1', 1), put(DOOMED, 'k2', 2)),
    commit(put('a', 'z', 'long'.repeat(150)), { type: 'remove', map: 'a', key: 'x' }),
    { type: 'checkpoint' },
    commit(put('a', 'w', [1, 2, 3])),
    { type: 'reopen' },
    commit(put('b', 'y', 'three')),
    { type: 'commit', writes: [put('b', 'v', null)], durability: 'buffered' },
  ];
  await life.open();
  for (const deed of past) await life.do(deed);
  return { disk: life.disk.afterKill(), ledger: life.ledger };
}

export const NO_PAST: Past = {
  disk: new SimulatedDisk({ syncTurns: SYNC_TURNS }),
  ledger: new Ledger(),
};

export const SUBJECTS: readonly Subject[] = [
  { name: 'open of nothing', opensItself: true, startsEmpty: true, act: (life) => life.open() },
  { name: 'open', opensItself: true, act: (life) => life.open() },
  { name: 'openSync', opensItself: true, act: (life) => life.open(Store.openSync) },
  {
    name: 'strict open',
    opensItself: true,
    act: (life) => life.open((disk) => Store.open(disk, { recovery: 'strict' })),
  },
  alone('put', put('left', 'alone', 7), (store) => store.map('left').put('alone', 7)),
  alone('putSync', put('left', 'alone', 7), (store) => store.map('left').putSync('alone', 7)),
  alone('put if absent', put('left', 'alone', 7), (store) =>
    store.map('left').put('alone', 7, { ifAbsent: true }),
  ),
  alone('put with a token', put('left', 'alone', 7), (store) =>
    store.map('left').put('alone', 7, { token: 'once' }),
  ),
  alone('put into a new map', put('made now', 'alone', 7), (store) =>
    store.map('made now', { key: 'utf8', value: 'json' }).put('alone', 7),
  ),
  alone('remove', { type: 'remove', map: DOOMED, key: 'k1' }, (store) =>
    store.map(DOOMED).remove('k1'),
  ),
  alone('removeSync', { type: 'remove', map: DOOMED, key: 'k1' }, (store) =>
    store.map(DOOMED).removeSync('k1'),
  ),
  alone('clear', { type: 'clear', map: DOOMED }, (store) => store.map(DOOMED).clear()),
  alone('clearSync', { type: 'clear', map: DOOMED }, (store) => store.map(DOOMED).clearSync()),
  alone('dropMap', { type: 'clear', map: DOOMED }, (store) => store.dropMap(DOOMED)),
  { name: 'batch', act: (life) => life.do(commit(put('a', 'k', 1), put('b', 'k', 2))) },
  { name: 'batchSync', act: (life) => life.do({ ...commit(put('a', 'k', 1)), blocks: true }) },
  { name: 'long batch', act: (life) => life.do(commit(put('a', 'k', 'x'.repeat(9000)))) },
  { name: 'buffered batch and flush', act: bufferAndFlush },
  { name: 'three batches together', act: commitTogether },
  { name: 'transaction', act: transact },
  { name: 'transactionSync', act: transactNow },
  { name: 'pessimistic transaction', act: transactWithLocks },
  { name: 'setQuota', act: setQuota },
  { name: 'get', ...UNCACHED, act: (life) => life.read('get', (store) => pageOf(store)) },
  { name: 'view', ...UNCACHED, act: (life) => life.read('view', shownByView) },
  {
    name: 'range',
    ...UNCACHED,
    act: (life) => life.read('range', (store) => textOf(store.map('a'))),
  },
  { name: 'verify', act: verify },
  { name: 'checkpoint', act: (life) => life.do({ type: 'checkpoint' }) },
  { name: 'compact', act: (life) => life.do({ type: 'compact' }) },
  { name: 'resume', prepare: disableWrites, act: (life) => life.do({ type: 'resume' }) },
  { name: 'close', act: (life) => life.do({ type: 'close' }) },
  { name: 'closeSync', act: closeNow },
  { name: 'close and open', act: (life) => life.do({ type: 'reopen' }) },
];

function alone(
  name: string,
  write: ScriptedWrite,
  work: (store: Store) => Commit | Promise<Commit>,
): Subject {
  const mark: Mark =
    write.type === 'put'
      ? { is: 'there', map: write.map, key: write.key }
      : { is: 'gone', map: write.map, key: 'k1' };
  return { name, act: (life) => life.attempt(name, life.ledger.beginAlone([write], mark), work) };
}

async function bufferAndFlush(life: SerialLife): Promise<void> {
  await life.do({ ...commit(put('a', 'k', 1)), durability: 'buffered' });
  await life.do({ type: 'flush' });
}

async function commitTogether(life: SerialLife): Promise<void> {
  await Promise.all(['k', 'l', 'm'].map((key) => life.do(commit(put('a', key, 1)))));
}

async function transact(life: SerialLife): Promise<void> {
  const told = life.ledger.begin([put('a', 'k', 1)]);
  await life.attempt('transaction', told, async (store) => {
    await store.transaction((transaction) => {
      for (const write of told.writes) apply(transaction.map(store.map(write.map)), write);
    });
    return { sequence: 0, durable: true };
  });
}

async function transactNow(life: SerialLife): Promise<void> {
  const told = life.ledger.begin([put('a', 'k', 1)]);
  await life.attempt('transactionSync', told, (store) => {
    store.transactionSync((transaction) => {
      for (const write of told.writes) apply(transaction.map(store.map(write.map)), write);
    });
    return { sequence: 0, durable: true };
  });
}

async function transactWithLocks(life: SerialLife): Promise<void> {
  const told = life.ledger.begin([put('a', 'k', 1)]);
  await life.attempt('pessimistic transaction', told, (store) => {
    const transaction = store.begin({ mode: 'pessimistic' });
    for (const write of told.writes) apply(transaction.map(store.map(write.map)), write);
    return transaction.commit();
  });
}

function apply(
  map: { put(key: unknown, value: unknown): void; remove(key: unknown): void },
  write: ScriptedWrite,
): void {
  if (write.type === 'put') map.put(write.key, write.value);
  else if (write.type === 'remove') map.remove(write.key);
}

async function setQuota(life: SerialLife): Promise<void> {
  const bytes = 1 << 20;
  const told = life.ledger.beginAlone([], { is: 'quota', bytes });
  await life.attempt('setQuota', told, (store) => store.setQuota({ bytes }));
}

async function writeBlocks(life: SerialLife): Promise<void> {
  const pages = ['p1', 'p2', 'p3', 'p4'].map((key) => put('a', key, key.repeat(2000)));
  await life.do(commit(...pages));
  await life.do({ type: 'checkpoint' });
}

function pageOf(store: Store): string {
  return String(store.map('a').get('p2'));
}

function shownByView(store: Store): string {
  const view = store.view();
  try {
    return store.maps.map((name) => `${name}: ${textOf(view.map(store.map(name)))}`).join();
  } finally {
    view.release();
  }
}

function textOf(map: { getRange(): Iterable<unknown> }): string {
  return JSON.stringify([...map.getRange()]);
}

/** No fault of the host is damage to the store. */
async function verify(life: SerialLife): Promise<void> {
  await life.ask('verify', async (store) => {
    const { damage } = await store.verify();
    if (damage.length > 0) life.problems.push(`verify found ${JSON.stringify(damage)}`);
  });
}

/** A sync that fails, and no WAL that could be started instead. */
async function disableWrites(life: SerialLife): Promise<void> {
  life.disk.onCall = ({ kind }) =>
    ['sync', 'open'].includes(kind) ? { kind: 'fail', code: 'EIO' } : undefined;
  await life.do(commit(put('a', 'in', 'doubt')));
  await turns();
  life.disk.onCall = undefined;
}

async function closeNow(life: SerialLife): Promise<void> {
  await life.ask('closeSync', (store) => {
    life.store = undefined;
    store.closeSync();
    life.ledger.noteDurable();
  });
}
