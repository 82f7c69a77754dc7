import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MalformedError } from '../../src/snapshot/block.ts';
import { decodeSequenceIds, SequenceIds } from '../../src/snapshot/sequence-ids.ts';

function decode(bytes: readonly number[], count: number): readonly number[] {
  // What stands behind the range belongs to somebody else.
  const range = { start: 0, end: bytes.length };
  return [...decodeSequenceIds(Uint8Array.from([...bytes, 1, 1]), range, count)];
}

test('ids up to the largest safe integer read back, block after block', () => {
  const id = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.maxSafeNat());
  const ids = new SequenceIds();

  fc.assert(
    fc.property(fc.array(id, { minLength: 1, maxLength: 600 }), (expected) => {
      for (const each of expected) ids.add(each);

      const { bytes, valueStart, valueEnd } = ids.take(512);

      const range = { start: valueStart, end: valueEnd };
      expect([...decodeSequenceIds(bytes, range, expected.length)]).toEqual(expected);
    }),
  );
});

test.each([
  ['more ids than entries', [3, 0, 0], 1],
  ['fewer ids than entries', [3, 0], 2],
  ['fewer bytes than entries, by far', [3, 0], 2 ** 31],
  ['an end inside an id', [3, 0, 0x80], 2],
  ['an id not in shortest form', [3, 0x80, 0], 1],
  ['an id of nine bytes', [3, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1], 1],
  ['an id above the largest safe integer', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1], 1],
])('%s: malformed', (_, bytes, count) => {
  expect(() => decode(bytes, count)).toThrow(MalformedError);
});
