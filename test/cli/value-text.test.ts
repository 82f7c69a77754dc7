import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJson, TextError, toJson } from '../../src/cli/value-text.ts';
import { cborValue } from '../../src/codec/cbor-value.ts';
import { cborValues } from './arbitrary.ts';

describe('values as JSON', () => {
  it('read back as the same bytes in CBOR', () => {
    fc.assert(
      fc.property(cborValues, (value) => {
        const text = JSON.stringify(toJson(value));

        expect(cborValue.encode(fromJson(JSON.parse(text)))).toEqual(cborValue.encode(value));
      }),
    );
  });

  it.each([
    ['a string', 'text', '"text"'],
    ['a whole bigint', -5n, '{"$bigint":"-5"}'],
    ['bytes', Uint8Array.of(255), '{"$bytes":"/w=="}'],
    ['a far date', new Date(8.64e15), '{"$date":"+275760-09-13T00:00:00.000Z"}'],
    ['negative zero', -0, '{"$number":"-0"}'],
    ['no number', Number.NaN, '{"$number":"NaN"}'],
    ['undefined in an array', [undefined], '[{"$undefined":true}]'],
    ['an object like a tag', { $date: 1 }, '{"$object":{"$date":1}}'],
    ['an object with two such keys', { $date: 1, $set: 2 }, '{"$date":1,"$set":2}'],
    ['words', Uint16Array.of(1), '{"$cbor":"2EVCAQA="}'],
  ])('show %s', (_name, value, text) => {
    expect(JSON.stringify(toJson(value))).toBe(text);
    expect(fromJson(JSON.parse(text))).toEqual(value);
  });

  it.each([
    '{"$what":1}',
    '{"$bigint":5}',
    '{"$bigint":"5n"}',
    '{"$bytes":"not base64"}',
    '{"$date":"yesterday"}',
    '{"$date":0}',
    '{"$number":"1"}',
    '{"$map":{}}',
    '{"$map":[[1,2,3]]}',
    '{"$map":[1]}',
    '{"$set":1}',
    '{"$cbor":"/w=="}',
    '{"$object":1}',
  ])('do not take %s for one', (text) => {
    expect(() => fromJson(JSON.parse(text))).toThrow(TextError);
  });
});
