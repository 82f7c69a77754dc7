import fc from 'fast-check';
import { fromBufferKey, toBufferKey } from 'ordered-binary';
import { describe, expect, it } from 'vitest';
import { compareBytes, fromHex, toHex } from '../../src/bytes/bytes.ts';
import type { OrderedElement, OrderedKey } from '../../src/codec/ordered-format.ts';
import { orderedKey } from '../../src/codec/ordered-key.ts';

const { encode, decode, prefixOf } = orderedKey;

const text = fc.string({ unit: 'binary', maxLength: 100, size: 'max' });
const number = fc
  .oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true }))
  .map((value) => (value === 0 ? 0 : value));
const bigint = fc.oneof(
  fc.bigInt({ min: -20n, max: 20n }),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.bigInt({ min: -(2n ** 1023n), max: 2n ** 1023n }),
  fc.tuple(fc.nat(1000), fc.integer({ min: -2, max: 2 }), fc.boolean()).map(nearPowerOfTwo),
);
const element = fc.oneof(text, number, bigint, fc.boolean(), fc.constant(null));
const array = fc.array(element, { minLength: 2, maxLength: 4 });
const key: fc.Arbitrary<OrderedKey> = fc.oneof(element, array);

function nearPowerOfTwo([exponent, step, isNegative]: [number, number, boolean]): bigint {
  const value = 2n ** BigInt(exponent) + BigInt(step);
  return isNegative ? -value : value;
}

/** ordered-binary writes behind the end of what it reads: it gets a buffer of its own. */
function oracleDecode(bytes: Uint8Array): unknown {
  return fromBufferKey(Buffer.concat([bytes, Buffer.alloc(16)]).subarray(0, bytes.length));
}

function readsBackInOracle(value: OrderedKey): boolean {
  try {
    return Object.is(toText(oracleDecode(toBufferKey(value as never))), toText(value));
  } catch {
    return false;
  }
}

function toText(value: unknown): string {
  return JSON.stringify(value, (_name, part) =>
    typeof part === 'bigint' ? `${part}n` : typeof part === 'number' ? `#${part}` : part,
  );
}

/** The order that ordered-format.ts promises, written down a second time. */
function compareElements(left: OrderedElement, right: OrderedElement): number {
  const rank = rankOf(left) - rankOf(right);
  if (rank !== 0 || left === right || left === null || right === null) return rank;
  if (typeof left === 'string') return compareBytes(Buffer.from(left), Buffer.from(String(right)));
  // A bigint lies just above the number that it equals.
  if (typeof left !== typeof right && !(left < right) && !(left > right)) {
    return typeof left === 'bigint' ? 1 : -1;
  }
  return (left as number) < (right as number) ? -1 : 1;
}

function rankOf(value: OrderedElement): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return value ? 2 : 1;
  return typeof value === 'string' ? 4 : 3;
}

function compareKeys(left: OrderedKey, right: OrderedKey): number {
  const [lefts, rights] = [left, right].map((side) => (Array.isArray(side) ? side : [side]));
  for (let i = 0; i < Math.min(lefts?.length ?? 0, rights?.length ?? 0); i++) {
    const order = compareElements(lefts?.[i] ?? null, rights?.[i] ?? null);
    if (order !== 0) return order;
  }
  return (lefts?.length ?? 0) - (rights?.length ?? 0);
}

describe('an ordered key', () => {
  it('reads back as it was', () => {
    fc.assert(
      fc.property(key, (value) => {
        expect(decode(encode(value))).toStrictEqual(value);
      }),
    );
  });

  it('has the bytes of ordered-binary wherever that reads back what it wrote', () => {
    let comparedCount = 0;
    fc.assert(
      fc.property(key, (value) => {
        if (!readsBackInOracle(value)) return;
        comparedCount++;
        expect(toHex(encode(value))).toBe(toHex(toBufferKey(value as never)));
      }),
      { numRuns: 2000 },
    );
    expect(comparedCount).toBeGreaterThan(500);
  });

  it('is read back by ordered-binary, also where that would have written something else', () => {
    // It loses a null that is the third element of an array or a later one.
    const readable = fc.oneof(element, fc.tuple(element, element));

    fc.assert(
      fc.property(readable, (value) => {
        expect(oracleDecode(encode(value))).toStrictEqual(value);
      }),
      { numRuns: 2000 },
    );
  });

  it('sorts by its bytes as the values do', () => {
    fc.assert(
      fc.property(key, key, (left, right) => {
        const order = Math.sign(compareBytes(encode(left), encode(right)));
        expect(order).toBe(Math.sign(compareKeys(left, right)));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['empty text', '', '1b'],
    ['text', 'ab', '6162'],
    ['text with NUL', '\0', '1b0400'],
    ['zero', 0, '10000000'],
    ['an integer', 10, '14024000'],
    ['a bigint', 10n, '14024000000000000080'],
    ['a negative number', -1, '0c00fffffffffffff0'],
    ['infinity', Number.POSITIVE_INFINITY, '17ff0000'],
    ['a pair', ['a', null], '610000'],
  ] as const)('of %s has documented bytes', (_name, value, hex) => {
    expect(toHex(encode(value))).toBe(hex);
    expect(decode(encode(value))).toStrictEqual(value);
  });

  it.each([
    ['NaN', Number.NaN, 'NaN'],
    ['-0', -0, '-0'],
    ['-0 in an array', ['a', -0], '-0'],
    ['undefined', undefined, 'undefined'],
    ['undefined in an array', ['a', undefined], 'undefined'],
    ['an object', {}, 'an object'],
    ['a Date', new Date(0), 'class Date'],
    ['bytes', Uint8Array.of(1), 'class Uint8Array'],
    ['a symbol', Symbol.for('a'), 'a symbol'],
    ['a function', () => 0, 'a function'],
    ['an empty array', [], 'empty'],
    ['an array of one element', ['a'], 'one element'],
    ['an array in an array', ['a', ['b', 'c']], 'an array'],
    ['an unpaired surrogate', 'a\ud800', 'surrogate'],
    ['a bigint beyond the doubles', 2n ** 1024n, 'range'],
    ['a negative bigint beyond the doubles', -(2n ** 1024n), 'range'],
  ])('refuses %s', (_name, value, reason) => {
    const attempt = () => encode(value as never);

    expect(attempt).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
    expect(attempt).toThrow(reason);
  });

  it('shares no memory with the key that comes next', () => {
    const first = encode('first');

    for (let i = 0; i < 20_000; i++) encode(`other ${i}`).fill(7);

    expect(decode(first)).toBe('first');
  });

  it.each([
    ['nothing', ''],
    ['a kind that is not used', '05'],
    ['a symbol', '0261'],
    ['half a number', '140240'],
    ['NaN', '17ff8000'],
    ['-0', '18000000'],
    ['a short number before another element', '1402400000'],
    ['a bigint over a fraction', '13fe0000000000000080'],
    ['an escape at the end', '6104'],
    ['an escape of what needs none', '610461'],
    ['a unit that needs an escape', '6101'],
    ['text that needs no mark', '1b61'],
    ['a separator at the end', '6100'],
    ['two values side by side', '0607'],
    ['text that is not UTF-8', '61ff'],
  ])('is not made of %s', (_name, hex) => {
    expect(() => decode(fromHex(hex) as Uint8Array)).toThrow('not');
  });

  it.each([
    ['a negative number that is cut', '0c01ff7f'],
    ['a number with zeros that are cut', '140240000000'],
    ['a number that stands alone in its whole size', '140240000000000000'],
    ['a number with four bits of a bigint', '140240000000000001'],
    ['a number in an array with four bits of a bigint', '1402400000000000010000'],
    ['a bigint with an empty group', '140240000000000000' + '8080'],
    ['a bigint whose groups another double would hold', '1440000000000000' + '00ffff'],
  ])('is not read from bytes that no key has: %s', (_name, hex) => {
    expect(() => decode(fromHex(hex) as Uint8Array)).toThrow('not an ordered key: other bytes');
  });

  it('is decoded from any bytes, or refused with an error, and never reads behind them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const surrounded = Buffer.concat([Buffer.alloc(8, 0x61), bytes, Buffer.alloc(8, 0x62)]);
        const outcomes = [bytes, surrounded.subarray(8, 8 + bytes.length)].map((source) => {
          try {
            return toText(decode(source));
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
            return 'refused';
          }
        });
        expect(outcomes[0]).toBe(outcomes[1]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the prefix of ordered keys', () => {
  const startsWith = (bytes: Uint8Array, prefix: Uint8Array) =>
    toHex(bytes).startsWith(toHex(prefix));

  it('takes the strings that start with a string, and arrays whose first element does', () => {
    const prefix = fc.string({ unit: 'binary', minLength: 1, maxLength: 3 });

    fc.assert(
      fc.property(prefix, key, text, (start, other, rest) => {
        const first = Array.isArray(other) ? other[0] : other;
        const belongs = typeof first === 'string' && first.startsWith(start);

        expect(startsWith(encode(other), prefixOf(start))).toBe(belongs);
        expect(startsWith(encode(start + rest), prefixOf(start))).toBe(true);
      }),
    );
  });

  it('takes the longer arrays that start with the elements of an array, and nothing else', () => {
    const elements = fc.array(element, { minLength: 1, maxLength: 2 });

    fc.assert(
      fc.property(elements, key, array, (start, other, rest) => {
        const belongs =
          Array.isArray(other) &&
          other.length > start.length &&
          start.every((part, i) => part === other[i]);

        expect(startsWith(encode(other), prefixOf(start))).toBe(belongs);
        expect(startsWith(encode([...start, ...rest]), prefixOf(start))).toBe(true);
      }),
    );
  });

  it.each([
    ['empty text', ''],
    ['an empty array', []],
    ['a number', 7],
    ['a bigint', 7n],
    ['null', null],
    ['a boolean', true],
  ])('refuses %s', (_name, prefix) => {
    expect(() => prefixOf(prefix)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });
});
