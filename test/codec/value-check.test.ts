/** Values that are checked without being made: what passes is what the codec decodes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, fromHex, utf8Encode } from '../../src/bytes/bytes.ts';
import { cborValue } from '../../src/codec/cbor-value.ts';
import { jsonValue } from '../../src/codec/json-value.ts';
import { checkValue } from '../../src/codec/value-check.ts';
import type { ValueCodec } from '../../src/codec/value-codec.ts';

const RUNS = { seed: 1, numRuns: 20_000 };
const CODECS: readonly ValueCodec<unknown>[] = [cborValue, jsonValue];

const anything = fc
  .anything({
    ...{ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true },
    maxDepth: 4,
  })
  .filter((value) => value !== undefined);
/** Of a value, with some bytes set, taken out or put in. */
const changes = fc.array(
  fc.record({
    what: fc.constantFrom('set', 'out', 'in'),
    at: fc.nat(),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(...utf8Encode('[]{}",:\\ue-.0 '), 0xf7, 0xc1)),
  }),
  { maxLength: 3 },
);

describe.each(CODECS)('what is checked of $name', (codec) => {
  test('passes if it decodes, and not otherwise: values, and what is made of them', () => {
    let passed = 0;
    fc.assert(
      fc.property(anything, changes, (value, changed) => {
        const bytes = applied(encoded(codec, value), changed);
        passed += passes(() => codec.decode(bytes)) ? 1 : 0;
        expectSame(codec, bytes);
      }),
      RUNS,
    );
    expect(passed).toBeGreaterThan(RUNS.numRuns / 4);
    expect(passed).toBeLessThan((RUNS.numRuns * 3) / 4);
  });

  test('and bytes at random', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => expectSame(codec, bytes)),
      RUNS,
    );
  });

  test('and text with bytes at random', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 5 }),
      fc.string({ unit: 'binary', maxLength: 3 }).map(utf8Encode),
      fc.tuple(fc.constantFrom(0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4), fc.nat(255), fc.nat(255)),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 3 }), (parts) => {
        const text = concatBytes(parts.map((bytes) => Uint8Array.from(bytes)));
        const [head, tail] = codec === jsonValue ? ['"', '"'] : ['', ''];
        const first = codec === jsonValue ? [] : [0x78, text.length];
        expectSame(
          codec,
          concatBytes([Uint8Array.from(first), utf8Encode(head), text, utf8Encode(tail)]),
        );
      }),
      RUNS,
    );
  });
});

describe('what is checked', () => {
  test.each([
    ...['f7', '81f7', 'f8', 'f93c00', 'a1695f5f70726f746f5f5f00', 'a1625f5f00', 'a10000'],
    ...['c100', 'c1f6', 'c180', 'c1810', 'c16131', 'c11b0000000000000005', 'c11bffffffffffffffff'],
    ...['c13bffffffffffffffff', 'c1fb7ff8000000000000', 'c1fb427d000000000000', 'c1c101', 'c1c240'],
    ...['c1fb433eb208c2dc0000', 'c11b000007dba8218000', 'c11b000007dba8218001'],
    ...[
      'c240',
      'c34101',
      'c280',
      'd9010280',
      'd90102820101',
      'd90103a10102',
      'd90103a101',
      'd84443',
    ],
    ...[
      'd8454100',
      'd845420000',
      'd81b01',
      '1b0000000000000001',
      '3bff',
      '5b00',
      '9bff',
      'bf',
      '9f',
    ],
    ...[`${'81'.repeat(500)}00`, `${'81'.repeat(501)}00`, `${'d90102'.repeat(499)}80`, ''],
    `c25a00010001${'ff'.repeat(65537)}`,
    ...['c13b000007dba8217fff', 'c13b000007dba8218000', '8261c380', '64f5808080', '64f4808080'],
  ])('of CBOR is as it decodes: %.40s', (hex) => {
    expectSame(cborValue, fromHex(hex) ?? new Uint8Array());
  });

  test.each([
    ...['', ' ', '1', ' 1 ', '-0', '01', '-', '1.', '.5', '1e', '1E+5', '1e-05', '1.5e999', '+1'],
    ...['tru', 'true', 'true1', 'nullx', 'NaN', '"', '"\\', '"\\u12', '"\\u12fG"', '"\\uABcd"'],
    ...[
      '"\\x"',
      '"\\/\\b"',
      '"\t"',
      '"\u007f\u2028"',
      '\ufeff1',
      '1\u00a0',
      '[',
      '[]',
      '[ ]',
      '[,]',
    ],
    ...['[1,]', '[1 2]', '[1}', '{}', '{ }', '{"a"}', '{"a":}', '{"a":1,}', '{"a":1,"a":[{}]}'],
    ...['{a:1}', '{1:1}', '{"a" : 1 , "b":[ ] }', '[]]', '[1]]', '{"__proto__":1}', ','],
    '['.repeat(5000) + ']'.repeat(5000),
    `${'{"":'.repeat(5000)}1${'}'.repeat(4999)}`,
  ])('of JSON is as it decodes: %.40s', (text) => {
    expectSame(jsonValue, utf8Encode(text));
  });

  test('costs no more than its bytes, where they stand for millions of objects', () => {
    const [size, rest] = [4 << 20, 5];
    const cbor = new Uint8Array(size).fill(0xa0);
    cbor.set([0x9a, 0, 0, 0, 0]);
    new DataView(cbor.buffer).setUint32(1, size - rest);
    const json = utf8Encode(`[${'{},'.repeat(size / 4)}0]`);

    for (const [codec, bytes] of [
      [cborValue, cbor],
      [jsonValue, json],
    ] as const) {
      const before = process.memoryUsage().heapUsed;
      checkValue(codec, bytes);
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(16 << 20);
    }
  });

  test('is asked of a codec that is not ours', () => {
    const asked: Uint8Array[] = [];
    const own = { ...cborValue, decode: (bytes: Uint8Array) => asked.push(bytes) };
    const bytes = Uint8Array.of(0xff);

    checkValue(own, bytes);

    expect(asked).toEqual([bytes]);
  });
});

function expectSame(codec: ValueCodec<unknown>, bytes: Uint8Array): void {
  const decodes = passes(() => codec.decode(bytes));
  expect(passes(() => checkValue(codec, bytes))).toBe(decodes);
}

function passes(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return false;
  }
}

/** Nothing where there is no such value: bytes may be put in. */
function encoded(codec: ValueCodec<unknown>, value: unknown): Uint8Array {
  try {
    return codec.encode(value);
  } catch {
    return new Uint8Array();
  }
}

function applied(
  bytes: Uint8Array,
  changed: readonly { readonly what: string; readonly at: number; readonly byte: number }[],
): Uint8Array {
  const result = [...bytes];
  for (const { what, at, byte } of changed) {
    const index = at % (result.length + 1);
    if (what === 'in') result.splice(index, 0, byte);
    else if (what === 'out') result.splice(index, 1);
    else if (index < result.length) result[index] = byte;
  }
  return Uint8Array.from(result);
}
