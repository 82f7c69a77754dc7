/** Changes of a value in the CBOR of our own records. */
import { CborError, type CborValue, decodeCbor, encodeCbor } from '../../src/bytes/cbor.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import { mutateBytes, notableNumber, pick } from '../driver/mutation.ts';

type CborMap = { readonly [key: string]: CborValue };

const NAMES = ['', '__proto__', 'constructor', 'toString', 'map', 'n', '\u0000', 'ü'.repeat(130)];
const WORDS = ['ordered', 'cbor', 'utf8', 'binary', 'json', 'full', 'incremental', ...NAMES];

/** `bytes` with one value in it changed; where they are no CBOR, any bytes of it. */
export function mutateCbor(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const value = tryDecode(bytes);
  if (value === undefined || random.below(10) === 0) return mutateBytes(bytes, random);
  try {
    return encodeCbor(mutateValue(value, random));
  } catch (error) {
    // An integer that CBOR of ours has no bytes for.
    if (error instanceof RangeError) return bytes;
    throw error;
  }
}

export function mutateValue(value: CborValue, random: SeededRandom): CborValue {
  if (random.below(12) === 0) return randomValue(random);
  if (typeof value === 'number') return mutateNumber(value, random);
  if (typeof value === 'string') return random.below(3) === 0 ? `${value}x` : pick(WORDS, random);
  if (value === null || typeof value === 'boolean') return randomValue(random);
  if (value instanceof Uint8Array) return mutateBytes(value, random);
  if (Array.isArray(value)) return mutateArray(value as readonly CborValue[], random);
  return mutateMap(value as CborMap, random);
}

function tryDecode(bytes: Uint8Array): CborValue | undefined {
  try {
    return decodeCbor(bytes);
  } catch (error) {
    if (error instanceof CborError) return undefined;
    throw error;
  }
}

function mutateNumber(value: number, random: SeededRandom): number {
  const change = random.below(5) - 2;
  return change === 0 ? notableNumber(random) : Math.max(0, value + change);
}

function mutateArray(items: readonly CborValue[], random: SeededRandom): CborValue {
  const at = random.below(items.length);
  const changed = items.slice();
  const kind = random.below(8);
  if (items.length === 0 || kind === 0) changed.splice(at, 0, randomValue(random));
  else if (kind === 1) changed.splice(at, 1);
  else if (kind === 2) changed.splice(at, 0, pick(items, random));
  else changed[at] = mutateValue(items[at] as CborValue, random);
  return changed;
}

function mutateMap(map: CborMap, random: SeededRandom): CborValue {
  const names = Object.keys(map);
  const changed: { [key: string]: CborValue } = Object.assign(Object.create(null), map);
  const kind = random.below(12);
  const name = names.length === 0 || kind === 0 ? pick(NAMES, random) : pick(names, random);
  // What is inherited is none of its fields, and a field that is left out may stand there as undefined.
  const old = Object.hasOwn(map, name) ? map[name] : undefined;
  if (kind === 1) delete changed[name];
  else changed[name] = old === undefined ? randomValue(random) : mutateValue(old, random);
  return changed;
}

function randomValue(random: SeededRandom, depth = 0): CborValue {
  const items = (): CborValue[] =>
    Array.from({ length: random.below(4) }, () => randomValue(random, depth + 1));
  switch (random.below(depth > 3 ? 5 : 7)) {
    case 0:
      return notableNumber(random);
    case 1:
      return random.bytes(random.below(6));
    case 2:
      return pick(WORDS, random);
    case 3:
      return null;
    case 4:
      return random.isHeads();
    case 5:
      return items();
    default:
      return Object.fromEntries(items().map((value, i) => [NAMES[i + 3] ?? 'x', value]));
  }
}
