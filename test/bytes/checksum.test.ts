import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { concatBytes, toHex } from '../../src/bytes/bytes.ts';
import { CHECKSUM_SIZE, checksum, checksumReady } from '../../src/bytes/checksum.ts';

type Checksum = typeof checksum;

/** From the BLAKE3 reference repository, test_vectors/test_vectors.json: input byte i is i % 251. */
const OFFICIAL_KEY = new TextEncoder().encode('whats the Elvish word for friend');
const OFFICIAL_VECTORS = [
  {
    size: 0,
    plain: 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
    keyed: '92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26',
  },
  {
    size: 1,
    plain: '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213',
    keyed: '6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b',
  },
  {
    size: 1024,
    plain: '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7',
    keyed: '75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4',
  },
  {
    size: 1025,
    plain: 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444',
    keyed: '357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69',
  },
] as const;

/** A fresh copy of the module, loaded where `host` is all there is of WebAssembly. */
async function checksumOn(host: unknown): Promise<Checksum> {
  vi.stubGlobal('WebAssembly', host);
  vi.resetModules();
  const module = await import('../../src/bytes/checksum.ts');
  await module.checksumReady;
  return module.checksum;
}

const withoutWebAssembly = () => checksumOn(undefined);

async function withWebAssembly(): Promise<Checksum> {
  await checksumReady;
  return checksum;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each([
  ['WebAssembly', withWebAssembly],
  ['no WebAssembly', withoutWebAssembly],
] as const)('checksum with %s', (_host, load) => {
  it.each(OFFICIAL_VECTORS)('gives the official digests of $size bytes', async (vector) => {
    const hash = await load();
    const input = Uint8Array.from({ length: vector.size }, (_, i) => i % 251);

    expect(toHex(hash([input]))).toBe(vector.plain);
    expect(toHex(hash([input], OFFICIAL_KEY))).toBe(vector.keyed);
  });

  it('takes the key of each call, not of the call before', async () => {
    const hash = await load();
    const [first, second] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const before = toHex(hash([], first));

    const other = toHex(hash([], second));

    expect(other).not.toBe(before);
    expect(toHex(hash([], first))).toBe(before);
    expect(toHex(hash([]))).toBe(OFFICIAL_VECTORS[0].plain);
  });

  it('gives bytes that a later call leaves alone', async () => {
    const hash = await load();
    const digest = hash([]);
    const before = toHex(digest);

    hash([Uint8Array.of(1)]);

    expect(toHex(digest)).toBe(before);
    expect(digest).toHaveLength(CHECKSUM_SIZE);
    expect(digest.constructor).toBe(Uint8Array);
  });

  it('refuses a key that is not 32 bytes', async () => {
    const hash = await load();

    expect(() => hash([], new Uint8Array(31))).toThrow('32 bytes');
  });
});

describe('checksum', () => {
  it('gives equal digests with both providers, however the input is cut', async () => {
    const fast = await withWebAssembly();
    const portable = await withoutWebAssembly();
    const part = fc.uint8Array({ maxLength: 9000, size: 'max' });
    const parts = fc.array(part, { maxLength: 4 });
    const key = fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: undefined });

    fc.assert(
      fc.property(parts, key, (cut, secret) => {
        const whole = toHex(portable([concatBytes(cut)], secret));

        expect(toHex(fast(cut, secret))).toBe(whole);
        expect(toHex(portable(cut, secret))).toBe(whole);
      }),
    );
  });

  it('goes on in script where a content policy forbids WebAssembly', async () => {
    const forbidden = () => Promise.reject(new Error('blocked by the content policy'));
    const hash = await checksumOn({ compile: forbidden, instantiate: forbidden });

    expect(toHex(hash([]))).toBe(OFFICIAL_VECTORS[0].plain);
  });
});
