/** Keys and values of every kind that the store's own encodings take. */
import fc from 'fast-check';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const names = fc.oneof(
  text.filter((name) => name !== '__proto__'),
  fc.constantFrom('$bigint', '$', '$object'),
);

export const cborValues: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    ...[text, fc.double(), fc.integer(), fc.bigInt(), fc.boolean(), fc.constant(null)],
    ...[fc.date({ noInvalidDate: true }), fc.uint8Array({ maxLength: 9 })],
    ...[fc.float64Array({ maxLength: 3 }), fc.int16Array({ maxLength: 3 })],
    fc.array(tie('nested'), { maxLength: 4 }),
    fc.dictionary(names, tie('nested'), { maxKeys: 3 }),
    fc.array(tie('nested'), { maxLength: 3 }).map((items) => new Set(items)),
    fc.array(fc.tuple(tie('nested'), tie('nested')), { maxLength: 3 }).map((all) => new Map(all)),
  ),
  nested: fc.oneof({ weight: 9, arbitrary: tie('value') }, fc.constant(undefined)),
})).value;

const elements = fc.oneof(
  text,
  fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.boolean(),
  fc.constant(null),
);

export const orderedKeys: fc.Arbitrary<unknown> = fc.oneof(
  elements,
  fc.array(elements, { minLength: 2, maxLength: 3 }),
);

export const texts = text;
export const bytes = fc.uint8Array({ maxLength: 9 });
export const jsonValues = fc.jsonValue();
