/**
 * How values are written in CBOR (RFC 8949), with definite lengths only. The bytes are those of the
 * npm package cbor-x without records, except for Dates and -0.
 *
 *     undefined, null, booleans    simple values
 *     number                       an integer up to 32 bits is one; any other a double: also -0
 *     bigint                       an integer in 8 bytes, whatever its size; beyond 64 bits, tag 2 or 3
 *     string, Uint8Array, array    text, bytes, array
 *     plain object                 map with text keys, in the order of its keys
 *     Date                         tag 1 (RFC 8949, 3.4.2) over seconds
 *     Set, Map                     tags 258 and 259 (IANA registry) over an array, a map
 *     other typed array            tags of RFC 8746, little-endian, over bytes
 */
export const MAJOR = {
  unsigned: 0,
  negative: 1,
  bytes: 2,
  text: 3,
  array: 4,
  map: 5,
  tag: 6,
  simple: 7,
} as const;

export const SIMPLE = {
  false: 0xf4,
  true: 0xf5,
  null: 0xf6,
  undefined: 0xf7,
  double: 0xfb,
} as const;

export const TAG = {
  date: 1,
  bigint: 2,
  negativeBigint: 3,
  set: 258,
  map: 259,
} as const;

/** The argument follows in 1, 2, 4 or 8 bytes. */
export const ARGUMENT = { one: 24, two: 25, four: 26, eight: 27 } as const;

/** Values nest no deeper, in either direction: a value that contains itself ends here. */
export const DEPTH_MAX = 500;

type TypedArray = ArrayBufferView & { readonly BYTES_PER_ELEMENT: number };
type TypedArrayClass = {
  readonly prototype: TypedArray;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): TypedArray;
};

export const TYPED_ARRAYS: readonly { readonly tag: number; readonly type: TypedArrayClass }[] = [
  { tag: 68, type: Uint8ClampedArray },
  { tag: 69, type: Uint16Array },
  { tag: 70, type: Uint32Array },
  { tag: 71, type: BigUint64Array },
  { tag: 72, type: Int8Array },
  { tag: 77, type: Int16Array },
  { tag: 78, type: Int32Array },
  { tag: 79, type: BigInt64Array },
  { tag: 85, type: Float32Array },
  { tag: 86, type: Float64Array },
];

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Turns `bytes` between the order of this host and little-endian, in place. */
export function swapElements(bytes: Uint8Array, elementSize: number): Uint8Array {
  if (isLittleEndian) return bytes;
  for (let offset = 0; offset < bytes.length; offset += elementSize) {
    bytes.subarray(offset, offset + elementSize).reverse();
  }
  return bytes;
}
