/** Files that nobody's writer wrote, with every checksum right. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes, dataViewOf } from '../../src/bytes/bytes.ts';
import { type CborValue, decodeCbor, encodeCbor } from '../../src/bytes/cbor.ts';
import { checksum } from '../../src/bytes/checksum.ts';
import { CorruptionError } from '../../src/errors.ts';
import { runSync } from '../../src/fs/task.ts';
import { CHECK_SIZE, hashBlock, POINTER_SIZE } from '../../src/snapshot/block.ts';
import {
  encodeFooter,
  rootOf,
  type SnapshotFooter,
  type SnapshotMap,
} from '../../src/snapshot/footer.ts';
import { encodeHeader, FORMAT, HEADER_SIZE } from '../../src/snapshot/format.ts';
import type { SnapshotReader } from '../../src/snapshot/snapshot-reader.ts';
import {
  damageOf,
  entry,
  makePlan,
  numberedEntries,
  openBytes,
  QUIET_STEPS,
  readerOf,
  SMALL_LIMITS,
  writeEntries,
  writePlan,
} from './support.ts';

const LEAF_LIMITS = { ...SMALL_LIMITS, pageSize: 4000 };

/** `sound` with the root of its entries edited, and all hashes made to fit. */
function editRoot(sound: Uint8Array, edit: (root: Uint8Array) => void): Uint8Array {
  const { footer } = readerOf(sound);
  const [map] = footer.maps;
  if (map?.entries === undefined) throw new Error('no entries');
  const { offset, length } = map.entries;
  const edited = sound.slice();
  const root = edited.subarray(offset, offset + length);
  edit(root);
  const place = new Uint8Array(8);
  dataViewOf(place).setBigUint64(0, BigInt(offset), true);
  const hash = hashBlock(concatBytes([place, root.subarray(0, length - CHECK_SIZE)]));
  root.set(hash.subarray(0, CHECK_SIZE), length - CHECK_SIZE);
  return withFooter(edited, { ...footer, maps: [{ ...map, entries: { ...map.entries, hash } }] });
}

/** `file` with another footer, under a right root and checksum. */
function withFooter(file: Uint8Array, footer: SnapshotFooter): Uint8Array {
  const size = dataViewOf(file).getUint32(file.length - 12, true) + 44;
  const offset = file.length - size;
  const { bytes } = encodeFooter({ ...footer, root: rootOf(footer.maps) }, offset);
  return concatBytes([file.subarray(0, offset), bytes]);
}

/** `file` with fields of its footer changed under a right checksum, in the same size. */
function withFields(file: Uint8Array, changes: { readonly [name: string]: CborValue }): Uint8Array {
  const size = dataViewOf(file).getUint32(file.length - 12, true);
  const offset = file.length - 44 - size;
  const fields = decodeCbor(file.subarray(offset, offset + size));
  const cbor = encodeCbor({ ...(fields as { [name: string]: CborValue }), ...changes });
  const place = new Uint8Array(8);
  dataViewOf(place).setBigUint64(0, BigInt(offset), true);
  const tail = file.subarray(file.length - 12);
  return concatBytes([file.subarray(0, offset), cbor, checksum([place, cbor]), tail]);
}

/** Reads in every way there is; damage must come as CorruptionError and nothing else. */
function readEverything(reader: SnapshotReader): void {
  const attempt = (read: () => void) => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
    }
  };
  for (const { key } of numberedEntries(30)) {
    attempt(() => reader.get(1, key));
    attempt(() => reader.sequenceOf(1, key));
  }
  const cursor = reader.cursor(1);
  if (cursor === undefined) return;
  attempt(() => {
    for (cursor.toFirst(); cursor.isValid; cursor.next()) cursor.sequence();
  });
  attempt(() => {
    for (cursor.toLast(); cursor.isValid; cursor.previous()) cursor.sequence();
  });
  for (const { key } of numberedEntries(30)) {
    attempt(() => cursor.seek(key));
    attempt(() => cursor.seekBelow(key));
  }
  runSync(reader.verify(QUIET_STEPS));
  for (const { length } of reader.blocks()) expect(length).toBeGreaterThan(0);
}

test('no edit of a block under right checksums does worse than a CorruptionError', () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 2, 127, 128, 254, 255)), {
    minLength: 1,
    maxLength: 4,
  });
  const files = [
    writeEntries(numberedEntries(3)),
    writeEntries(numberedEntries(30), { limits: LEAF_LIMITS }),
    writeEntries(numberedEntries(30), { limits: SMALL_LIMITS }),
  ];

  fc.assert(
    fc.property(fc.constantFrom(...files), edits, (sound, changes) => {
      const edited = editRoot(sound, (root) => {
        for (const [at, byte] of changes) root[at % (root.length - CHECK_SIZE)] = byte;
      });

      const opened = openBytes(edited);

      if (opened.state === 'valid') readEverything(opened.reader);
    }),
    { numRuns: 500 },
  );
});

/** Sets one field of the head of the root: [offset, size, value]. */
test.each([
  ['size of the entries', 0, 4, 0xffffffff],
  ['level', 4, 1, 3],
  ['start width', 5, 1, 4],
  ['filter units', 6, 2, 0xffff],
  ['count', 8, 4, 0xffffffff],
  ['no entries', 8, 4, 0],
])('a wrong %s in the head of a block is damage', (_, at, size, value) => {
  const edited = editRoot(writeEntries(numberedEntries(3)), (root) => {
    for (let i = 0; i < size; i++) root[at + i] = (value / 256 ** i) & 0xff;
  });

  expect(damageOf(edited)).toHaveLength(1);
  expect(() => readerOf(edited).get(1, Uint8Array.of(1))).toThrow(CorruptionError);
});

test.each([
  ['into the header', 0, 100],
  ['at itself', 500, 100],
  ['far behind the end', 2 ** 47, 100],
  ['with 4 GiB', 512, 0xffffffff],
  ['with no bytes', 512, 0],
])('a page that points %s is damage', (_, offset, length) => {
  const sound = writeEntries(numberedEntries(30), { limits: LEAF_LIMITS });
  const rootOffset = readerOf(sound).footer.maps[0]?.entries?.offset ?? 0;

  const edited = editRoot(sound, (root) => {
    const view = dataViewOf(root);
    // The first key of the first page is empty: its pointer follows a head of 13 bytes.
    const at = 13;
    view.setUint32(at, (offset === 500 ? rootOffset : offset) % 2 ** 32, true);
    view.setUint16(at + 4, Math.floor(offset / 2 ** 32), true);
    view.setUint32(at + 6, length, true);
  });

  expect(damageOf(edited)).not.toEqual([]);
  const cursor = readerOf(edited).cursor(1);
  expect(() => cursor?.toFirst()).toThrow(CorruptionError);
});

test('a page whose pointers are all one block is damage, to reading as to verify', () => {
  const sound = writeEntries(numberedEntries(30), { limits: LEAF_LIMITS });

  const edited = editRoot(sound, (root) => {
    const view = dataViewOf(root);
    const count = view.getUint32(8, true);
    const entriesSize = view.getUint32(0, true);
    const end = (i: number) =>
      12 + (i + 1 < count ? view.getUint16(12 + entriesSize + 2 * (i + 1), true) : entriesSize);
    const first = root.slice(end(0) - POINTER_SIZE, end(0));
    for (let i = 1; i < count; i++) root.set(first, end(i) - POINTER_SIZE);
  });

  expect(damageOf(edited)).not.toEqual([]);
});

test('a page that counts other than its children is damage', () => {
  const sound = writeEntries(numberedEntries(30), { limits: LEAF_LIMITS });

  const edited = editRoot(sound, (root) => {
    const view = dataViewOf(root);
    const at = 13 + 10;
    view.setUint32(at, view.getUint32(at, true) + 1, true);
  });

  expect(() => readerOf(edited).cursor(1)?.toFirst()).toThrow('entries, not');
  expect(damageOf(edited)).not.toEqual([]);
});

test.each([0, 2, 8])('a tree of height 1 that says %i is damage', (height) => {
  const sound = writeEntries(numberedEntries(30), { limits: LEAF_LIMITS });
  const { footer } = readerOf(sound);
  const [map] = footer.maps;
  if (map?.entries === undefined) throw new Error('no entries');
  expect(map.entries.height).toBe(1);

  const edited = withFooter(sound, {
    ...footer,
    maps: [{ ...map, entries: { ...map.entries, height } }],
  });

  expect(() => readerOf(edited).cursor(1)?.toFirst()).toThrow(`level 1, not ${height}`);
  expect(damageOf(edited)).not.toEqual([]);
});

test('sequence ids above that of the snapshot are damage', () => {
  const sound = writeEntries(numberedEntries(30), { limits: LEAF_LIMITS });

  const early = withFooter(sound, { ...readerOf(sound).footer, sequence: 100 });

  expect(damageOf(early)[0]?.reason).toContain('above that of the snapshot');
});

test('a tombstone in a file that says it is full is damage', () => {
  const incremental = writeEntries([entry('a', 'x'), entry('b', undefined)], {
    kind: 'incremental',
  });
  const { footer } = readerOf(incremental);
  const maps = footer.maps.map((map) => ({ ...map, count: 2 }));

  const file = withFooter(incremental, { ...footer, kind: 'full', maps });
  file.set(encodeHeader({ ...footer, kind: 'full' }));

  expect(damageOf(file)).toMatchObject([{ reason: 'tombstone in a full snapshot' }]);
});

test('a filter that denies a key is found by verify', () => {
  const sound = writeEntries(numberedEntries(30), { limits: LEAF_LIMITS });

  const edited = editRoot(sound, (root) => {
    root.fill(0, root.length - CHECK_SIZE - 32, root.length - CHECK_SIZE);
  });

  expect(damageOf(edited)).toMatchObject([{ reason: 'filter is not that of the keys below' }]);
});

test('footers that cannot be true are damage', () => {
  const sound = writeEntries(numberedEntries(30), { limits: LEAF_LIMITS });
  const { footer } = readerOf(sound);
  const [map] = footer.maps;
  if (map?.entries === undefined || map.sequences === undefined) throw new Error('no entries');
  const { entries, sequences } = map;
  const many = Array.from({ length: 4097 }, (_, i) => ({ ...map, id: i, name: `${10000 + i}` }));
  const impossible: Partial<SnapshotFooter>[] = [
    { maps: [{ ...map, entries: { ...entries, offset: 2 ** 50 } }] },
    { maps: [{ ...map, entries: { ...entries, offset: 0 } }] },
    { maps: [{ ...map, entries: { ...entries, length: 2 ** 40 } }] },
    { maps: [{ ...map, entries: { ...entries, height: 9 } }] },
    { maps: [{ ...map, entries: { ...entries, count: 2 ** 50 }, count: 2 ** 50 }] },
    { maps: [{ ...map, entries: { ...entries, count: 0 }, count: 0 }] },
    { maps: [{ ...map, entries: sequences, sequences: entries }] },
    { maps: [map, { ...map, id: 0 }] },
    { maps: [map, { ...map, name: 'n' }] },
    { maps: [{ ...map, count: 31 }] },
    { maps: [{ ...map, name: 'x'.repeat(256) }] },
    { maps: [] },
    { maps: many, nextMapId: 5000 },
    { nextMapId: 1 },
    { beneath: [{ generation: 1, root: footer.root }] },
    { tokens: [{ token: new Uint8Array(0), sequence: 1 }] },
    { tokens: [{ token: new Uint8Array(65), sequence: 1 }] },
    { tokens: [{ token: new Uint8Array(1), sequence: 0 }] },
    { tokens: [{ token: new Uint8Array(1), sequence: footer.sequence + 1 }] },
    { kind: 'incremental', beneath: [{ generation: 3, root: footer.root }] },
    { chain: new Uint8Array(31) },
    { store: new Uint8Array(17) },
    { generation: 4 },
  ];

  for (const change of impossible) {
    const opened = openBytes(withFooter(sound, { ...footer, ...change }));
    expect(opened.state, JSON.stringify(change).slice(0, 200)).toBe('damaged');
  }
});

test('a footer with another root, or the length of another file, is damage', () => {
  const sound = writeEntries(numberedEntries(3));

  expect(withFields(sound, {})).toEqual(sound);
  expect(openBytes(withFields(sound, { root: new Uint8Array(32) }))).toMatchObject({
    state: 'damaged',
    reason: 'footer: root is not that of the maps',
  });
  expect(openBytes(withFields(sound, { length: sound.length - 1 }))).toMatchObject({
    state: 'damaged',
    reason: 'footer: length is not that of the file',
  });
});

test('a footer that says nothing of its format is damage, and nothing newer', () => {
  const sound = writeEntries(numberedEntries(3));
  const size = encodeCbor(readerOf(sound).footer.format as unknown as CborValue).length;

  const opened = openBytes(withFields(sound, { format: new Uint8Array(size - 2) }));

  expect(opened.state).toBe('damaged');
});

test('maps out of order, and snapshots beneath that are not older, are damage', () => {
  const sound = writeEntries(numberedEntries(3), { kind: 'incremental' });
  const { footer } = readerOf(sound);
  const { entries: _, sequences: __, ...empty } = { ...footer.maps[0], id: 2, name: 'a' };
  const state = (change: Partial<SnapshotFooter>) =>
    openBytes(withFooter(sound, { ...footer, nextMapId: 3, ...change })).state;
  const { root } = footer;

  const unordered = [...footer.maps, empty as SnapshotMap];
  expect(state({ maps: [...unordered].reverse() })).toBe('valid');
  expect(state({ maps: unordered })).toBe('damaged');
  expect(
    state({
      beneath: [
        { generation: 2, root },
        { generation: 1, root },
      ],
    }),
  ).toBe('valid');
  expect(state({ beneath: [{ generation: 3, root }] })).toBe('damaged');
  expect(
    state({
      beneath: [
        { generation: 1, root },
        { generation: 2, root },
      ],
    }),
  ).toBe('damaged');
});

test('a newer major version or an unknown incompatible flag is newer, whatever else is wrong', () => {
  const sound = writeEntries(numberedEntries(3));
  const { footer } = readerOf(sound);
  const withFormat = (format: SnapshotFooter['format'], file = sound) => {
    const changed = withFooter(file, { ...footer, format });
    changed.set(encodeHeader({ ...footer, format }));
    return openBytes(changed);
  };
  const unfinished = sound.slice(0, HEADER_SIZE);
  unfinished.set(encodeHeader({ ...footer, format: { ...FORMAT, major: 2 } }));

  expect(withFormat({ ...FORMAT, major: 2 }).state).toBe('newer');
  expect(withFormat({ ...FORMAT, incompatible: ['packed keys'] })).toMatchObject({
    state: 'newer',
    need: { incompatible: ['packed keys'] },
    have: FORMAT,
  });
  expect(openBytes(unfinished).state).toBe('newer');
  expect(withFormat({ ...FORMAT, minor: 9, compatible: ['notes'] }).state).toBe('valid');
});

test('a newer footer is newer, whatever its header says', () => {
  const sound = writeEntries(numberedEntries(3));
  const { footer } = readerOf(sound);
  const newer = withFooter(sound, { ...footer, format: { ...FORMAT, major: 2 } });
  const packed = withFooter(sound, { ...footer, format: { ...FORMAT, incompatible: ['packed'] } });
  const beheaded = newer.slice();
  beheaded[20] = 0xff;

  expect(openBytes(newer)).toMatchObject({ state: 'newer', need: { major: 2 } });
  expect(openBytes(packed)).toMatchObject({ state: 'newer', need: { incompatible: ['packed'] } });
  expect(openBytes(beheaded).state).toBe('newer');
});

test.each<[string, Partial<SnapshotMap>]>([
  ['the id 0', { id: 0 }],
  ['no name', { name: '' }],
  ['a name that is too long', { name: 'é'.repeat(128) }],
  ['no encoding of keys', { keyEncoding: '' }],
  ['an encoding of values that is too long', { valueEncoding: 'v'.repeat(256) }],
])('a footer with a map of %s is damage', (_, change) => {
  const sound = writeEntries(numberedEntries(3));
  const { footer } = readerOf(sound);
  const maps = footer.maps.map((map) => ({ ...map, ...change }));

  expect(openBytes(withFooter(sound, { ...footer, maps })).state).toBe('damaged');
});

test('a footer in which 0 is the next map id is damage', () => {
  const sound = writePlan(makePlan([]));
  const { footer } = readerOf(sound);

  expect(openBytes(withFooter(sound, { ...footer, nextMapId: 0 })).state).toBe('damaged');
});
