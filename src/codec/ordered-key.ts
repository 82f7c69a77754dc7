/** The key encoding `ordered`: its bytes are described in ordered-format.ts. */
import { utf8Encode } from '../bytes/bytes.ts';
import { UsageError } from '../errors.ts';
import { ByteSink } from './byte-sink.ts';
import {
  FALSE,
  NULL,
  type OrderedElement,
  type OrderedKey,
  SEPARATOR,
  TEXT,
  TEXT_UNIT_MIN,
  TRUE,
} from './ordered-format.ts';
import { bigintBytes, shortNumber, wholeNumber } from './ordered-number.ts';
import { decodeOrderedKey } from './ordered-reader.ts';
import { describeValue, isWellFormed } from './text.ts';

const sink = new ByteSink();
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what the format escapes
const ESCAPED_UNITS = /[\0-\x04]/g;
const ESCAPED_UNIT_MAX = 4;

export const orderedKey = { name: 'ordered', encode, decode: decodeOrderedKey, prefixOf };

function encode(key: OrderedKey): Uint8Array {
  sink.size = 0;
  if (typeof key === 'string') appendText(key);
  else if (typeof key === 'number') sink.append(shortNumber(storable(key)));
  else if (isArray(key)) appendArray(key);
  else appendElement(key);
  return sink.take();
}

/**
 * A string stands for the strings that start with it, and for the arrays whose first element does.
 * An array stands for the longer arrays that start with its elements; it is not among them itself.
 */
function prefixOf(prefix: OrderedKey): Uint8Array {
  sink.size = 0;
  if (isArray(prefix) && prefix.length > 0) {
    appendElements(prefix);
    sink.appendByte(SEPARATOR);
  } else if (typeof prefix === 'string' && prefix !== '') {
    appendText(prefix);
  } else {
    throw refusal('a prefix is a string or an array, and not empty');
  }
  return sink.take();
}

function appendArray(elements: readonly OrderedElement[]): void {
  if (elements.length < 2) {
    throw refusal(
      'an array of one element would read back as that element, an empty one as no key',
    );
  }
  appendElements(elements);
}

function appendElements(elements: readonly OrderedElement[]): void {
  for (let i = 0; i < elements.length; i++) {
    if (i > 0) sink.appendByte(SEPARATOR);
    appendElement(elements[i] as OrderedElement);
  }
}

function appendElement(element: OrderedElement): void {
  if (typeof element === 'string') appendText(element);
  else if (typeof element === 'number') sink.append(wholeNumber(storable(element)));
  else if (typeof element === 'bigint') appendBigint(element);
  else if (element === null) sink.appendByte(NULL);
  else if (typeof element === 'boolean') sink.appendByte(element ? TRUE : FALSE);
  else throw refusal(`${describeValue(element)} is not a key or an element of one`);
}

function appendText(text: string): void {
  if (text === '' || text.charCodeAt(0) < TEXT_UNIT_MIN) sink.appendByte(TEXT);
  const escaped = needsEscape(text) ? text.replace(ESCAPED_UNITS, '\x04$&') : text;
  if (sink.appendAscii(escaped)) return;
  if (!isWellFormed(text)) throw refusal('a string with an unpaired surrogate');
  sink.append(utf8Encode(escaped));
}

function needsEscape(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) <= ESCAPED_UNIT_MAX) return true;
  }
  return false;
}

function appendBigint(value: bigint): void {
  const bytes = bigintBytes(value);
  if (bytes === undefined) throw refusal('a bigint beyond the range of numbers');
  sink.append(bytes);
}

/** -0 would sort above every other number and be another key than 0; NaN has no place at all. */
function storable(value: number): number {
  if (Number.isNaN(value) || Object.is(value, -0))
    throw refusal(Object.is(value, -0) ? '-0' : 'NaN');
  return value;
}

function isArray(key: OrderedKey): key is readonly OrderedElement[] {
  return Array.isArray(key);
}

function refusal(reason: string): UsageError {
  return new UsageError('KEY_INVALID', `not an ordered key: ${reason}`);
}
