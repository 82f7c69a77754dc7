/** Walks a value, writes it as cbor-format.ts says, and refuses what would not read back equal. */
import { copyBytes } from '../bytes/bytes.ts';
import { UsageError } from '../errors.ts';
import { isByteArray } from './binary.ts';
import { DEPTH_MAX, MAJOR, SIMPLE, swapElements, TAG, TYPED_ARRAYS } from './cbor-format.ts';
import { CborSink } from './cbor-sink.ts';
import { describeValue } from './text.ts';

/** For one value at a time: a getter of a value may not use the encoder that is reading it. */
export class CborEncoder {
  private readonly sink = new CborSink();
  /** Where in the whole value the walk is, for the message of a refusal. */
  private readonly path: (string | number)[] = [];
  private depth = 0;

  /** Fresh bytes. */
  encode(value: unknown): Uint8Array {
    this.depth = 0;
    this.sink.size = 0;
    if (value === undefined) throw this.refusal('undefined means no value: remove the key instead');
    this.append(value);
    return this.sink.take();
  }

  private append(value: unknown): void {
    if (typeof value === 'string') this.appendText(value);
    else if (typeof value === 'number') this.sink.number(value);
    else if (typeof value === 'object') this.appendObject(value);
    else if (typeof value === 'boolean') this.sink.appendByte(value ? SIMPLE.true : SIMPLE.false);
    else if (typeof value === 'bigint') this.sink.bigint(value);
    else if (value === undefined) this.sink.appendByte(SIMPLE.undefined);
    else throw this.refusal(describeValue(value));
  }

  private appendObject(value: object | null): void {
    if (value === null) this.sink.appendByte(SIMPLE.null);
    else if (Array.isArray(value)) this.appendArray(value);
    else if (isPlain(value)) this.appendRecord(value);
    else if (isByteArray(value)) this.sink.byteString(value);
    else this.appendBuiltIn(value);
  }

  private appendBuiltIn(value: object): void {
    const append = BUILT_IN.get(Object.getPrototypeOf(value));
    if (append === undefined) throw this.refusal(describeValue(value));
    append(this, value);
  }

  private appendArray(items: readonly unknown[]): void {
    const { length } = items;
    this.sink.head(MAJOR.array, length);
    this.enter();
    for (let i = 0; i < length; i++) {
      this.path[this.depth] = i;
      if (items[i] === undefined && !(i in items)) throw this.refusal('a hole in an array');
      this.append(items[i]);
    }
    this.depth--;
    if (items.length !== length) throw this.changing();
  }

  private appendRecord(record: { readonly [key: string]: unknown }): void {
    const keys = Object.keys(record);
    this.sink.head(MAJOR.map, keys.length);
    this.enter();
    for (const key of keys) {
      this.path[this.depth] = key;
      if (key === '__proto__') throw this.refusal('a key that could change what an object is');
      this.appendText(key);
      this.append(record[key]);
    }
    this.depth--;
    if (Object.getOwnPropertySymbols(record).length > 0) throw this.refusal('a symbol as a key');
  }

  appendMap(map: ReadonlyMap<unknown, unknown>): void {
    this.sink.head(MAJOR.tag, TAG.map);
    const { size } = map;
    this.sink.head(MAJOR.map, size);
    this.enter();
    let index = 0;
    for (const [key, value] of map) {
      if (index === size) throw this.changing();
      this.path[this.depth] = index++;
      this.append(key);
      this.append(value);
    }
    this.depth--;
    // Whatever is in a map at the end was met: as many as there are, so each was met once.
    if (index !== size || map.size !== size) throw this.changing();
  }

  appendSet(set: ReadonlySet<unknown>): void {
    this.sink.head(MAJOR.tag, TAG.set);
    this.appendArray([...set]);
  }

  appendDate(date: Date): void {
    const milliseconds = date.getTime();
    if (Number.isNaN(milliseconds)) throw this.refusal('an invalid Date');
    this.sink.head(MAJOR.tag, TAG.date);
    this.sink.number(milliseconds / 1000);
  }

  appendElements(tag: number, elements: ArrayBufferView, elementSize: number): void {
    const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
    this.sink.head(MAJOR.tag, tag);
    this.sink.byteString(swapElements(copyBytes(bytes), elementSize));
  }

  private appendText(text: string): void {
    if (!this.sink.text(text)) throw this.refusal('text with an unpaired surrogate');
  }

  private enter(): void {
    if (this.depth === DEPTH_MAX) throw this.tooDeep();
    this.depth++;
  }

  private tooDeep(): UsageError {
    this.depth = 0;
    return this.refusal(`contains itself, or nests deeper than ${DEPTH_MAX}`);
  }

  /** A getter may do that: the head would not say how much follows. */
  private changing(): UsageError {
    return this.refusal('something that changes while it is encoded');
  }

  private refusal(reason: string): UsageError {
    const steps = this.path.slice(1, this.depth + 1).map((step) => `[${JSON.stringify(step)}]`);
    return new UsageError(
      'VALUE_INVALID',
      `not storable as CBOR: value${steps.join('')}: ${reason}`,
    );
  }
}

/** Also objects of another realm, and those without a prototype. */
function isPlain(value: object): value is { readonly [key: string]: unknown } {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

type AppendBuiltIn = (encoder: CborEncoder, value: object) => void;

/** By prototype: a subclass would read back as its parent and is not taken for it. */
const BUILT_IN: ReadonlyMap<object, AppendBuiltIn> = new Map<object, AppendBuiltIn>([
  [Map.prototype, (encoder, value) => encoder.appendMap(value as Map<unknown, unknown>)],
  [Set.prototype, (encoder, value) => encoder.appendSet(value as Set<unknown>)],
  [Date.prototype, (encoder, value) => encoder.appendDate(value as Date)],
  ...TYPED_ARRAYS.map(({ tag, type }): [object, AppendBuiltIn] => [
    type.prototype,
    (encoder, value) =>
      encoder.appendElements(tag, value as ArrayBufferView, type.BYTES_PER_ELEMENT),
  ]),
]);
