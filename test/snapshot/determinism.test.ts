import { expect, test } from 'vitest';
import {
  entry,
  makePlan,
  numberedEntries,
  planMap,
  readerOf,
  type TestEntry,
  writeEntries,
  writePlan,
} from './support.ts';

/** The bytes of all entry trees. */
function entryBytes(file: Uint8Array): Uint8Array {
  const trees = readerOf(file).footer.maps.flatMap(({ entries }) => entries ?? []);
  return file.slice(512, Math.max(...trees.map(({ offset, length }) => offset + length)));
}

test('equal states are equal bytes and one root, whatever ids, generations and maps they had', () => {
  const entries = numberedEntries(2000);
  const other = (list: readonly TestEntry[]) => list.map((item) => ({ ...item, sequence: 5 }));
  const first = writePlan(makePlan([planMap(1, 'a', entries), planMap(2, 'ä', entries)]));

  const second = writePlan(
    makePlan([planMap(9, 'ä', other(entries)), planMap(4, 'a', other(entries))], {
      generation: 77,
      wal: 99,
      sequence: 123456,
      store: new Uint8Array(16).fill(1),
      chain: new Uint8Array(32).fill(2),
      quota: 5,
    }),
  );

  expect(entryBytes(second)).toEqual(entryBytes(first));
  expect(readerOf(second).footer.root).toEqual(readerOf(first).footer.root);
});

test('what was deleted leaves no trace in a full snapshot', () => {
  const entries = numberedEntries(500);
  const deleted = Array.from({ length: 500 }, (_, i) =>
    entry(`key-${String(i).padStart(6, '0')}-gone`, undefined, 3),
  );
  const mixed = entries.flatMap((item, i) => [item, deleted[i] as TestEntry]);

  const clean = writeEntries(entries);
  const survived = writeEntries(mixed);

  expect(entryBytes(survived)).toEqual(entryBytes(clean));
  expect(readerOf(survived).footer.root).toEqual(readerOf(clean).footer.root);
});

test('any other key, value, name or encoding gives another root', () => {
  const entries = [entry('a', '1'), entry('b', '2')];
  const map = planMap(1, 'map', entries);
  const rootOf = (planned: typeof map) => readerOf(writePlan(makePlan([planned]))).footer.root;
  const root = rootOf(map);

  expect(rootOf(planMap(1, 'map', [entry('a', '1'), entry('b', '3')]))).not.toEqual(root);
  expect(rootOf(planMap(1, 'map', [entry('a', '1'), entry('c', '2')]))).not.toEqual(root);
  expect(rootOf({ ...map, name: 'mop' })).not.toEqual(root);
  expect(rootOf({ ...map, keyEncoding: 'binary' })).not.toEqual(root);
  expect(rootOf({ ...map, valueEncoding: 'json' })).not.toEqual(root);
  expect(rootOf({ ...map, id: 1 })).toEqual(root);
});
