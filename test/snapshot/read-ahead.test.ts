import { expect, test } from 'vitest';
import { bytesEqual } from '../../src/bytes/bytes.ts';
import { BlockCache } from '../../src/snapshot/block-cache.ts';
import { ReadAhead } from '../../src/snapshot/read-ahead.ts';
import { SnapshotReader } from '../../src/snapshot/snapshot-reader.ts';
import { seededNumbers } from '../support/seeded.ts';
import { BytesFile, numberedEntries, writeEntries } from './support.ts';

const FILE = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);

function readAt(reader: ReadAhead, offset: number, size: number): Uint8Array {
  const target = new Uint8Array(size);
  return target.subarray(0, reader.read(target, offset));
}

test('reads that follow each other are few reads of the file', () => {
  const file = new BytesFile(FILE);
  const reader = new ReadAhead(file);

  for (let offset = 0; offset < FILE.length; offset += 4096) {
    expect(bytesEqual(readAt(reader, offset, 4096), FILE.slice(offset, offset + 4096))).toBe(true);
  }

  expect(file.reads.length).toBeLessThan(16);
});

test('reads here and there are what was asked for, and no more', () => {
  const file = new BytesFile(FILE);
  const reader = new ReadAhead(file);
  const places = [900_000, 500_000, 100_000, 700_000, 300_000];

  for (const offset of places) readAt(reader, offset, 4096);

  expect(file.reads).toEqual(places.map((offset) => [offset, 4096]));
});

test.each(Array.from({ length: 30 }, (_, n) => n + 1))(
  'any reads give the bytes of the file, seed %i',
  (seed) => {
    const next = seededNumbers(seed);
    const file = new BytesFile(FILE);
    const reader = new ReadAhead(file);
    let end = 0;
    for (let i = 0; i < 400; i++) {
      const offset =
        next() % 4 > 0 ? end + (next() % 3 === 0 ? next() % 20_000 : 0) : next() % FILE.length;
      const size = 1 + (next() % (next() % 5 === 0 ? 40_000 : 5000));

      const bytes = readAt(reader, offset, size);

      // It may be short, as any read; what is there is right, and there is something before the end.
      expect(bytesEqual(bytes, FILE.subarray(offset, offset + bytes.length))).toBe(true);
      expect(bytes.length > 0 || offset >= FILE.length).toBe(true);
      end = offset + size;
    }
  },
);

test('what cannot be read ahead does not spoil what can be read', () => {
  class Rotten extends BytesFile {
    override read(target: Uint8Array, offset: number): number {
      if (offset + target.length > 40_000 && offset < 41_000) throw new Error('EIO');
      return super.read(target, offset);
    }
  }
  const reader = new ReadAhead(new Rotten(FILE));

  for (let offset = 0; offset + 4000 <= 40_000; offset += 4000) {
    expect(bytesEqual(readAt(reader, offset, 4000), FILE.slice(offset, offset + 4000))).toBe(true);
  }

  expect(() => readAt(reader, 40_000, 4000)).toThrow('EIO');
  expect(readAt(reader, 44_000, 4000)).toEqual(FILE.slice(44_000, 48_000));
});

test('a scan of a snapshot reads many blocks at once', () => {
  const bytes = writeEntries(numberedEntries(20_000));
  const file = new BytesFile(bytes);
  const opened = SnapshotReader.open(file, 'test.snap', new BlockCache(1 << 20));
  if (opened.state !== 'valid') throw new Error('it was just written');

  const cursor = opened.reader.cursor(1);
  cursor?.toFirst();
  const before = file.reads.length;
  let count = 0;
  for (; cursor?.isValid; cursor.next()) count++;

  expect(count).toBe(20_000);
  expect(file.reads.length - before).toBeLessThan(bytes.length / 20_000);
});
