import { Decoder, Encoder } from 'cbor-x/index-no-eval';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/bytes.ts';
import { CborError, type CborValue, decodeCbor, encodeCbor } from '../../src/bytes/cbor.ts';

const value: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    // cbor-x reads negative integers below -2^32 as others: RFC 8949 says what ours are.
    fc.maxSafeInteger().filter((integer) => integer >= -(2 ** 32)),
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
    fc.array(tie('value'), { maxLength: 30 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 30 }),
  ),
})).value;

const plain = (decoded: unknown): unknown =>
  JSON.parse(
    JSON.stringify(decoded, (_, item) => (item instanceof Uint8Array ? toHex(item) : item)),
  );

describe('our part of CBOR', () => {
  test('reads back as it was written, and means the same to another CBOR library', () => {
    const library = new Decoder({ mapsAsObjects: true, int64AsNumber: true } as never);
    fc.assert(
      fc.property(value, (original) => {
        const bytes = encodeCbor(original);

        expect(plain(decodeCbor(bytes))).toEqual(plain(original));
        const theirs = library.decode(bytes) as unknown;
        if (!JSON.stringify(original ?? null)?.includes('__proto__')) {
          expect(plain(theirs)).toEqual(plain(original));
        }
      }),
    );
  });

  test('gives equal values equal bytes, whatever the order of their keys', () => {
    expect(encodeCbor({ b: 1, a: 2, aa: 3 })).toEqual(encodeCbor({ aa: 3, a: 2, b: 1 }));
    expect(toHex(encodeCbor({ aa: 3, b: 1, a: 2 }))).toBe('a36161026162016261610' + '3');
  });

  test.each([
    ['an integer that is not the shortest', '1817'],
    ['a length that is not the shortest', '590001ff'],
    ['an indefinite length', '9fff'],
    ['a tag', 'c100'],
    ['a float', 'f97e00'],
    ['undefined', 'f7'],
    ['an integer beyond 2^53', '1bffffffffffffffff'],
    ['text that is not UTF-8', '61ff'],
    ['keys out of order', 'a2616201616101'],
    ['a key twice', 'a2616101616102'],
    ['more items than bytes', '9affffffff'],
    ['a length beyond the end', '5affffffff00'],
    ['nothing', ''],
    ['two values', '0000'],
    ['too many levels', `${'81'.repeat(40)}00`],
  ])('refuses %s', (_, hex) => {
    expect(() => decodeCbor(fromHex(hex) as Uint8Array)).toThrow(CborError);
  });

  test('refuses or reads whatever it is given, and throws nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        try {
          decodeCbor(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(CborError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('never touches a prototype', () => {
    const map = decodeCbor(encodeCbor(JSON.parse('{"__proto__":{"polluted":true}}')));

    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(map)).toBeNull();
  });

  test('reads what another library wrote in the same rules', () => {
    const library = new Encoder({ useRecords: false, variableMapSize: true } as never);

    expect(decodeCbor(Uint8Array.from(library.encode([1, 'a', null, true, { k: 2 }])))).toEqual([
      ...[1, 'a', null, true],
      Object.assign(Object.create(null), { k: 2 }),
    ]);
  });
});
