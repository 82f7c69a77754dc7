import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesEqual, compareBytes, EMPTY_BYTES } from '../../src/bytes/bytes.ts';
import { BlockCache } from '../../src/snapshot/block-cache.ts';
import { SnapshotReader } from '../../src/snapshot/snapshot-reader.ts';
import {
  BytesFile,
  collect,
  current,
  damageOf,
  entry,
  makePlan,
  numberedEntries,
  planMap,
  readerOf,
  SMALL_LIMITS,
  type TestEntry,
  writeEntries,
  writePlan,
} from './support.ts';

const keyBytes = fc.oneof(
  fc.uint8Array({ minLength: 0, maxLength: 6 }),
  fc.uint8Array({ minLength: 0, maxLength: 100 }),
  fc.array(fc.constantFrom(0, 1, 255), { maxLength: 5 }).map((bytes) => Uint8Array.from(bytes)),
);

const sortedEntries = fc
  .uniqueArray(
    fc.record({
      key: keyBytes,
      value: fc.option(fc.uint8Array({ maxLength: 90 }), { nil: undefined }),
      sequence: fc.integer({ min: 1, max: 2 ** 40 }),
    }),
    { selector: ({ key }) => key.join(), maxLength: 120 },
  )
  .map((entries) => entries.sort((left, right) => compareBytes(left.key, right.key)));

function expectSameEntry(reader: SnapshotReader, expected: TestEntry): void {
  const slot = reader.get(1, expected.key);
  expect(slot?.isTombstone).toBe(expected.value === undefined);
  const value = slot?.bytes.slice(slot.valueStart, slot.valueEnd);
  expect(bytesEqual(value ?? EMPTY_BYTES, expected.value ?? EMPTY_BYTES)).toBe(true);
  expect(reader.sequenceOf(1, expected.key)).toBe(expected.sequence);
}

test('any entries read back as they were written, forward, backward and by key', () => {
  fc.assert(
    fc.property(sortedEntries, fc.constantFrom(0, 200, 1 << 20), (entries, cacheBytes) => {
      const limits = SMALL_LIMITS;

      const bytes = writeEntries(entries, { kind: 'incremental', sequence: 2 ** 40, limits });

      expect(damageOf(bytes)).toEqual([]);
      const reader = readerOf(bytes, cacheBytes);
      for (const expected of entries) expectSameEntry(reader, expected);
      const cursor = reader.cursor(1);
      if (cursor === undefined) {
        expect(entries).toEqual([]);
        return;
      }
      cursor.toFirst();
      expect(collect(cursor, 'next')).toEqual(entries);
      cursor.toLast();
      expect(collect(cursor, 'previous')).toEqual([...entries].reverse());
    }),
  );
});

test('seek finds the first key at or above, seekBelow the last key below, get only the key itself', () => {
  fc.assert(
    fc.property(sortedEntries, fc.array(keyBytes, { maxLength: 20 }), (entries, probes) => {
      const bytes = writeEntries(entries, {
        kind: 'incremental',
        sequence: 2 ** 40,
        limits: SMALL_LIMITS,
      });
      const reader = readerOf(bytes);
      const cursor = reader.cursor(1);
      for (const probe of [...probes, ...entries.map(({ key }) => key)]) {
        const above = entries.find(({ key }) => compareBytes(key, probe) >= 0);
        const below = entries.filter(({ key }) => compareBytes(key, probe) < 0).at(-1);

        cursor?.seek(probe);
        expect(cursor?.isValid ? current(cursor) : undefined).toEqual(above);
        cursor?.seekBelow(probe);
        expect(cursor?.isValid ? current(cursor) : undefined).toEqual(below);

        const isThere = above !== undefined && compareBytes(above.key, probe) === 0;
        expect(reader.get(1, probe) !== undefined).toBe(isThere);
        expect(reader.sequenceOf(1, probe)).toBe(isThere ? above.sequence : undefined);
      }
    }),
  );
});

test.each([0, 1, 2, 40, 5000])('a map of %i entries reads back', (count) => {
  const entries = numberedEntries(count);

  const bytes = writeEntries(entries);

  expect(damageOf(bytes)).toEqual([]);
  const cursor = readerOf(bytes).cursor(1);
  cursor?.toFirst();
  expect(cursor === undefined ? [] : collect(cursor, 'next')).toEqual(entries);
});

test('a tree of small pages has many levels and is sound', () => {
  const entries = numberedEntries(400);

  const bytes = writeEntries(entries, { limits: SMALL_LIMITS });

  const reader = readerOf(bytes);
  expect(reader.footer.maps[0]?.entries?.height).toBeGreaterThanOrEqual(4);
  expect(damageOf(bytes)).toEqual([]);
  for (const expected of entries) expectSameEntry(reader, expected);
});

test('a cursor stands nowhere before it is placed', () => {
  const cursor = readerOf(writeEntries(numberedEntries(3))).cursor(1);

  expect(cursor?.isValid).toBe(false);
});

/** As a host that answers each read with a few bytes. */
class StutteringFile extends BytesFile {
  override read(target: Uint8Array, offset: number): number {
    return super.read(target.subarray(0, 7), offset);
  }
}

test('a file that the host reads in pieces reads back as a whole', () => {
  const entries = numberedEntries(40);
  const file = new StutteringFile(writeEntries(entries, { limits: SMALL_LIMITS }));

  const opened = SnapshotReader.open(file, 'test.snap', new BlockCache(0));

  if (opened.state !== 'valid') throw new Error(`the file is ${opened.state}`);
  for (const expected of entries) expectSameEntry(opened.reader, expected);
});

test('whoever holds the closer of a reader closes its file', () => {
  const file = new BytesFile(writeEntries(numberedEntries(3)));
  const opened = SnapshotReader.open(file, 'test.snap', new BlockCache(0));
  if (opened.state !== 'valid') throw new Error(`the file is ${opened.state}`);

  opened.reader.closer()();

  expect(file.isClosed).toBe(true);
});

test('a move past an end leaves the cursor nowhere until it is placed again', () => {
  const cursor = readerOf(writeEntries(numberedEntries(3))).cursor(1);
  if (cursor === undefined) throw new Error('no cursor');

  cursor.toLast();
  cursor.next();
  expect(cursor.isValid).toBe(false);
  cursor.next();
  expect(cursor.isValid).toBe(false);

  cursor.toFirst();
  cursor.previous();
  expect(cursor.isValid).toBe(false);
  cursor.toFirst();
  expect(cursor.isValid).toBe(true);
});

test('values larger than a block, and than its offsets can count in 16 bits, read back', () => {
  const large = (size: number) => new Uint8Array(size).map((_, i) => (i * 31) % 256);
  const entries = [1, 4096, 70_000, 3_000_000].map((size, i) => ({
    key: Uint8Array.of(i),
    value: large(size),
    sequence: 1,
  }));

  const bytes = writeEntries(entries);

  expect(damageOf(bytes)).toEqual([]);
  const reader = readerOf(bytes, 1000);
  for (const expected of entries) expectSameEntry(reader, expected);
});

test('keys of 4,096 bytes that differ in their last byte keep the tree flat', () => {
  const entries = Array.from({ length: 300 }, (_, i) => {
    const key = new Uint8Array(4096);
    new DataView(key.buffer).setUint16(4094, i);
    return { key, value: Uint8Array.of(i), sequence: 1 };
  });

  const bytes = writeEntries(entries);

  expect(damageOf(bytes)).toEqual([]);
  const reader = readerOf(bytes);
  expect(reader.footer.maps[0]?.entries?.height).toBeLessThanOrEqual(3);
  for (const expected of entries) expectSameEntry(reader, expected);
});

test('maps are kept apart, and a map that the file holds nothing of has no cursor', () => {
  const maps = Array.from({ length: 50 }, (_, i) =>
    planMap(i + 1, `map ${(i * 37) % 50}`, i === 7 ? [] : numberedEntries(i + 1)),
  );

  const bytes = writePlan(makePlan(maps));

  expect(damageOf(bytes)).toEqual([]);
  const reader = readerOf(bytes);
  for (let i = 0; i < 50; i++) {
    const cursor = reader.cursor(i + 1);
    cursor?.toFirst();
    const held = cursor === undefined ? [] : collect(cursor, 'next');
    expect(held).toEqual(i === 7 ? [] : numberedEntries(i + 1));
  }
  expect(reader.cursor(99)).toBeUndefined();
  expect(reader.get(99, Uint8Array.of(1))).toBeUndefined();
  expect(reader.footer.maps.map(({ name }) => name)).toEqual(maps.map(({ name }) => name).sort());
});

test('a full snapshot passes over tombstones, an incremental one keeps them', () => {
  const entries = [entry('a', undefined), entry('b', 'x'), entry('c', undefined)];

  const full = readerOf(writeEntries(entries));
  const incremental = readerOf(
    writeEntries(entries, {
      kind: 'incremental',
      beneath: [{ generation: 2, root: new Uint8Array(32) }],
    }),
  );

  expect(full.get(1, entry('a', '').key)).toBeUndefined();
  expect(full.footer.maps[0]?.entries?.count).toBe(1);
  expect(incremental.get(1, entry('a', '').key)?.isTombstone).toBe(true);
  expect(incremental.footer.maps[0]?.entries?.count).toBe(3);
});

test('maps and encodings named like the properties of objects are names like others', () => {
  const names = ['__proto__', 'constructor', 'toString'];

  const bytes = writePlan(
    makePlan(names.map((name, i) => planMap(i + 1, name, numberedEntries(1)))),
  );

  expect(damageOf(bytes)).toEqual([]);
  expect(readerOf(bytes).footer.maps.map(({ name }) => name)).toEqual(names.sort());
});
