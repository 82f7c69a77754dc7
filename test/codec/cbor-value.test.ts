import { deepStrictEqual } from 'node:assert';
import { Encoder } from 'cbor-x/index-no-eval';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, toHex } from '../../src/bytes/bytes.ts';
import { cborValue } from '../../src/codec/cbor-value.ts';

const { encode, decode } = cborValue;

/** Writes maps without records, short lengths and untagged bytes, as we do. */
const oracle = new Encoder({
  useRecords: false,
  variableMapSize: true,
  tagUint8Array: false,
  copyBuffers: true,
} as ConstructorParameters<typeof Encoder>[0]);

const text = fc.string({ unit: 'binary', maxLength: 80, size: 'max' });
const bigint = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double());
const typedArray = fc.oneof(
  fc.uint8ClampedArray(),
  fc.uint16Array(),
  fc.uint32Array(),
  fc.bigUint64Array(),
  fc.int8Array(),
  fc.int16Array(),
  fc.int32Array(),
  fc.bigInt64Array(),
  fc.float32Array(),
  fc.float64Array(),
);
const name = text.filter((key) => key !== '__proto__');

/** Values that cbor-x writes as we do. */
const { value: shared } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      text,
      bigint,
      fc.boolean(),
      fc.constantFrom(null, undefined),
      number.filter((value) => !Object.is(value, -0)),
      fc.uint8Array(),
    ),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(name, tie('value'), { maxKeys: 30, noNullPrototype: true }),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => new Set(items)),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
  ),
}));
const special = fc.oneof(number, fc.date({ noInvalidDate: true }), typedArray, shared);
const value = fc
  .oneof(
    special,
    fc.array(special),
    fc.record({ a: special, b: special }, { noNullPrototype: true }),
  )
  .filter((candidate) => candidate !== undefined);

function nested(depth: number): unknown {
  let whole: unknown = 0;
  for (let i = 0; i < depth; i++) whole = [whole];
  return whole;
}

describe('a value in CBOR', () => {
  it('reads back equal', () => {
    fc.assert(
      fc.property(value, (whole) => {
        // Not toStrictEqual: it takes an own property named `constructor` for the class.
        deepStrictEqual(decode(encode(whole)), whole);
      }),
      { numRuns: 1000 },
    );
  });

  it('has the bytes of cbor-x', () => {
    fc.assert(
      fc.property(shared, (whole) => {
        if (whole !== undefined) expect(toHex(encode(whole))).toBe(toHex(oracle.encode(whole)));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['-0', -0],
    ['the first moment of Date', new Date(-8.64e15)],
    ['the last moment of Date', new Date(8.64e15)],
    ['a large integer', Number.MAX_SAFE_INTEGER],
    ['a bigint of a thousand bits', -(3n ** 600n)],
    ['undefined in an object', { a: undefined }],
    ['a name of every object', { constructor: 1, toString: 2, hasOwnProperty: 3 }],
    ['a text that starts with a byte order mark', `\ufeff${'a'.repeat(100)}`],
    [
      'an object with 100,000 keys',
      Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`k${i}`, i])),
    ],
    ['500 arrays in each other', nested(500)],
  ])('reads back %s', (_name, whole) => {
    expect(decode(encode(whole))).toStrictEqual(whole);
  });

  it('gives plain byte arrays, also for a Buffer', () => {
    const decoded = decode(encode({ buffer: Buffer.from('a'), plain: Uint8Array.of(1) }));

    expect(decoded).toStrictEqual({ buffer: Uint8Array.of(0x61), plain: Uint8Array.of(1) });
  });

  it('gives a plain object for one without a prototype', () => {
    const bare = Object.assign(Object.create(null), { a: 1 });

    expect(decode(encode(bare))).toStrictEqual({ a: 1 });
  });

  it('keeps keys in the order of the object', () => {
    expect(Object.keys(decode(encode({ b: 1, a: 2 })) as object)).toEqual(['b', 'a']);
  });

  it('shares no memory with its bytes, in either direction', () => {
    const whole = { bytes: Uint8Array.of(1, 2), floats: Float64Array.of(1) };
    const bytes = encode(whole);
    const decoded = decode(bytes) as typeof whole;

    whole.bytes.fill(9);
    whole.floats.fill(9);
    expect(decode(bytes)).toStrictEqual({ bytes: Uint8Array.of(1, 2), floats: Float64Array.of(1) });

    bytes.fill(0);
    expect(decoded).toStrictEqual({ bytes: Uint8Array.of(1, 2), floats: Float64Array.of(1) });

    // The buffer may be the same, the bytes in it never are: neither later ones nor larger ones.
    for (const next of ['next', 'x'.repeat(5000)]) {
      const before = bytes.slice();
      encode(next).fill(7);
      expect(bytes).toEqual(before);
    }
  });

  it('may have a getter that stores another value', () => {
    const whole = {
      before: 'before',
      get other(): string {
        return toHex(encode('another'));
      },
    };

    expect(decode(encode(whole))).toStrictEqual({
      before: 'before',
      other: toHex(encode('another')),
    });
  });

  it('is written after one that was refused as it would have been before', () => {
    expect(() => encode([[['a', () => 0]]])).toThrow();

    expect(decode(encode({ a: [1] }))).toStrictEqual({ a: [1] });
  });
});

describe('a value that would not read back equal', () => {
  const cyclic: unknown[] = [];
  cyclic.push({ again: cyclic });

  it.each([
    ['undefined', undefined, 'value: undefined'],
    ['a function', { a: [1, () => 0] }, 'value["a"][1]: a function'],
    ['a symbol', [Symbol('s')], 'value[0]: a symbol'],
    ['a symbol as a key', { a: { [Symbol('s')]: 1 } }, 'value["a"]: a symbol as a key'],
    [
      'an instance of a class',
      { a: new (class Account {})() },
      'value["a"]: a value of class Account',
    ],
    ['a subclass of Map', new (class Other extends Map {})(), 'value: a value of class Other'],
    ['an Error', new Error('e'), 'class Error'],
    ['a RegExp', /a/, 'class RegExp'],
    ['a promise', Promise.resolve(), 'class Promise'],
    ['an ArrayBuffer', new ArrayBuffer(1), 'class ArrayBuffer'],
    ['a DataView', new DataView(new ArrayBuffer(1)), 'class DataView'],
    ['an invalid Date', new Date(Number.NaN), 'invalid Date'],
    ['a hole in an array', { a: Array(1) }, 'value["a"][0]: a hole'],
    ['an unpaired surrogate', { a: 'a\udc00' }, 'value["a"]: text with an unpaired surrogate'],
    ['an unpaired surrogate in a key', { '\ud800': 1 }, 'unpaired surrogate'],
    [
      'a key named __proto__',
      JSON.parse('{"a":{"__proto__":1}}'),
      'value["a"]["__proto__"]: a key',
    ],
    ['a function in a Map', new Map([[1, { a: () => 0 }]]), 'value[0]["a"]: a function'],
    ['a function in a Set', new Set([1, () => 0]), 'value[1]: a function'],
    ['a value that contains itself', cyclic, 'contains itself'],
    ['501 arrays in each other', nested(501), 'deeper than 500'],
  ])('is refused: %s', (_name, whole, reason) => {
    const attempt = () => encode(whole);

    expect(attempt).toThrow(expect.objectContaining({ code: 'VALUE_INVALID' }));
    expect(attempt).toThrow(reason);
  });
});

describe('bytes that are no value', () => {
  it.each([
    ['nothing', ''],
    ['half a value', '8301'],
    ['two values', '0101'],
    ['more items than bytes', '9affffffff'],
    ['a longer text than there is', '7affffffff61'],
    ['more bytes than there are', '5affffffff61'],
    ['an array without an end', '9f01ff'],
    ['text without an end', '7f6161ff'],
    ['a length of eight bytes', '9b0000000000000001'],
    ['a tag without a meaning', 'd81b01'],
    ['a shared reference', 'd81d00'],
    ['a Date that is text', 'c16161'],
    ['a Date that is not a number', 'c1fb7ff8000000000000'],
    ['a Date that is null, which counts as 0', 'c1f6'],
    ['a Date that is digits in an array', 'c1816131'],
    ['a key that is not text', 'a10101'],
    ['a key named __proto__', 'a1695f5f70726f746f5f5fa16161f5'],
    ['text that is not UTF-8', '61ff'],
    ['half an element', 'd84543010203'],
    ['a half-precision float', 'f93c00'],
    ['undefined alone, which means that there is no value', 'f7'],
  ])('are refused: %s', (_name, hex) => {
    expect(() => decode(fromHex(hex) as Uint8Array)).toThrow(Error);
    expect(({} as { a?: boolean }).a).toBeUndefined();
  });

  it('are refused by our own word where a typed array would end within an element', () => {
    const floats = fromHex('d8554700000000000000') as Uint8Array;

    expect(() => decode(floats)).toThrow('not a value in CBOR: half an element');
  });

  it('are refused when they nest too deep, before the stack ends', () => {
    for (const opening of ['81', 'a16161', 'd9010281', 'd90103a100', 'c1']) {
      const hex = opening.repeat(100_000);

      expect(() => decode(fromHex(hex) as Uint8Array)).toThrow(/nested deeper|Date/);
    }
  });

  it('never cost more than they are long', () => {
    const lies = concatBytes(Array.from({ length: 499 }, () => Uint8Array.of(0x99, 0x10, 0)));
    const before = process.memoryUsage().heapUsed;

    expect(() => decode(concatBytes([lies, new Uint8Array(4096)]))).toThrow();

    expect(process.memoryUsage().heapUsed - before).toBeLessThan(16 << 20);
  });

  it('give a value or an error, whatever they are, and the same inside other bytes', () => {
    const flipped = fc.tuple(value.map(encode), fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
      bytes[at % bytes.length] = byte;
      return bytes;
    });

    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), flipped), (bytes) => {
        const surrounded = concatBytes([new Uint8Array(9), bytes, new Uint8Array(9)]);
        const inside = surrounded.subarray(9, 9 + bytes.length);
        const [outcome, outcomeInside] = [bytes, inside].map((source) => {
          try {
            return { decoded: decode(source) };
          } catch (error) {
            return { refused: String(error) };
          }
        });
        expect(outcomeInside).toStrictEqual(outcome);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a value that changes while it is encoded', () => {
  /** A value whose getter runs `change` before it answers. */
  const changing = (change: () => void): unknown => ({
    get value() {
      change();
      return 1;
    },
  });
  const refusal = { code: 'VALUE_INVALID', message: expect.stringContaining('changes while') };

  // Its head had counted it before: the bytes were stored, and could not be read.
  it('is refused when it is a map that grows or shrinks', () => {
    const growing = new Map<unknown, unknown>();
    growing.set(
      'a',
      changing(() => growing.set('b', 2)),
    );
    const endless = new Map<unknown, unknown>();
    const again = changing(() => endless.set(endless.size, again));
    endless.set('a', again);
    const shrinking = new Map<unknown, unknown>();
    shrinking.set(
      'a',
      changing(() => shrinking.delete('b')),
    );
    shrinking.set('b', 2);

    for (const map of [growing, endless, shrinking]) {
      expect(() => encode(map)).toThrow(expect.objectContaining(refusal));
    }
  });

  it('is refused when a map gives one of its keys twice in place of another', () => {
    const map = new Map<unknown, unknown>();
    map.set(
      'a',
      changing(() => {
        map.delete('a');
        map.delete('b');
        map.set('a', 1);
      }),
    );
    map.set('b', 2);

    expect(() => encode(map)).toThrow(expect.objectContaining(refusal));
  });

  it('is refused when it is an array that grows or shrinks', () => {
    const growing: unknown[] = [];
    growing.push(changing(() => growing.push(2)));
    const endless: unknown[] = [];
    const again = changing(() => endless.push(again));
    endless.push(again);
    const shrinking: unknown[] = [];
    shrinking.push(
      changing(() => shrinking.pop()),
      2,
    );

    for (const array of [growing, endless]) {
      expect(() => encode({ array })).toThrow(expect.objectContaining(refusal));
    }
    expect(() => encode(shrinking)).toThrow('[1]: a hole in an array');
  });

  it('is stored as it was found when as much is in it as before, or it is a set or an object', () => {
    const map = new Map<unknown, unknown>();
    map.set(
      'a',
      changing(() => map.set('b', 3)),
    );
    map.set('b', 2);
    const set = new Set<unknown>();
    set.add(changing(() => set.add(2)));
    const object: Record<string, unknown> = { a: changing(() => (object.b = 2)) };

    expect(decode(encode(map))).toEqual(
      new Map<unknown, unknown>([
        ['a', { value: 1 }],
        ['b', 3],
      ]),
    );
    expect(decode(encode(set))).toEqual(new Set([{ value: 1 }]));
    expect(decode(encode(object))).toEqual({ a: { value: 1 } });
  });
});
