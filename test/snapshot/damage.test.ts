import { expect, test } from 'vitest';
import { CorruptionError } from '../../src/errors.ts';
import { runSync } from '../../src/fs/task.ts';
import { BlockCache } from '../../src/snapshot/block-cache.ts';
import { HEADER_SIZE } from '../../src/snapshot/format.ts';
import { SnapshotReader } from '../../src/snapshot/snapshot-reader.ts';
import {
  BytesFile,
  damageOf,
  entry,
  makePlan,
  numberedEntries,
  openBytes,
  planMap,
  QUIET_STEPS,
  readerOf,
  SMALL_LIMITS,
  writeEntries,
  writePlan,
} from './support.ts';

/** Two maps, three levels, filters, both kinds of trees. */
function smallFile(generation = 3): Uint8Array {
  const limits = { ...SMALL_LIMITS, pageSize: 130 };
  const maps = [planMap(1, 'a', numberedEntries(10)), planMap(2, 'b', [entry('x', 'y')])];
  return writePlan(makePlan(maps, { limits, generation }));
}

test('every single flipped bit is found', () => {
  const sound = smallFile();
  expect(damageOf(sound)).toEqual([]);

  const missed: string[] = [];
  for (let bit = 0; bit < sound.length * 8; bit++) {
    const flipped = sound.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    if (damageOf(flipped).length === 0) missed.push(`byte ${bit >> 3}`);
  }

  expect(missed).toEqual([]);
});

test('a flipped bit in the header or the footer is damage, not an unfinished file', () => {
  const sound = smallFile();
  const footerOffset = sound.length - footerSizeOf(sound);

  for (let at = 0; at < sound.length; at++) {
    if (at >= HEADER_SIZE && at < footerOffset) continue;
    const flipped = sound.slice();
    flipped[at] = (flipped[at] as number) ^ 0x10;
    expect(openBytes(flipped).state, `byte ${at}`).toBe('damaged');
  }
});

test('of a header that rots under a finished file it is said what does not verify', () => {
  const flipped = smallFile();
  flipped[30] = (flipped[30] as number) ^ 1;

  const opened = openBytes(flipped);

  expect(opened).toMatchObject({ offset: 0, reason: 'header checksum is wrong' });
});

test('verify tells how many entries it has read, and how many bytes', () => {
  const reader = readerOf(writeEntries(numberedEntries(60_000)));
  const told: { bytes: number; entries: number }[] = [];

  runSync(reader.verify({ ...QUIET_STEPS, onProgress: (done) => told.push(done) }));

  expect(told.length).toBeGreaterThan(3);
  for (const [i, { bytes, entries }] of told.entries()) {
    expect(bytes).toBeGreaterThan(told[i - 1]?.bytes ?? 0);
    expect(entries).toBeGreaterThanOrEqual(told[i - 1]?.entries ?? 1);
  }
  expect(told.at(-1)?.entries).toBeGreaterThanOrEqual(60_000);
});

test('every truncation leaves an unfinished file', () => {
  const sound = smallFile();

  for (let size = 0; size < sound.length; size++) {
    expect(openBytes(sound.slice(0, size)).state, `${size} bytes`).toBe('unfinished');
  }
});

test('zeros from any sector on, where a disk had not come to the data, are no valid file', () => {
  const sound = smallFile();

  for (let start = 0; start < sound.length; start += 512) {
    const zeroed = sound.slice().fill(0, start);
    expect(openBytes(zeroed).state).toBe('unfinished');
  }
});

test('zeroed sectors before a footer are found by verify', () => {
  const sound = smallFile();

  for (let start = HEADER_SIZE; start + 512 < sound.length - footerSizeOf(sound); start += 512) {
    expect(damageOf(sound.slice().fill(0, start, start + 512))).not.toEqual([]);
  }
});

test('a header torn at any byte is what a power cut leaves, and no damage', () => {
  const sound = smallFile();

  for (let size = 0; size < HEADER_SIZE; size++) {
    const torn = sound.slice(0, 1024).fill(0, size);
    expect(openBytes(torn).state, `${size} bytes`).toBe('unfinished');
  }
});

test('bytes after the footer make a file unfinished', () => {
  const sound = smallFile();
  const longer = new Uint8Array(sound.length + 1);
  longer.set(sound);

  expect(openBytes(longer).state).toBe('unfinished');
});

test('a rotten block is reported once, at its offset, and nothing else is', () => {
  const sound = writeEntries(numberedEntries(100), { limits: { ...SMALL_LIMITS, pageSize: 300 } });
  const blocks = [...readerOf(sound).blocks()];
  expect(new Set(blocks.map(({ kind }) => kind)).size).toBe(3);

  for (const { offset, length } of blocks) {
    const rotten = sound.slice();
    rotten[offset + length - 20] = (rotten[offset + length - 20] as number) ^ 1;
    expect(damageOf(rotten).map((damage) => damage.offset)).toEqual([offset]);
  }
});

test('two blocks that have changed places are found', () => {
  const sound = writeEntries(
    Array.from({ length: 300 }, (_, i) => entry(`k${1000 + i}`, 'same')),
    { limits: { ...SMALL_LIMITS, pageSize: 1000 } },
  );
  const [first, second] = [...readerOf(sound).blocks()];
  if (first === undefined || second === undefined) throw new Error('too few blocks');
  expect(first.length).toBe(second.length);

  const swapped = sound.slice();
  swapped.set(sound.subarray(second.offset, second.offset + second.length), first.offset);
  swapped.set(sound.subarray(first.offset, first.offset + first.length), second.offset);

  expect(damageOf(swapped).map(({ offset }) => offset)).toEqual([first.offset, second.offset]);
});

test('a sound block of another file at the same offset is found, by verify and by reading', () => {
  const ours = writeEntries([entry('key', 'value 1'), entry('kez', 'x')]);
  const theirs = writeEntries([entry('key', 'value 2'), entry('kez', 'x')]);
  const [block] = [...readerOf(theirs).blocks()];
  if (block === undefined) throw new Error('no block');

  const mixed = ours.slice();
  mixed.set(theirs.subarray(block.offset, block.offset + block.length), block.offset);

  expect([...readerOf(mixed).blocks()].every(({ isSound }) => isSound)).toBe(true);
  expect(damageOf(mixed)).toMatchObject([{ offset: block.offset }]);
  expect(() => readerOf(mixed).get(1, entry('key', '').key)).toThrow(CorruptionError);
});

test('a header or footer of another generation is damage', () => {
  const ours = smallFile(3);
  const theirs = smallFile(4);

  const mixed = ours.slice();
  mixed.set(theirs.subarray(0, HEADER_SIZE));

  expect(openBytes(mixed)).toMatchObject({
    state: 'damaged',
    reason: 'header and footer disagree',
  });
});

test('a file copied in text mode is named as such, another file as foreign', () => {
  const sound = smallFile();
  const asText = Uint8Array.from([...sound].filter((byte, i) => i > 8 || byte !== 0x0d));

  const opened = openBytes(asText);

  expect(opened).toMatchObject({ state: 'damaged', offset: 0 });
  expect(opened.state === 'damaged' && opened.reason).toContain('as text');
  const [start, rest] = [sound.slice(0, 4), sound.slice(8)];
  expect([...sound.slice(4, 8)]).toEqual([0x0d, 0x0a, 0x1a, 0x0a]);
  for (const ends of [
    [0x0d, 0x0d, 0x0a, 0x1a, 0x0d, 0x0a],
    [0x0d, 0x0a, 0x1a, 0x0d, 0x0a],
  ]) {
    const copied = openBytes(Uint8Array.from([...start, ...ends, ...rest]));
    expect(copied.state === 'damaged' && copied.reason).toContain('as text');
  }
  expect(openBytes(new TextEncoder().encode('PK, not ours'.repeat(100))).state).toBe('foreign');
});

test('damage hides no entry: the cursor throws there, and again, until it is placed elsewhere', () => {
  const sound = writeEntries(numberedEntries(200), { limits: { ...SMALL_LIMITS, pageSize: 4000 } });
  const block = [...readerOf(sound).blocks()][3];
  if (block === undefined) throw new Error('too few blocks');
  const rotten = sound.slice();
  rotten[block.offset + 20] = (rotten[block.offset + 20] as number) ^ 1;
  const cursor = readerOf(rotten).cursor(1);
  if (cursor === undefined) throw new Error('no cursor');

  const walk = () => {
    for (cursor.toFirst(); cursor.isValid; cursor.next());
  };

  expect(walk).toThrow(CorruptionError);
  expect(cursor.isValid).toBe(false);
  expect(() => cursor.next()).toThrow(CorruptionError);
  expect(() => cursor.previous()).toThrow(CorruptionError);
  cursor.toLast();
  cursor.next();
  expect(() => cursor.next()).not.toThrow();
  cursor.toLast();
  expect(cursor.isValid).toBe(true);
  for (; cursor.isValid && cursor.keyStart > 0; ) {
    try {
      cursor.previous();
    } catch (error) {
      expect(error).toMatchObject({ code: 'CORRUPT', file: 'test.snap', offset: block.offset });
      return;
    }
  }
  throw new Error('the damage was passed over');
});

test('verify finds what became of header and footer since the file was opened', () => {
  for (const at of [20, -60]) {
    const file = new BytesFile(smallFile());
    const opened = SnapshotReader.open(file, 'test.snap', new BlockCache(0));
    if (opened.state !== 'valid') throw new Error('not valid');

    const place = at < 0 ? file.bytes.length + at : at;
    file.bytes[place] = (file.bytes[place] as number) ^ 1;

    expect(runSync(opened.reader.verify(QUIET_STEPS))).toHaveLength(1);
  }
});

test('an error of the file reaches the caller as it is, and the cursor keeps throwing it', () => {
  const file = new BytesFile(writeEntries(numberedEntries(200), { limits: SMALL_LIMITS }));
  const opened = SnapshotReader.open(file, 'test.snap', new BlockCache(0));
  if (opened.state !== 'valid') throw new Error('not valid');
  const cursor = opened.reader.cursor(1);
  cursor?.toFirst();
  const failure = Object.assign(new Error('EIO'), { code: 'EIO' });
  file.read = () => {
    throw failure;
  };

  expect(() => {
    for (;;) cursor?.next();
  }).toThrow(failure);
  expect(() => cursor?.next()).toThrow(failure);
});

test('blocks() goes on as far as lengths can be read, and says where they cannot', () => {
  const sound = smallFile();
  const blocks = [...readerOf(sound).blocks()];
  const third = blocks[2];
  if (third === undefined) throw new Error('too few blocks');
  const rotten = sound.slice();
  rotten[third.offset + 5] = 7;

  const seen = [...readerOf(rotten).blocks()];

  expect(seen.slice(0, 2)).toEqual(blocks.slice(0, 2));
  expect(seen[2]).toMatchObject({ kind: 'unreadable', offset: third.offset, isSound: false });
  expect(seen).toHaveLength(3);
  expect(new Set(blocks.map(({ kind }) => kind))).toEqual(new Set(['data', 'leaf', 'node']));
});

function footerSizeOf(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset);
  return view.getUint32(file.length - 12, true) + 44;
}
