/**
 * Keys and values as JSON, without loss. What JSON has stands as it is; what it lacks is an object
 * of one key that begins with `$`:
 *
 *     {"$bigint": "-5"}      {"$bytes": base64}    {"$date": ISO 8601}   {"$undefined": true}
 *     {"$number": "NaN" | "Infinity" | "-Infinity" | "-0"}
 *     {"$map": [[key, value], ...]}                {"$set": [item, ...]}
 *     {"$cbor": base64}      any other typed array, as CBOR
 *     {"$object": {...}}     an object that itself has one key and that begins with `$`
 */
import { isByteArray } from '../codec/binary.ts';
import { cborValue } from '../codec/cbor-value.ts';

/** JSON that is not what this file writes. */
export class TextError extends Error {
  override readonly name = 'TextError';
}

/** What JSON.stringify writes and JSON.parse reads, unchanged. */
export function toJson(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return { $bigint: value.toString() };
    case 'number':
      return isJsonNumber(value) ? value : { $number: Object.is(value, -0) ? '-0' : `${value}` };
    case 'undefined':
      return { $undefined: true };
    case 'object':
      return value === null ? null : objectToJson(value);
    default:
      return value;
  }
}

/** Undoes `toJson`. Throws TextError. */
export function fromJson(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(fromJson);
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json);
  const [name, content] = entries[0] ?? ['', undefined];
  if (entries.length === 1 && name.startsWith('$')) return readTagged(name, content);
  return plainFromJson(entries);
}

function fromBase64(text: unknown): Uint8Array {
  const bytes = Buffer.from(typeof text === 'string' ? text : '', 'base64');
  // Buffer passes over what is no base64.
  if (bytes.toString('base64') === text) return new Uint8Array(bytes);
  throw new TextError('bytes are not in base64');
}

function objectToJson(value: object): unknown {
  if (Array.isArray(value)) return value.map(toJson);
  if (isByteArray(value)) return { $bytes: toBase64(value) };
  if (ArrayBuffer.isView(value)) return { $cbor: toBase64(cborValue.encode(value)) };
  if (value instanceof Date) return { $date: value.toISOString() };
  if (value instanceof Set) return { $set: Array.from(value, toJson) };
  if (value instanceof Map) {
    return { $map: Array.from(value, ([key, item]) => [toJson(key), toJson(item)]) };
  }
  const names = Object.keys(value);
  const plain = Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, toJson(item)]),
  );
  return names.length === 1 && names[0]?.startsWith('$') ? { $object: plain } : plain;
}

function readTagged(name: string, content: unknown): unknown {
  const read = READERS.get(name);
  if (read === undefined) throw new TextError(`${JSON.stringify(name)} has no meaning here`);
  return read(content);
}

const READERS: ReadonlyMap<string, (content: unknown) => unknown> = new Map([
  ['$bigint', readBigint],
  ['$bytes', fromBase64],
  ['$date', readDate],
  ['$undefined', () => undefined],
  ['$number', readNumber],
  ['$map', (content) => new Map(itemsOf(content).map(readPair))],
  ['$set', (content) => new Set(itemsOf(content).map(fromJson))],
  ['$cbor', readCbor],
  ['$object', readObject],
]);

function readBigint(content: unknown): bigint {
  if (typeof content === 'string' && /^-?\d+$/.test(content)) return BigInt(content);
  throw new TextError('a $bigint is digits in text');
}

function readDate(content: unknown): Date {
  const date = new Date(typeof content === 'string' ? content : Number.NaN);
  if (Number.isNaN(date.getTime())) throw new TextError('a $date is an ISO 8601 time in text');
  return date;
}

const NUMBERS = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

function readNumber(content: unknown): number {
  const number = NUMBERS.get(String(content));
  if (number === undefined) throw new TextError(`a $number is one of ${[...NUMBERS.keys()]}`);
  return number;
}

function readCbor(content: unknown): unknown {
  try {
    return cborValue.decode(fromBase64(content));
  } catch (error) {
    throw new TextError(error instanceof Error ? error.message : String(error));
  }
}

function readObject(content: unknown): unknown {
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    return plainFromJson(Object.entries(content));
  }
  throw new TextError('an $object is an object');
}

function plainFromJson(entries: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(entries.map(([name, item]) => [name, fromJson(item)]));
}

function readPair(pair: unknown): readonly [unknown, unknown] {
  const [key, value, ...more] = itemsOf(pair);
  if (more.length > 0) throw new TextError('an entry of a $map is a key and a value');
  return [fromJson(key), fromJson(value)];
}

function itemsOf(content: unknown): readonly unknown[] {
  if (Array.isArray(content)) return content;
  throw new TextError('items stand in an array');
}

function isJsonNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
