/** The gates about damaged, newer and oversized things, shown that they can fail. */
import { beforeAll, describe, expect, test } from 'vitest';
import { Store } from '../../src/index.ts';
import { judgeNewer } from './future/judge.ts';
import { newerStores } from './future/newer-files.ts';
import type { Gate, Tally } from './gate.ts';
import { futureFormat } from './gates/future-format.ts';
import { limits } from './gates/limits.ts';
import { rot } from './gates/rot.ts';
import { OPEN_LIMITS, WRITE_LIMITS } from './limits/boundaries.ts';
import { judgeOpenLimit, judgeWriteLimit } from './limits/judge.ts';
import type { Damage } from './rot/damage.ts';
import { familiesOf } from './rot/damages.ts';
import { type GoldenStore, goldenStores } from './rot/golden-stores.ts';
import { changesOf, shown } from './rot/plain-files.ts';
import { FalseStateError, judgeReading, judgeWriting, type Opener, tornAt } from './rot/verdict.ts';

const openSync: Opener = Store.openSync.bind(Store);
let killed: GoldenStore;
let closed: GoldenStore;
let parts: GoldenStore;

beforeAll(async () => {
  const stores = await goldenStores();
  const named = (name: string) => stores.find((store) => store.name === name) as GoldenStore;
  [killed, closed, parts] = [named('killed'), named('closed'), named('parts')];
}, 60_000);

/** A damage that does nothing. */
function none({ files }: GoldenStore): Damage {
  return { kind: 'none', text: 'nothing', files, isForeign: false };
}

function flip(store: GoldenStore, name: string, at: number): Damage {
  const bytes = (store.files.get(name) as Uint8Array).slice();
  bytes[at] = (bytes[at] as number) ^ 1;
  const files = new Map(store.files).set(name, bytes);
  return { kind: 'bit flipped', text: `${name} at ${at}`, files, isForeign: false };
}

function judge(store: GoldenStore, damage: Damage, open: Opener) {
  return judgeReading({ store, damage, isSingle: true }, 'safe', open);
}

describe('the gate of rot', () => {
  test('takes a sound store for the same, and a refusal for one', () => {
    const first = killed.frames.get(killed.newestWal)?.[0]?.offset as number;

    expect(judge(killed, none(killed), openSync)).toBe('same');
    expect(judge(killed, flip(killed, killed.newestWal, first), openSync)).toBe('refused');
  });

  test('notices an open that goes on without acknowledged commits', () => {
    const first = killed.frames.get(killed.newestWal)?.[0]?.offset as number;
    const careless: Opener = (fs, options) =>
      openSync(fs, { ...options, recovery: 'point-in-time' });

    expect(() => judge(killed, flip(killed, killed.newestWal, first), careless)).toThrow(
      /opens at commit 8 of 15/,
    );
  });

  test('notices other data, also where the sequence id is right', () => {
    const other: Opener = (_, options) => openSync(shown(closed.files), options);
    const stranger = { ...killed, sequence: closed.sequence };

    expect(() => judge(stranger, none(killed), other)).toThrow(FalseStateError);
  });

  test('notices a reader that writes', () => {
    const writer: Opener = (fs) => openSync(fs);

    expect(() => judge(killed, none(killed), writer)).toThrow(/the lock is taken/);
  });

  test('notices a refused open that changes something', () => {
    const first = killed.frames.get(killed.newestWal)?.[0]?.offset as number;
    const found = { store: killed, damage: flip(killed, killed.newestWal, first), isSingle: true };
    const untidy: Opener = (fs, options) => {
      if (!(fs instanceof Object) || !('remove' in fs)) throw new Error('no file system');
      void fs.remove('reserve');
      return openSync(fs, options);
    };

    expect(judgeWriting(found, 'safe', openSync)).toBe('refused');
    expect(() => judgeWriting(found, 'safe', untidy)).toThrow(/reserve was changed/);
  });

  test('allows less only behind the damage that took the end of the newest WAL', () => {
    const places = killed.frames.get(killed.newestWal) ?? [];
    const last = places.filter(({ isCommit }) => isCommit).at(-1) as (typeof places)[number];
    const [first] = places as [(typeof places)[number]];
    const at = (offset: number) => ({
      ...{ store: killed, isSingle: true },
      damage: flip(killed, killed.newestWal, offset),
    });

    expect(tornAt(at(last.offset))).toBe(killed.sequence - 1);
    expect(tornAt(at(first.offset))).toBeUndefined();
    expect(tornAt({ store: killed, damage: flip(killed, '3.snap', 20), isSingle: true })).toBe(
      undefined,
    );
  });

  test('allows that there is no store only where two faults have left what a creation begins with', () => {
    const header = (parts.files.get('1.wal') as Uint8Array).subarray(0, 1297);
    const cut = new Map(parts.files).set('1.wal', header);
    const hardlyBegun = new Map(cut);
    hardlyBegun.delete('1.head');
    const judged = (files: Damage['files'], isSingle: boolean, open = openSync) =>
      judgeReading({ store: parts, damage: { ...none(parts), files }, isSingle }, 'safe', open);
    const blind: Opener = (_, options) => openSync(shown(new Map()), options);

    expect(judged(cut, true)).toBe('refused');
    expect(judged(hardlyBegun, false)).toBe('refused');
    expect(() => judged(hardlyBegun, true)).toThrow(/no store/);
    expect(() => judged(cut, false, blind)).toThrow(/no store/);
  });

  test('counts a damage once, however it came about, and knows one that changes nothing', () => {
    const { files } = killed;
    const changed = (edit: (bytes: Uint8Array) => Uint8Array) =>
      changesOf(
        files,
        new Map(files).set('4.wal', edit((files.get('4.wal') as Uint8Array).slice())),
      );
    const flipped = (at: number) =>
      changed((bytes) => {
        bytes[at] = (bytes[at] as number) ^ 1;
        return bytes;
      });
    const without = new Map(files);
    without.delete('4.wal');
    const others = [
      flipped(20),
      flipped(21),
      changed((bytes) => bytes.subarray(0, 30)),
      changed((bytes) => bytes.subarray(0, 31)),
      changed((bytes) => Uint8Array.of(...bytes, 0)),
      changesOf(files, without),
      changesOf(files, new Map(files).set('9.wal', files.get('4.wal') as Uint8Array)),
    ];

    expect(changed((bytes) => bytes)).toBe('');
    expect(flipped(20)).toBe(changesOf(files, flip(killed, '4.wal', 20).files));
    expect(new Set(['', ...others]).size).toBe(1 + others.length);
  });

  test('flips every bit of every byte, but for zeros at its smaller scales', () => {
    const count = (padding: 'every bit' | 'one bit a byte') =>
      familiesOf(killed, [closed], padding).find(({ kind }) => kind === 'bit flipped')?.count ?? 0;
    const sizes = [...killed.files].map(([name, { length }]) => (name === 'reserve' ? 0 : length));
    const bits = 8 * sizes.reduce((sum, size) => sum + size, 0);

    expect(count('every bit')).toBeGreaterThanOrEqual(bits);
    expect(count('one bit a byte')).toBeGreaterThan(bits / 3);
  });
});

test('the gate of versions to come notices a newer store that is opened or called damaged', () => {
  const newer = newerStores(killed).find(({ reading }) => reading === 'too new');
  if (newer === undefined) throw new Error('there is none');
  const bold: Opener = (_, options) => openSync(shown(killed.files), options);
  const blind: Opener = (_, options) =>
    openSync(shown(new Map(killed.files).set('4.wal', new Uint8Array(9000))), options);

  judgeNewer(killed, newer, openSync);
  expect(() => judgeNewer(killed, newer, bold)).toThrow(/is opened/);
  expect(() => judgeNewer(killed, newer, blind)).toThrow(/CORRUPT|MISSING_FILE/);
});

test('values larger than the quota of a golden store can be tried in it', () => {
  const limit = WRITE_LIMITS.find(({ name }) => name === 'value') as (typeof WRITE_LIMITS)[number];
  const large = new Uint8Array(2 << 20);
  const last: typeof limit.last = (store) =>
    store.map('large', { key: 'binary', value: 'binary' }).putSync(large.subarray(0, 1), large);

  judgeWriteLimit({ ...limit, last }, killed.files, openSync);
});

test('the gate of limits notices a limit that refuses nothing, and one that refuses too early', () => {
  const [limit] = WRITE_LIMITS as [(typeof WRITE_LIMITS)[number]];
  const [option] = OPEN_LIMITS as [(typeof OPEN_LIMITS)[number]];
  const early: Opener = (fs, options) => openSync(fs, { ...options, quota: { bytes: 5000 } });

  judgeWriteLimit(limit, killed.files, openSync);
  judgeOpenLimit(option, killed.files, openSync);
  expect(() => judgeWriteLimit({ ...limit, above: limit.last }, killed.files, openSync)).toThrow(
    /nothing is refused/,
  );
  expect(() => judgeWriteLimit(limit, killed.files, early)).toThrow('quota');
  expect(() => judgeOpenLimit({ ...option, above: {} }, killed.files, openSync)).toThrow(
    /nothing is refused/,
  );
});

test.each<[string, Gate]>([
  ['rot', rot],
  ['future-format', futureFormat],
])(
  'the gate %s finds nothing in a piece of its smallest scale',
  async (_, gate) => {
    const failures: string[] = [];
    let count = 0;
    const tally: Tally = {
      seed: 0,
      isNew: () => true,
      count: (_kind, more = 1) => {
        count += more;
      },
      fail: (message) => failures.push(message),
    };

    await gate.run(0, 'ci', tally);

    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(50);
  },
  120_000,
);

test('the limits are a gate of one piece', () => {
  expect([limits.pieceCount('ci'), limits.name]).toEqual([1, 'limits']);
});
