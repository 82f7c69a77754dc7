import { expect, test } from 'vitest';
import { BlockCache } from '../../src/snapshot/block-cache.ts';
import { SnapshotReader } from '../../src/snapshot/snapshot-reader.ts';
import { BytesFile, collect, entry, numberedEntries, writeEntries } from './support.ts';

function openWith(cache: BlockCache, bytes: Uint8Array): [SnapshotReader, BytesFile] {
  const file = new BytesFile(bytes);
  const opened = SnapshotReader.open(file, 'test.snap', cache);
  if (opened.state !== 'valid') throw new Error(opened.state);
  return [opened.reader, file];
}

function scan(reader: SnapshotReader): number {
  const cursor = reader.cursor(1);
  cursor?.toFirst();
  return cursor === undefined ? 0 : collect(cursor, 'next').length;
}

const FILE = writeEntries(numberedEntries(5000));

test('opening reads the two ends of a file and nothing between', () => {
  const [reader, file] = openWith(new BlockCache(1 << 20), FILE);

  const lastBlockEnd = Math.max(
    ...reader.footer.maps.flatMap(({ sequences }) =>
      sequences ? sequences.offset + sequences.length : 0,
    ),
  );
  expect(file.reads.length).toBeLessThanOrEqual(3);
  for (const [offset, size] of file.reads) {
    expect(offset + size <= 512 || offset >= lastBlockEnd).toBe(true);
  }
});

test('a block is read once, and then served from memory', () => {
  const cache = new BlockCache(16 << 20);
  const [reader, file] = openWith(cache, FILE);
  expect(scan(reader)).toBe(5000);
  const reads = file.reads.length;
  const { misses, hits } = cache;

  expect(scan(reader)).toBe(5000);

  expect(file.reads).toHaveLength(reads);
  expect(cache.misses).toBe(misses);
  expect(cache.hits).toBeGreaterThan(hits);
});

test.each([0, 1, 5000, 20_000, 100_000])('a cache of %i bytes never holds more', (capacity) => {
  const cache = new BlockCache(capacity);
  const [reader] = openWith(cache, FILE);

  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5000; i += 7) {
      const { key } = entry(`key-${String((i * 31) % 5000).padStart(6, '0')}`, '');
      expect(reader.get(1, key)).toBeDefined();
      expect(cache.bytes).toBeLessThanOrEqual(capacity);
    }
    expect(scan(reader)).toBe(5000);
    expect(cache.bytes).toBeLessThanOrEqual(capacity);
  }
});

test('a block larger than the cache is served and pushes nothing out', () => {
  const large = { key: Uint8Array.of(1), value: new Uint8Array(100_000), sequence: 1 };
  const cache = new BlockCache(50_000);
  const [small] = openWith(cache, writeEntries(numberedEntries(10)));
  const [reader] = openWith(cache, writeEntries([large]));
  scan(small);
  const { bytes } = cache;

  expect(reader.get(1, large.key)?.valueEnd).toBeGreaterThan(100_000);

  expect(cache.bytes).toBe(bytes);
});

test('blocks in use survive a scan over many that are read once', () => {
  const cache = new BlockCache(32 << 10);
  const [reader, file] = openWith(cache, FILE);
  const { key } = entry('key-002500', '');
  reader.get(1, key);
  const [hotOffset] = file.reads.at(-1) ?? [];

  const cursor = reader.cursor(1);
  cursor?.toFirst();
  for (let i = 0; cursor?.isValid; i++, cursor.next()) if (i % 50 === 0) reader.get(1, key);

  expect(cache.misses).toBeGreaterThan(30);
  expect(file.reads.filter(([offset]) => offset === hotOffset)).toHaveLength(1);
});

test('closing a reader forgets its blocks and leaves those of others', () => {
  const cache = new BlockCache(16 << 20);
  const [first, firstFile] = openWith(cache, FILE);
  scan(first);
  const { bytes } = cache;
  const [second] = openWith(cache, FILE);
  scan(second);

  second.close();
  second.close();

  expect(cache.bytes).toBe(bytes);
  const reads = firstFile.reads.length;
  scan(first);
  expect(firstFile.reads).toHaveLength(reads);
  first.closer()();
  expect(cache.bytes).toBe(0);
  expect(firstFile.isClosed).toBe(true);
});
