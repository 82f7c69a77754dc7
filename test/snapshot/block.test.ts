import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes, concatBytes, dataViewOf, utf8Encode } from '../../src/bytes/bytes.ts';
import { Block, MalformedError } from '../../src/snapshot/block.ts';
import { BlockBuilder, pointerEntry, shortestSeparator } from '../../src/snapshot/block-builder.ts';

interface Parts {
  readonly entries: readonly Uint8Array[];
  readonly starts?: readonly number[];
  readonly level?: number;
  readonly startWidth?: number;
  readonly filterUnits?: number;
  readonly count?: number;
  readonly entriesSize?: number;
}

/** A block made by hand, right but for what `parts` say. */
function handMade(parts: Parts): Uint8Array {
  const entries = concatBytes(parts.entries);
  let end = 0;
  const ends = parts.entries.map((entry) => (end += entry.length));
  const starts = parts.starts ?? [0, ...ends.slice(0, -1)];
  const head = new Uint8Array(12);
  const view = dataViewOf(head);
  view.setUint32(0, parts.entriesSize ?? entries.length, true);
  view.setUint8(4, parts.level ?? 0);
  view.setUint8(5, parts.startWidth ?? 2);
  view.setUint16(6, parts.filterUnits ?? 0, true);
  view.setUint32(8, parts.count ?? starts.length, true);
  const table = Uint8Array.from(starts.flatMap((start) => [start & 0xff, start >> 8]));
  return concatBytes([head, entries, table, new Uint8Array(16 + 32 * (parts.filterUnits ?? 0))]);
}

const AB = [Uint8Array.of(2, 0x61, 1), Uint8Array.of(2, 0x62, 1)];
const POINTER = new Uint8Array(46);

test('a block made by hand is a block', () => {
  const block = new Block(handMade({ entries: AB }), 512);

  expect(block.count).toBe(2);
  expect(block.search(utf8Encode('a'))).toBe(0);
  expect(block.search(utf8Encode('b'))).toBe(1);
  expect(block.search(utf8Encode('aa'))).toBe(~1);
});

const malformed: [string, Parts, string][] = [
  ['no entries', { entries: AB, starts: [] }, 'empty'],
  ['a count that does not fit', { entries: AB, count: 3 }, 'add up'],
  ['entries that do not fit', { entries: AB, entriesSize: 7 }, 'add up'],
  ['more than 64 MiB', { entries: AB, count: 40_000_000 }, 'too large'],
  ['a level above eight', { entries: AB, level: 9 }, 'level 9'],
  ['wide starts without need', { entries: AB, startWidth: 4 }, 'start width'],
  ['a filter in a data block', { entries: AB, filterUnits: 1 }, 'filter'],
  ['a first entry that does not come first', { entries: AB, starts: [1, 3] }, 'come first'],
  ['an entry of no bytes', { entries: AB, starts: [0, 0] }, 'end after its start'],
  ['an entry that starts behind the end', { entries: AB, starts: [0, 9] }, 'end after its start'],
  ['starts that go back', { entries: AB, starts: [0, 5, 3] }, 'end after its start'],
  ['a key that passes its entry', { entries: [Uint8Array.of(8, 0x61)] }, 'passes its end'],
  ['a head cut off', { entries: [Uint8Array.of(0x80)] }, 'head'],
  ['a head of four bytes', { entries: [Uint8Array.of(0x80, 0x80, 0x80, 0)] }, 'malformed'],
  [
    'a head of four bytes that does end',
    { entries: [Uint8Array.of(0x80, 0x80, 0x80, 1)] },
    'malformed',
  ],
  ['a head longer than needed', { entries: [Uint8Array.of(0x82, 0, 0x61)] }, 'malformed'],
  ['a tombstone with a value', { entries: [Uint8Array.of(3, 0x61, 1)] }, 'tombstone'],
  ['keys out of order', { entries: [...AB].reverse() }, 'not in order'],
  ['one key twice', { entries: [Uint8Array.of(2, 0x61), Uint8Array.of(2, 0x61)] }, 'not in order'],
  ['a page of values', { entries: AB, level: 1 }, 'not a pointer'],
  ['a page of tombstones', { entries: [Uint8Array.of(1)], level: 1 }, 'tombstone'],
  [
    'a filter above level 1',
    { entries: [concatBytes([Uint8Array.of(0), POINTER])], level: 2, filterUnits: 1 },
    'filter',
  ],
];

test.each(malformed)('%s: no block', (_, parts, reason) => {
  const build = () => new Block(handMade(parts), 512);

  expect(build).toThrow(MalformedError);
  expect(build).toThrow(reason);
});

test('bytes too few for any block are none', () => {
  for (let size = 0; size < 31; size++) {
    expect(() => new Block(new Uint8Array(size), 512)).toThrow(MalformedError);
  }
});

test('search finds what a search from the start finds, whatever prefixes the keys share', () => {
  const key = fc
    .tuple(
      fc.constantFrom('', 'shared prefix ', 'shared prefix of many'),
      fc.uint8Array({ maxLength: 7 }),
    )
    .map(([prefix, rest]) => concatBytes([utf8Encode(prefix), rest]));
  const keys = fc
    .uniqueArray(key, { selector: (bytes) => bytes.join(), minLength: 1, maxLength: 30 })
    .map((list) => list.sort(compareBytes));

  fc.assert(
    fc.property(keys, fc.array(key), (present, probes) => {
      const builder = new BlockBuilder();
      for (const bytes of present) {
        const end = bytes.length;
        const value = { valueStart: end, valueEnd: end, isTombstone: false };
        builder.add({ bytes, keyStart: 0, keyEnd: end, ...value });
      }
      const sealed = builder.seal({ offset: 512, level: 0 });
      const block = new Block(sealed.bytes, 512);

      for (const probe of [...probes, ...present]) {
        const at = present.findIndex((bytes) => compareBytes(bytes, probe) >= 0);
        const place = at < 0 ? present.length : at;
        const isThere = at >= 0 && compareBytes(present[at] as Uint8Array, probe) === 0;
        expect(block.search(probe)).toBe(isThere ? place : ~place);
      }
    }),
  );
});

test('a builder takes a key that goes on behind the last one, and none that ends within it', () => {
  const entry = (key: string, value: Uint8Array) => {
    const bytes = concatBytes([utf8Encode(key), value]);
    const place = { keyStart: 0, keyEnd: key.length, valueStart: key.length };
    return { bytes, ...place, valueEnd: bytes.length, isTombstone: false };
  };
  const high = new Uint8Array(100).fill(0xff);
  const none = new Uint8Array(0);
  const builder = new BlockBuilder();
  builder.add(entry('a', high));
  builder.add(entry('ab', high));
  builder.seal({ offset: 512, level: 0 });

  // What the block before has left behind must not decide.
  builder.clear();
  builder.add(entry('ab', none));

  expect(() => builder.add(entry('a', none))).toThrow('in the order of their keys');
});

test('a search looks at one key, or none, where four bytes behind the shared prefix tell all apart', () => {
  const builder = new BlockBuilder();
  const keys = Array.from({ length: 200 }, (_, i) =>
    utf8Encode(`the prefix of all of them ${1000 + i}`),
  );
  for (const bytes of keys) {
    const end = bytes.length;
    const value = { valueStart: end, valueEnd: end, isTombstone: false };
    builder.add({ bytes, keyStart: 0, keyEnd: end, ...value });
  }
  const block = new Block(builder.seal({ offset: 512, level: 0 }).bytes, 512);
  let compared = 0;
  const compare = block.compare.bind(block);
  block.compare = (key, index) => {
    compared++;
    return compare(key, index);
  };

  // The first search makes no marks.
  expect(block.search(utf8Encode('the prefix of all of them 0999'))).toBe(~0);
  expect(compared).toBeLessThan(10);
  compared = 0;
  for (const [i, key] of keys.entries()) expect(block.search(key)).toBe(i);

  expect(compared).toBe(keys.length);
  expect(block.search(utf8Encode('the prefix of all of them 0999'))).toBe(~0);
  expect(compared).toBe(keys.length);
});

test('of a page, the child for a key below all of them is the first', () => {
  const builder = new BlockBuilder();
  const child = { offset: 2 ** 40 + 5, length: 77, count: 3, hash: new Uint8Array(32).fill(8) };
  builder.add(pointerEntry(utf8Encode('m'), child));
  const page = new Block(builder.seal({ offset: 512, level: 1 }).bytes, 512);

  expect(page.childIndex(utf8Encode('a'))).toBe(0);
  expect(page.child(0)).toEqual(child);
});

test('a separator is above the key below, not above the key, and no shorter one is', () => {
  const pair = fc.tuple(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }));

  fc.assert(
    fc.property(pair, ([left, right]) => {
      fc.pre(compareBytes(left, right) !== 0);
      const [below, key] = compareBytes(left, right) < 0 ? [left, right] : [right, left];

      const separator = shortestSeparator(below, key);

      expect(compareBytes(below, separator)).toBeLessThan(0);
      expect(compareBytes(separator, key)).toBeLessThanOrEqual(0);
      const shorter = key.subarray(0, separator.length - 1);
      expect(compareBytes(below, shorter)).toBeGreaterThanOrEqual(0);
    }),
  );
});
