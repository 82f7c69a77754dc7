import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  resolveValueCodec,
  type ValueCodec,
  type ValueEncoding,
} from '../../src/codec/value-codec.ts';

function codecThat(parts: Partial<ValueCodec<unknown>>): ValueCodec<unknown> {
  const codec = { name: 'custom', encode: () => Uint8Array.of(1), decode: () => 1, ...parts };
  return resolveValueCodec(codec);
}

describe('resolveValueCodec', () => {
  it.each(['cbor', 'json', 'utf8', 'binary'] as const)('knows %s', (name) => {
    expect(resolveValueCodec(name).name).toBe(name);
  });

  it.each(['msgpack', 'toString', '', 7, null, undefined])('refuses %s', (choice) => {
    expect(() => resolveValueCodec(choice as ValueEncoding)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it.each(['cbor', 'json', 'utf8', 'binary', ''])('refuses a codec that is called %j', (name) => {
    expect(() => codecThat({ name })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('json values', () => {
  const json = resolveValueCodec('json');

  it('read back as JSON gives them', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(json.decode(json.encode(value))).toStrictEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('keep an unpaired surrogate, as the escape that JSON has for it', () => {
    expect(json.decode(json.encode('\ud800'))).toBe('\ud800');
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 0],
    ['a symbol', Symbol('s')],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a bigint', 1n],
    ['what toJSON makes nothing of', { toJSON: () => undefined }],
  ])('refuse %s', (_name, value) => {
    expect(() => json.encode(value)).toThrow(expect.objectContaining({ code: 'VALUE_INVALID' }));
  });

  it('keep the error of JSON.stringify as the cause', () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);

    expect(() => json.encode(cyclic)).toThrow(
      expect.objectContaining({ code: 'VALUE_INVALID', cause: expect.any(TypeError) }),
    );
  });

  it.each(['{', ''])('are not made of the text %j', (text) => {
    expect(() => json.decode(Buffer.from(text))).toThrow(Error);
  });
});

describe('utf8 and binary values', () => {
  const utf8 = resolveValueCodec('utf8');
  const binary = resolveValueCodec('binary');

  it('read back as they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uint8Array(), (text, bytes) => {
        expect(utf8.decode(utf8.encode(text))).toBe(text);
        expect(binary.decode(binary.encode(bytes))).toStrictEqual(bytes);
      }),
    );
  });

  it('refuse other types, and text that is not well formed', () => {
    for (const attempt of [
      () => utf8.encode(7),
      () => utf8.encode('\ud800'),
      () => binary.encode('a'),
    ]) {
      expect(attempt).toThrow(expect.objectContaining({ code: 'VALUE_INVALID' }));
    }
  });
});

describe('a value codec of the user', () => {
  it('has its bytes copied, and its failures as causes', () => {
    const given = Buffer.from([1]);
    const cause = new Error('mine');
    const codec = codecThat({
      encode: () => given,
      decode: () => {
        throw cause;
      },
    });
    const encoded = codec.encode('a');

    given.fill(9);

    expect(encoded).toStrictEqual(Uint8Array.of(1));
    expect(() => codec.decode(encoded)).toThrow(
      expect.objectContaining({ code: 'VALUE_INVALID', cause }),
    );
  });

  it('may not encode to anything but bytes', () => {
    const codec = codecThat({ encode: () => 'text' as never });

    expect(() => codec.encode('a')).toThrow(expect.objectContaining({ code: 'VALUE_INVALID' }));
  });
});
