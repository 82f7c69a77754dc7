import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes, toHex } from '../../src/bytes/bytes.ts';
import { type KeyCodec, type KeyEncoding, resolveKeyCodec } from '../../src/codec/key-codec.ts';

const text = fc.string({ unit: 'binary' });

function codecThat(parts: Partial<KeyCodec<unknown>>): KeyCodec<unknown> {
  const codec = { name: 'custom', encode: () => Uint8Array.of(1), decode: () => 1, ...parts };
  return resolveKeyCodec(codec);
}

describe('resolveKeyCodec', () => {
  it.each(['ordered', 'utf8', 'binary'] as const)('knows %s', (name) => {
    expect(resolveKeyCodec(name).name).toBe(name);
  });

  it.each(['uint32', 'toString', '', 7, null, undefined])('refuses %s', (choice) => {
    expect(() => resolveKeyCodec(choice as KeyEncoding)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it.each(['ordered', 'utf8', 'binary', ''])('refuses a codec that is called %j', (name) => {
    expect(() => codecThat({ name })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('utf8 keys', () => {
  const utf8 = resolveKeyCodec('utf8');

  it('read back as they were, the empty one too, and sort by code point', () => {
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(utf8.decode(utf8.encode(left))).toBe(left);
        const order = compareBytes(Buffer.from(left), Buffer.from(right));
        expect(Math.sign(compareBytes(utf8.encode(left), utf8.encode(right)))).toBe(
          Math.sign(order),
        );
      }),
    );
    expect(utf8.encode('')).toHaveLength(0);
  });

  it('have their own bytes as their prefix', () => {
    expect(toHex(utf8.prefixOf?.('ab') as Uint8Array)).toBe('6162');
  });

  it.each([['a\ud800'], [7], [null], [undefined], [Uint8Array.of(1)]])('refuse %s', (key) => {
    expect(() => utf8.encode(key)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });

  it('are not made of bytes that are not UTF-8', () => {
    expect(() => utf8.decode(Uint8Array.of(0xff))).toThrow(Error);
  });
});

describe('binary keys', () => {
  const binary = resolveKeyCodec('binary');

  it('read back as fresh plain arrays, the empty one too', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (key) => {
        expect(binary.decode(binary.encode(Buffer.from(key)))).toStrictEqual(key);
      }),
    );
  });

  it('share no memory with what was passed', () => {
    const key = Uint8Array.of(1);
    const encoded = binary.encode(key);
    const decoded = binary.decode(encoded);

    key.fill(9);

    expect([encoded, decoded]).toStrictEqual([Uint8Array.of(1), Uint8Array.of(1)]);
    expect(decoded).not.toBe(encoded);
  });

  it.each([['a'], [7], [null], [[1]], [new ArrayBuffer(1)], [new Uint16Array(1)]])(
    'refuse %s',
    (key) => {
      expect(() => binary.encode(key)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
    },
  );
});

describe('a key codec of the user', () => {
  it('keeps its name, its order and its prefixes', () => {
    const codec = codecThat({
      name: 'mine',
      encode: (key) => Uint8Array.of(Number(key)),
      decode: (bytes) => bytes[0],
      prefixOf: (key) => Uint8Array.of(Number(key), 7),
    });

    expect(codec.name).toBe('mine');
    expect(codec.decode(codec.encode(5))).toBe(5);
    expect(codec.prefixOf?.(5)).toStrictEqual(Uint8Array.of(5, 7));
    expect(codecThat({}).prefixOf).toBeUndefined();
  });

  it('may use itself as `this`', () => {
    class Offset implements KeyCodec<number> {
      readonly name = 'offset';
      readonly offset = 3;
      encode(key: number): Uint8Array {
        return Uint8Array.of(key + this.offset);
      }
      decode(bytes: Uint8Array): number {
        return Number(bytes[0]) - this.offset;
      }
      prefixOf(key: number): Uint8Array {
        return this.encode(key);
      }
    }
    const codec = resolveKeyCodec(new Offset() as KeyCodec<unknown>);

    expect(codec.decode(codec.encode(1))).toBe(1);
    expect(codec.prefixOf?.(1)).toStrictEqual(Uint8Array.of(4));
  });

  it('keeps no hold on the bytes that it gave or was given', () => {
    const given = Uint8Array.of(1);
    const stored = Uint8Array.of(2);
    const codec = codecThat({ encode: () => given, decode: (bytes) => bytes.fill(9) });
    const encoded = codec.encode('a');

    given.fill(9);
    codec.decode(stored);

    expect(encoded).toStrictEqual(Uint8Array.of(1));
    expect(stored).toStrictEqual(Uint8Array.of(2));
  });

  it.each(['encode', 'decode', 'prefixOf'] as const)('that fails to %s is the cause', (method) => {
    const cause = new Error('mine');
    const codec = codecThat({
      [method]: () => {
        throw cause;
      },
    });

    expect(() => codec[method]?.(Uint8Array.of(1) as never)).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID', cause }),
    );
  });

  it.each([['text'], [undefined], [Promise.resolve()]])('may not encode to %s', (bytes) => {
    const codec = codecThat({ encode: () => bytes as never });

    expect(() => codec.encode('a')).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });
});
