import { expect, test } from 'vitest';
import { bytesEqual, utf8Encode } from '../../src/bytes/bytes.ts';
import type { Cursor } from '../../src/bytes/cursor.ts';
import { runAsync, runSync } from '../../src/fs/task.ts';
import { writeSnapshot } from '../../src/snapshot/snapshot-writer.ts';
import {
  BytesFile,
  collect,
  damageOf,
  makePlan,
  numberedEntries,
  openBytes,
  planMap,
  QUIET_STEPS,
  readerOf,
  writePlan,
} from './support.ts';

const ENTRIES = numberedEntries(5000);
const plan = () => makePlan([planMap(1, 'map', ENTRIES)]);

test('blocks are synced before the footer is written, and the footer after', async () => {
  const file = new BytesFile();
  const states: string[] = [];
  const steps = {
    ...QUIET_STEPS,
    async sync() {
      states.push(openBytes(file.bytes).state);
    },
  };

  const footer = await runAsync(writeSnapshot(file, plan(), steps));

  expect(states).toEqual(['unfinished', 'valid']);
  expect(footer).toEqual(readerOf(file.bytes).footer);
});

test('a sync that fails before the footer leaves an unfinished file', async () => {
  const file = new BytesFile();
  const failure = new Error('EIO');
  const steps = { ...QUIET_STEPS, sync: () => Promise.reject(failure) };

  await expect(runAsync(writeSnapshot(file, plan(), steps))).rejects.toBe(failure);

  expect(openBytes(file.bytes).state).toBe('unfinished');
});

test('what check, pause or the file throw ends the writing, untouched', async () => {
  const failure = new Error('stop');
  const fail = () => {
    throw failure;
  };
  const full = new BytesFile();
  full.write = fail;

  for (const steps of [{ check: fail }, { pause: () => Promise.reject(failure) }]) {
    const file = new BytesFile();
    const task = writeSnapshot(file, plan(), { ...QUIET_STEPS, ...steps });
    await expect(runAsync(task)).rejects.toBe(failure);
    expect(openBytes(file.bytes).state).toBe('unfinished');
  }
  await expect(runAsync(writeSnapshot(full, plan(), QUIET_STEPS))).rejects.toBe(failure);
});

test('short writes are completed', () => {
  const file = new BytesFile();
  const write = file.write.bind(file);
  file.write = (source, offset) => write(source.subarray(0, Math.min(source.length, 1000)), offset);

  runSync(writeSnapshot(file, plan(), QUIET_STEPS));

  expect(damageOf(file.bytes)).toEqual([]);
});

test.each([
  { name: 'small', entries: numberedEntries(40_000) },
  {
    name: 'large',
    entries: numberedEntries(40).map((item) => ({ ...item, value: new Uint8Array(100_000) })),
  },
])('there is a pause every 1,024 entries and every 256 KiB, $name', ({ entries }) => {
  const file = new BytesFile();
  let pauses = 0;
  const steps = { ...QUIET_STEPS, pause: () => void pauses++ };

  runSync(writeSnapshot(file, makePlan([planMap(1, 'map', entries)]), steps));
  const written = Math.max(entries.length / 1024, file.bytes.length / (300 << 10));
  expect(pauses).toBeGreaterThanOrEqual(Math.floor(written));

  pauses = 0;
  runSync(readerOf(file.bytes).verify(steps));
  expect(pauses).toBeGreaterThanOrEqual(Math.floor(file.bytes.length / (400 << 10)));
});

test('sequence ids, of which there are many in few bytes, are read back with more pauses', () => {
  const file = new BytesFile();
  const footer = runSync(
    writeSnapshot(file, makePlan([planMap(1, 'map', numberedEntries(100_000))]), QUIET_STEPS),
  );
  const { entries } = footer.maps[0] ?? {};
  const start = (entries?.offset ?? 0) + (entries?.length ?? 0);
  const places = [start];
  const onProgress = ({ bytes }: { bytes: number }) => void places.push(bytes);

  runSync(readerOf(file.bytes).verify({ ...QUIET_STEPS, onProgress }));

  const within = places.filter((place) => place >= start);
  const steps = within.slice(1).map((place, i) => place - (within[i] as number));
  expect(file.bytes.length - start).toBeGreaterThan(100_000);
  expect(Math.max(...steps)).toBeLessThan(40 << 10);
});

test('what was taken in is in the file soon after: the writer holds a batch and its open blocks', () => {
  const file = new BytesFile();
  let unwrittenMax = 0;
  const steps = {
    ...QUIET_STEPS,
    onProgress: ({ bytes }: { bytes: number }) => {
      unwrittenMax = Math.max(unwrittenMax, bytes - file.bytes.length);
    },
  };

  runSync(writeSnapshot(file, plan(), steps));

  expect(unwrittenMax).toBeLessThanOrEqual(64 << 10);
});

test('progress counts every entry and ends with all of them', () => {
  const counts: number[] = [];
  const steps = {
    ...QUIET_STEPS,
    onProgress: ({ entries }: { entries: number }) => void counts.push(entries),
  };

  runSync(writeSnapshot(new BytesFile(), plan(), steps));

  expect(counts.at(-1)).toBe(ENTRIES.length);
  expect(counts).toEqual([...counts].sort((left, right) => left - right));
});

test('entries out of order are never written', () => {
  const [first, second] = ENTRIES;
  if (first === undefined || second === undefined) throw new Error('no entries');
  const write = (entries: typeof ENTRIES) =>
    runSync(writeSnapshot(new BytesFile(), makePlan([planMap(1, 'm', entries)]), QUIET_STEPS));

  expect(() => write([second, first])).toThrow('order of their keys');
  expect(() => write([first, first])).toThrow('order of their keys');
});

test('a cursor that gives fewer entries the second time is a broken invariant, not a short file', () => {
  const planned = planMap(1, 'm', ENTRIES.slice(0, 1000));
  const cursor = planned.cursor as Cursor;
  const seek = cursor.seek.bind(cursor);
  cursor.seek = (key) => {
    seek(key);
    cursor.next();
  };
  const plan = makePlan([planned], { sequenceLogSize: 0 });

  expect(() => runSync(writeSnapshot(new BytesFile(), plan, QUIET_STEPS))).toThrow('every walk');
});

test('a footer of 4,096 maps with the longest names is written and read', () => {
  const maps = Array.from({ length: 4096 }, (_, i) =>
    planMap(i + 1, String(i).padStart(255, 'm'), i % 2 === 0 ? numberedEntries(1) : []),
  );
  const file = new BytesFile();

  runSync(writeSnapshot(file, makePlan(maps), QUIET_STEPS));

  const reader = readerOf(file.bytes);
  expect(reader.footer.maps).toHaveLength(4096);
  expect(reader.get(1, utf8Encode('key-000000'))).toBeDefined();
  expect(damageOf(file.bytes)).toEqual([]);
});

test('a writer pauses while it walks over the entries, not only behind them', () => {
  const told: number[] = [];
  const steps = {
    ...QUIET_STEPS,
    onProgress: ({ entries }: { entries: number }) => told.push(entries),
  };
  const plan = makePlan([planMap(1, 'map', numberedEntries(6000))]);

  runSync(writeSnapshot(new BytesFile(), plan, steps));

  expect(told.filter((entries) => entries > 0 && entries < 6000).length).toBeGreaterThan(3);
});

test('sequence ids are the same in the file, however few of them may wait in memory', () => {
  const entries = numberedEntries(900).map((item, i) => ({
    ...item,
    sequence: 1 + ((i * 7919) % 5000),
  }));
  const mixed = entries.map((item, i) => (i % 3 === 1 ? { ...item, value: undefined } : item));
  const maps = () => [
    planMap(1, 'a', mixed),
    planMap(2, 'b', entries),
    planMap(3, 'c', entries.slice(0, 5)),
  ];
  const written = (sequenceLogSize: number | undefined, kind: 'full' | 'incremental') =>
    writePlan({
      ...makePlan(maps(), { kind, sequence: 5000 }),
      limits: { blockSize: 128, pageSize: 1000, childCountMin: 4 },
      ...(sequenceLogSize === undefined ? {} : { sequenceLogSize }),
    });

  for (const kind of ['full', 'incremental'] as const) {
    const whole = written(undefined, kind);
    for (const size of [0, 1, 100, 1000, 3000, 6000, 20_000]) {
      expect(bytesEqual(written(size, kind), whole), `${kind}, ${size} bytes`).toBe(true);
    }
    expect(damageOf(whole)).toEqual([]);
    const cursor = readerOf(whole).cursor(2) as Cursor;
    cursor.toFirst();
    expect(collect(cursor, 'next').map(({ sequence }) => sequence)).toEqual(
      entries.map(({ sequence }) => sequence),
    );
  }
});
