import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8Encode } from '../../src/bytes/bytes.ts';
import { FILTER_UNIT_SIZE } from '../../src/snapshot/block.ts';
import { buildFilter, hashKey, mayContain } from '../../src/snapshot/filter.ts';

const hashOf = (key: Uint8Array) => hashKey(key, 0, key.length);
const rangeOf = (filter: Uint8Array) => ({
  bytes: filter,
  filterStart: 0,
  filterUnits: filter.length / FILTER_UNIT_SIZE,
});

/** From the reference implementation's test values (SMHasher). */
test.each([
  ['', 0],
  ['test', 0xba6bd213],
  ['Hello, world!', 0xc0363e43],
  ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
])('the hash of %j is that of MurmurHash3', (text, expected) => {
  expect(hashOf(utf8Encode(text))).toBe(expected);
});

test('a filter never denies a key that it was made from', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 12 }), { minLength: 1 }), (keys) => {
      const filter = rangeOf(buildFilter(Uint32Array.from(keys, hashOf)));

      for (const key of keys) expect(mayContain(filter, hashOf(key))).toBe(true);
    }),
  );
});

test.each([30, 300, 3000, 30_000])('of %i keys, a filter lets few others pass', (count) => {
  const hashes = Uint32Array.from({ length: count }, (_, i) => hashOf(utf8Encode(`key ${i}`)));
  const filter = rangeOf(buildFilter(hashes));

  let passed = 0;
  for (let i = 0; i < 20_000; i++) {
    if (mayContain(filter, hashOf(utf8Encode(`other ${i}`)))) passed++;
  }

  expect(passed / 20_000).toBeLessThan(0.025);
});

test('a page without a filter may hold any key', () => {
  expect(mayContain(rangeOf(new Uint8Array(0)), 1)).toBe(true);
});

test('keys mark bits of their own unit alone', () => {
  const units = 4;
  const hashes = Uint32Array.from({ length: 100 }, (_, i) => i * units * 7919);

  const filter = buildFilter(hashes);

  expect(filter.length).toBe(units * FILTER_UNIT_SIZE);
  expect(filter.subarray(0, FILTER_UNIT_SIZE).some((byte) => byte !== 0)).toBe(true);
  expect([...filter.subarray(FILTER_UNIT_SIZE)].every((byte) => byte === 0)).toBe(true);
});
