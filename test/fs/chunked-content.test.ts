import { expect, test } from 'vitest';
import { bytesEqual } from '../../src/bytes/bytes.ts';
import { type Chunk, type ChunkChanges, ChunkedContent } from '../../src/fs/chunked-content.ts';
import { seededNumbers } from '../support/seeded.ts';

/** The records of one file, as a database keeps them. */
class Records {
  readonly chunks = new Map<number, Uint8Array>();
  writtenSize = 0;

  store({ removedFrom = Infinity, chunks }: ChunkChanges): void {
    for (const offset of this.chunks.keys()) if (offset >= removedFrom) this.chunks.delete(offset);
    for (const { offset, bytes } of chunks) {
      expect(this.chunks.has(offset)).toBe(false);
      this.chunks.set(offset, bytes);
      this.writtenSize += bytes.length;
    }
  }

  load(): ChunkedContent {
    const sorted = [...this.chunks].sort(([left], [right]) => left - right);
    return new ChunkedContent(sorted.map(([offset, bytes]): Chunk => ({ offset, bytes })));
  }
}

function bytesOf(content: ChunkedContent): Uint8Array {
  const bytes = new Uint8Array(content.size);
  expect(content.read(bytes, 0)).toBe(content.size);
  return bytes;
}

test('records hold the content after every sync, over random lives', () => {
  for (let seed = 0; seed < 20; seed++) {
    const next = seededNumbers(seed);
    const records = new Records();
    let content = new ChunkedContent();
    for (let step = 0; step < 80; step++) {
      const dice = next() % 10;
      if (dice < 6) content.append(new Uint8Array(next() % 500).fill(next()));
      else if (dice < 7) content.append(new Uint8Array(next() % 400_000).fill(next()));
      else if (dice < 8) content.truncate(next() % (content.size + 1));
      if (next() % 2 === 0) continue;
      records.store(content.takeChanges());
      expect(content.isClean).toBe(true);
      const isSame = bytesEqual(bytesOf(records.load()), bytesOf(content));
      expect(isSame, `seed ${seed}`).toBe(true);
      if (next() % 8 === 0) content = records.load();
    }
  }
});

test('nothing is clean that was cut or written since', () => {
  const content = new ChunkedContent();
  content.append(Uint8Array.of(1, 2, 3));
  expect(content.isClean).toBe(false);

  content.takeChanges();
  expect(content.isClean).toBe(true);
  content.truncate(2);
  expect(content.isClean).toBe(false);
  content.append(Uint8Array.of(9));

  expect(content.isClean).toBe(false);
  expect(content.takeChanges()).toEqual({
    removedFrom: 0,
    chunks: [{ offset: 0, bytes: Uint8Array.of(1, 2, 9) }],
  });
});

test('many small syncs make few records, and write each byte a few times at most', () => {
  const records = new Records();
  const content = new ChunkedContent();
  for (let n = 0; n < 5000; n++) {
    content.append(new Uint8Array(100).fill(n));
    records.store(content.takeChanges());
  }

  expect(records.chunks.size).toBeLessThan(100);
  expect(records.writtenSize / content.size).toBeLessThan(16);
});

test('what stands behind a gap in the records is not there', () => {
  const content = new ChunkedContent([
    { offset: 0, bytes: Uint8Array.of(1, 2) },
    { offset: 3, bytes: Uint8Array.of(4) },
  ]);

  expect(bytesOf(content)).toEqual(Uint8Array.of(1, 2));
});
