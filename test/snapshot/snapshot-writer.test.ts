import { expect, test } from 'vitest';
import { utf8Encode } from '../../src/bytes/bytes.ts';
import type { Cursor } from '../../src/bytes/cursor.ts';
import { runAsync, runSync } from '../../src/fs/task.ts';
import { writeSnapshot } from '../../src/snapshot/snapshot-writer.ts';
import {
  BytesFile,
  damageOf,
  makePlan,
  numberedEntries,
  openBytes,
  planMap,
  QUIET_STEPS,
  readerOf,
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

test('there is a pause at least every 512 entries, on both walks and in verify', () => {
  const file = new BytesFile();
  let pauses = 0;
  const steps = { ...QUIET_STEPS, pause: () => void pauses++ };

  runSync(writeSnapshot(file, plan(), steps));
  expect(pauses).toBeGreaterThanOrEqual((2 * ENTRIES.length) / 512 - 2);

  pauses = 0;
  runSync(readerOf(file.bytes).verify(steps));
  expect(pauses).toBeGreaterThanOrEqual(Math.floor(file.bytes.length / (64 << 10)) - 1);
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
  const planned = planMap(1, 'm', ENTRIES.slice(0, 10));
  const cursor = planned.cursor as Cursor;
  const toFirst = cursor.toFirst.bind(cursor);
  let walks = 0;
  cursor.toFirst = () => {
    toFirst();
    if (++walks === 2) cursor.next();
  };

  expect(() => runSync(writeSnapshot(new BytesFile(), makePlan([planned]), QUIET_STEPS))).toThrow(
    'second walk',
  );
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
  const plan = makePlan([planMap(1, 'map', numberedEntries(3000))]);

  runSync(writeSnapshot(new BytesFile(), plan, steps));

  expect(told.filter((entries) => entries > 0 && entries < 3000).length).toBeGreaterThan(3);
});
