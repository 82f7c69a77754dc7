/**
 * The encodings of keys and values. The first byte says which and how:
 *
 *     input := (5 × encoding + way):u8 byte*
 *
 * Way 0 decodes the bytes; way 1 makes a value of them, encodes it, and looks whether it comes back.
 */
import { bytesEqual, compareBytes, toHex } from '../src/bytes/bytes.ts';
import { CborError, decodeCbor, encodeCbor } from '../src/bytes/cbor.ts';
import { resolveKeyCodec } from '../src/codec/key-codec.ts';
import { resolveValueCodec } from '../src/codec/value-codec.ts';
import { UsageError } from '../src/errors.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import { mutateBytes, pick } from './driver/mutation.ts';
import { Recipe } from './formats/recipe.ts';
import { FaultError } from './oracles/errors.ts';

interface Encoding {
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/** Whatever decodes is encoded to the same bytes again. */
const EXACT: readonly Encoding[] = [
  resolveKeyCodec('ordered'),
  resolveKeyCodec('utf8'),
  resolveKeyCodec('binary'),
];
/** Equal values may have come from bytes that are not equal. */
const LOOSE: readonly Encoding[] = [resolveValueCodec('cbor'), resolveValueCodec('json')];
const ORDERED = EXACT[0] as Encoding;
const CBOR = LOOSE[0] as Encoding;
const WAY_COUNT = 5;

export function fuzz(data: Uint8Array): void {
  const [selector = 0] = data;
  const bytes = data.subarray(1);
  const index = Math.floor(selector / WAY_COUNT);
  switch (selector % WAY_COUNT) {
    case 0:
      decodeExactly(EXACT[index % EXACT.length] as Encoding, bytes);
      break;
    case 1:
      decodeLoosely(LOOSE[index % LOOSE.length] as Encoding, bytes);
      break;
    case 2:
      decodeRecord(bytes);
      break;
    case 3:
      compareKeys(new Recipe(bytes));
      break;
    default:
      encodeValue(new Recipe(bytes));
  }
}

export function mutate(data: Uint8Array, random: SeededRandom): Uint8Array {
  const changed = mutateBytes(data, random);
  if (random.below(20) === 0) changed[0] = random.below(WAY_COUNT * 6);
  return changed;
}

export async function seeds(): Promise<readonly Uint8Array[]> {
  const values = [null, -1, 2.5, 2n ** 70n, 'ü', [1, [undefined]], { a: new Date(5) }];
  const typed = [new Map([[1, new Set(['x'])]]), new Float32Array([1]), new BigInt64Array(2)];
  const keys = [null, false, 7, -0.5, 2n ** 64n, -5n, '', '\u0003x', ['a', 1, null, true]];
  const all = [
    ...keys.map((key) => [0, ORDERED.encode(key)] as const),
    ...[...values, ...typed].map((value) => [1, CBOR.encode(value)] as const),
    ...values.slice(0, 3).map((value) => [6, LOOSE[1]?.encode(value)] as const),
    [2, encodeCbor({ a: [1, 'x', new Uint8Array(3), null] })] as const,
    [3, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)] as const,
    [4, Uint8Array.of(9, 3, 3, 1, 2, 3, 4, 5, 6)] as const,
  ];
  return all.map(([selector, bytes]) => Uint8Array.of(selector, ...(bytes ?? [])));
}

function decodeExactly(encoding: Encoding, bytes: Uint8Array): void {
  const decoded = attempt(() => encoding.decode(bytes));
  if (decoded === undefined) return;
  const again = encoding.encode(decoded.value);
  if (!bytesEqual(again, bytes))
    throw new FaultError(`${toHex(bytes)} comes back as ${toHex(again)}`);
}

function decodeLoosely(encoding: Encoding, bytes: Uint8Array): void {
  const decoded = attempt(() => encoding.decode(bytes));
  if (decoded !== undefined) requireRoundTrip(encoding, decoded.value);
}

/** Records are in their one deterministic encoding or refused. */
function decodeRecord(bytes: Uint8Array): void {
  try {
    const again = encodeCbor(decodeCbor(bytes));
    if (!bytesEqual(again, bytes)) throw new FaultError(`comes back as ${toHex(again)}`);
  } catch (error) {
    if (!(error instanceof CborError)) throw error;
  }
}

function compareKeys(recipe: Recipe): void {
  const [left, right] = [recipe.key(), recipe.key()];
  const codes = [left, right].map((key) => tryEncode(ORDERED, key));
  for (const bytes of codes) if (bytes !== undefined) decodeExactly(ORDERED, bytes);
  const [leftBytes, rightBytes] = codes;
  if (leftBytes === undefined || rightBytes === undefined) return;
  const order = orderOf(left, right);
  if (order !== undefined && order !== Math.sign(compareBytes(leftBytes, rightBytes))) {
    throw new FaultError(`${toHex(leftBytes)} and ${toHex(rightBytes)} are out of order`);
  }
}

function encodeValue(recipe: Recipe): void {
  const encoding = pick(LOOSE, { below: (end) => recipe.below(end) } as SeededRandom);
  const value = recipe.value();
  if (tryEncode(encoding, value) !== undefined) requireRoundTrip(encoding, value);
}

function requireRoundTrip(encoding: Encoding, value: unknown): void {
  const bytes = encoding.encode(value);
  const again = encoding.encode(encoding.decode(bytes));
  if (!bytesEqual(again, bytes)) {
    throw new FaultError(`${toHex(bytes)} comes back as ${toHex(again)}`);
  }
}

/** Of numbers and of bigints, whose order is known without the encoding. */
function orderOf(left: unknown, right: unknown): number | undefined {
  const areNumbers = typeof left === 'number' && typeof right === 'number';
  const areBigints = typeof left === 'bigint' && typeof right === 'bigint';
  if (areNumbers || areBigints) return left === right ? 0 : left < right ? -1 : 1;
  return undefined;
}

function tryEncode(encoding: Encoding, value: unknown): Uint8Array | undefined {
  try {
    return encoding.encode(value);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/**
 * A refusal of bytes is an Error that says so; what a slip of ours throws is not. Two are the
 * host's by design: of bytes that are no UTF-8, and of a bigint that is a fraction.
 */
function attempt(decode: () => unknown): { readonly value: unknown } | undefined {
  try {
    return { value: decode() };
  } catch (error) {
    const isFraction = error instanceof RangeError && /BigInt/.test(error.message);
    const isSlip = error instanceof ReferenceError || (error instanceof RangeError && !isFraction);
    const isText = error instanceof TypeError && /encoded data/.test(error.message);
    if (isSlip || (error instanceof TypeError && !isText)) throw error;
    return undefined;
  }
}
