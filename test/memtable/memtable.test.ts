import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes } from '../../src/bytes/bytes.ts';
import { Memtable } from '../../src/memtable/memtable.ts';
import { MemtableCursor } from '../../src/memtable/memtable-cursor.ts';

function put(table: Memtable, map: number, key: Uint8Array, sequence: number): void {
  const bytes = new Uint8Array([...key, sequence & 0xff]);
  const keyEnd = key.length;
  table.put({
    ...{ map, bytes, keyStart: 0, keyEnd, valueStart: keyEnd, valueEnd: keyEnd + 1 },
    ...{ isTombstone: sequence % 5 === 0, sequence },
  });
}

function walk(table: Memtable, map: number, way: 'forward' | 'backward'): number[] {
  const cursor = new MemtableCursor(table, map);
  const sequences: number[] = [];
  if (way === 'forward')
    for (cursor.toFirst(); cursor.isValid; cursor.next()) sequences.push(cursor.sequence());
  else for (cursor.toLast(); cursor.isValid; cursor.previous()) sequences.push(cursor.sequence());
  return sequences;
}

/** The last ones have numbers that leave no room for a whole mark of a key. */
const MAPS = [1, 2, 3, 2 ** 21, 2 ** 21 + 1, 2 ** 40];
/** Of keys that begin alike the marks are equal. */
const key = fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ maxLength: 6, max: 1 }));

const steps = fc.array(
  fc.record({
    map: fc.constantFrom(...MAPS),
    key,
    fork: fc.nat(19),
  }),
  { minLength: 1, maxLength: 600 },
);

test('holds what a sorted model holds, and a fork stays as it was', () => {
  fc.assert(
    fc.property(steps, (script) => {
      let table = new Memtable();
      const model = new Map<string, { map: number; key: Uint8Array; sequence: number }>();
      const frozen: { table: Memtable; expected: number[] }[] = [];
      const sorted = (map: number) =>
        [...model.values()]
          .filter((entry) => entry.map === map)
          .sort((left, right) => compareBytes(left.key, right.key));
      for (const [i, { map, key, fork }] of script.entries()) {
        if (fork === 0) {
          frozen.push({ table, expected: sorted(2).map(({ sequence }) => sequence) });
          table = table.fork();
        }
        put(table, map, key, i + 1);
        model.set(`${map} ${key}`, { map, key, sequence: i + 1 });
      }

      for (const map of [0, ...MAPS, 4]) {
        const expected = sorted(map).map(({ sequence }) => sequence);
        expect(walk(table, map, 'forward')).toEqual(expected);
        expect(walk(table, map, 'backward')).toEqual(expected.reverse());
      }
      expect(table.count).toBe(model.size);
      for (const { map, key, sequence } of model.values()) {
        expect(table.get(map, key)?.sequence).toBe(sequence);
      }
      for (const { table: before, expected } of frozen) {
        expect(walk(before, 2, 'forward')).toEqual(expected);
      }
    }),
    { numRuns: 60 },
  );
});

test('finds the place of any key, above it and below it', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.uint8Array({ maxLength: 2 }), { selector: String, maxLength: 200 }),
      fc.uint8Array({ maxLength: 2 }),
      (keys, probe) => {
        const table = new Memtable();
        for (const key of keys) put(table, 7, key, 1);
        put(table, 6, new Uint8Array([255, 255, 255]), 2);
        put(table, 8, new Uint8Array([]), 3);
        const sorted = [...keys].sort(compareBytes);
        const cursor = new MemtableCursor(table, 7);
        const current = () =>
          cursor.isValid ? [...cursor.bytes.subarray(cursor.keyStart, cursor.keyEnd)] : undefined;
        const above = sorted.find((key) => compareBytes(key, probe) >= 0);
        const below = sorted.filter((key) => compareBytes(key, probe) < 0).at(-1);

        cursor.seek(probe);
        expect(current()).toEqual(above === undefined ? undefined : [...above]);
        cursor.seekBelow(probe);
        expect(current()).toEqual(below === undefined ? undefined : [...below]);
      },
    ),
  );
});
