/** What is no operation is never taken for one, however little is wrong with it. */
import { describe, expect, test } from 'vitest';
import { CborError, type CborValue, CborWriter, encodeCbor } from '../../src/bytes/cbor.ts';
import {
  commitBody,
  encodeOperation,
  type Operation,
  readOperations,
  TOKEN_SIZE_MAX,
} from '../../src/wal/record.ts';

const BYTES = Uint8Array.of(1, 2);

/** Each as it stands in a body, and as it is read. */
const OPERATIONS: readonly (readonly [readonly CborValue[], Operation])[] = [
  [[0, 4, BYTES, BYTES], { type: 'put', map: 4, key: BYTES, value: BYTES }],
  [[1, 4, BYTES], { type: 'remove', map: 4, key: BYTES }],
  [[2, 4, null, BYTES], { type: 'clear', map: 4, start: null, end: BYTES }],
  [[2, 4, BYTES, null], { type: 'clear', map: 4, start: BYTES, end: null }],
  [
    [3, 4, 'm', 'utf8', 'json'],
    { type: 'define', map: 4, name: 'm', keyEncoding: 'utf8', valueEncoding: 'json' },
  ],
  [[4, 4], { type: 'drop', map: 4 }],
  [[5, 4, 5], { type: 'empty', map: 4, next: 5 }],
  [[6, null, 9], { type: 'quota', map: null, bytes: 9 }],
  [[6, 0, null], { type: 'quota', map: 0, bytes: null }],
  [[7, 'report'], { type: 'acknowledge', report: 'report' }],
  [[8, BYTES], { type: 'token', token: BYTES }],
  [[8, new Uint8Array(TOKEN_SIZE_MAX)], { type: 'token', token: new Uint8Array(TOKEN_SIZE_MAX) }],
];

describe.each(OPERATIONS.map(([items, operation]) => ({ name: operation.type, items, operation })))(
  'the operation $name',
  ({ items, operation }) => {
    test('is written as its grammar says, and read again', () => {
      const writer = new CborWriter();

      encodeOperation(writer, operation);

      expect(writer.bytes()).toEqual(encodeCbor([...items]));
      expect(read([items])).toEqual([operation]);
      expect(read([items, items])).toEqual([operation, operation]);
    });

    test('is none with a field too many or too few, or of a kind that does not belong there', () => {
      const wrong = [
        items.slice(0, -1),
        [...items, 0],
        [...items, null],
        [9, ...items.slice(1)],
        ...items.flatMap((_, i) => strangersAt(items, i)),
      ];

      for (const fields of wrong) {
        expect(() => read([fields]), JSON.stringify(fields)).toThrow(CborError);
      }
    });
  },
);

test('bytes behind the last operation are refused, and so is a number of operations that is not true', () => {
  const one = encodeCbor([4, 4]);

  expect(() => readBody(Uint8Array.of(...commitBody(one, 1), 0))).toThrow(CborError);
  expect(() => readBody(commitBody(one, 2))).toThrow(CborError);
  expect(() => readBody(commitBody(one, 0))).toThrow(CborError);
});

test.each([
  ['put', [0, 4, BYTES, BYTES]],
  ['remove', [1, 4, BYTES]],
])('a %s takes nothing that stands behind it, and leaves nothing of its own', (_, items) => {
  const short = encodeCbor(items.slice(0, -1));
  const long = encodeCbor([...items, [4, 4]]);

  expect(() => readBody(commitBody(Uint8Array.of(...short, ...encodeCbor(BYTES)), 1))).toThrow(
    CborError,
  );
  expect(() => readBody(commitBody(long, 2))).toThrow(CborError);
});

/** The fields with one of them, behind the code, replaced by what it must not be. */
function strangersAt(items: readonly CborValue[], i: number): CborValue[][] {
  if (i === 0) return [];
  const isNullTaken = items[0] === 6 || (items[0] === 2 && i > 1);
  const strangers: CborValue[] = [true, -1, [0], { k: 0 }];
  if (typeof items[i] !== 'number' && items[0] !== 6) strangers.push(0);
  if (typeof items[i] !== 'string') strangers.push('x');
  if (!(items[i] instanceof Uint8Array) && items[0] !== 2) strangers.push(BYTES);
  if (!isNullTaken) strangers.push(null);
  if (items[0] === 8) strangers.push(new Uint8Array(0), new Uint8Array(TOKEN_SIZE_MAX + 1));
  return strangers.map((stranger) => items.map((item, at) => (at === i ? stranger : item)));
}

function read(operations: readonly (readonly CborValue[])[]): Operation[] {
  return readBody(encodeCbor(operations.map((items) => [...items])));
}

function readBody(body: Uint8Array): Operation[] {
  const found: Operation[] = [];
  readOperations(body, {
    put: (map, { bytes, keyStart, keyEnd, valueStart, valueEnd }) => {
      const key = bytes.slice(keyStart, keyEnd);
      found.push({ type: 'put', map, key, value: bytes.slice(valueStart, valueEnd) });
    },
    remove: (map, { bytes, keyStart, keyEnd }) => {
      found.push({ type: 'remove', map, key: bytes.slice(keyStart, keyEnd) });
    },
    other: (operation) => found.push(operation),
  });
  return found;
}
