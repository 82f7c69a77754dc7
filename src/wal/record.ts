/**
 * A record is what a frame's body means, in deterministic CBOR:
 *
 *     commit, part := [ operation* ]
 *     operation    := [0, map, key, value]           put
 *                   | [1, map, key]                  remove
 *                   | [2, map, start|null, end|null] clear the keys in [start, end)
 *                   | [3, map, name, keyEncoding, valueEncoding]  define a map under this id
 *                   | [4, map]                       drop the map
 *                   | [5, map, next]                 empty the map: it goes on under the id `next`
 *                   | [6, map|null, bytes|null]      set the quota of a map, or of the store
 *                   | [7, report]                    the loss report of this name is acknowledged
 *                   | [8, token]                     the commit carries this token
 *     sync         := {durable, snapshot|null}
 *     switch       := {next}
 *     end          := {bytes, frames, last}
 *
 * `map` is a number that stands for a map from its definition on; `key` and `value` are byte
 * strings. Pure: what an operation does is store/draft.ts's business.
 */
import { utf8Encode } from '../bytes/bytes.ts';
import { CborError, CborReader, type CborValue, CborWriter, encodeCbor } from '../bytes/cbor.ts';
import { CborFields } from '../bytes/cbor-fields.ts';
import { Slab } from '../bytes/slab.ts';

// On disk: never change.
const PUT = 0;
const REMOVE = 1;
const CLEAR = 2;
const DEFINE = 3;
const DROP = 4;
const EMPTY = 5;
const QUOTA = 6;
const ACKNOWLEDGE = 7;
const TOKEN = 8;

/** Of a token, which is not empty. */
export const TOKEN_SIZE_MAX = 64;

/** Of the name of a map or of an encoding, in UTF-8; it is not empty either. */
export const NAME_SIZE_MAX = 255;

export type Operation =
  | {
      readonly type: 'put';
      readonly map: number;
      readonly key: Uint8Array;
      readonly value: Uint8Array;
    }
  | { readonly type: 'remove'; readonly map: number; readonly key: Uint8Array }
  | {
      readonly type: 'clear';
      readonly map: number;
      readonly start: Uint8Array | null;
      readonly end: Uint8Array | null;
    }
  | {
      readonly type: 'define';
      readonly map: number;
      readonly name: string;
      readonly keyEncoding: string;
      readonly valueEncoding: string;
    }
  | { readonly type: 'drop'; readonly map: number }
  | { readonly type: 'empty'; readonly map: number; readonly next: number }
  | { readonly type: 'quota'; readonly map: number | null; readonly bytes: number | null }
  | { readonly type: 'acknowledge'; readonly report: string }
  | { readonly type: 'token'; readonly token: Uint8Array };

/** Receives the operations of a body in order; positions are in the body that is read. */
export interface OperationVisitor {
  put(map: number, position: PutPosition): void;
  remove(map: number, position: KeyPosition): void;
  other(operation: Exclude<Operation, { type: 'put' | 'remove' }>): void;
}

export interface KeyPosition {
  readonly bytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
}

export interface PutPosition extends KeyPosition {
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** An operation's size in a body is at most its keys and values plus this. */
export const OPERATION_OVERHEAD_MAX = 32;

/** Appends one operation to the items of a commit body. */
export function encodeOperation(writer: CborWriter, operation: Operation): void {
  switch (operation.type) {
    case 'put':
      head(writer, { code: PUT, fieldCount: 3, map: operation.map });
      writer.byteString(operation.key);
      writer.byteString(operation.value);
      return;
    case 'remove':
      head(writer, { code: REMOVE, fieldCount: 2, map: operation.map });
      writer.byteString(operation.key);
      return;
    default:
      writer.value(rareOperation(operation));
  }
}

function head(
  writer: CborWriter,
  { code, fieldCount, map }: { code: number; fieldCount: number; map: number },
): void {
  writer.array(fieldCount + 1);
  writer.integer(code);
  writer.integer(map);
}

function rareOperation(operation: Exclude<Operation, { type: 'put' | 'remove' }>): CborValue {
  switch (operation.type) {
    case 'clear':
      return [CLEAR, operation.map, operation.start, operation.end];
    case 'define':
      return [
        DEFINE,
        operation.map,
        operation.name,
        operation.keyEncoding,
        operation.valueEncoding,
      ];
    case 'drop':
      return [DROP, operation.map];
    case 'empty':
      return [EMPTY, operation.map, operation.next];
    case 'quota':
      return [QUOTA, operation.map, operation.bytes];
    case 'acknowledge':
      return [ACKNOWLEDGE, operation.report];
    case 'token':
      return [TOKEN, operation.token];
  }
}

const HEAD_SIZE_MAX = 256;
const headWriter = new CborWriter();
/** They live until a checkpoint has written what is in them. */
const bodies = new Slab();

/** The body of a commit or part: the items that were encoded, behind their number. */
export function commitBody(items: Uint8Array, operationCount: number): Uint8Array {
  headWriter.reset(HEAD_SIZE_MAX);
  headWriter.array(operationCount);
  const head = headWriter.bytes();
  const body = bodies.take(head.length + items.length);
  body.set(head);
  body.set(items, head.length);
  return body;
}

/** Throws CborError on a body that is no commit: nothing of it may then be applied. */
export function readOperations(body: Uint8Array, visitor: OperationVisitor): void {
  const reader = new CborReader(body);
  const count = reader.array();
  for (let i = 0; i < count; i++) readOperation(reader, visitor);
  if (!reader.isAtEnd) throw new CborError('bytes after the last operation');
}

function readOperation(reader: CborReader, visitor: OperationVisitor): void {
  const fieldCount = reader.array();
  const code = reader.unsigned();
  if (code === PUT && fieldCount === 4) {
    const map = reader.unsigned();
    const key = reader.byteString();
    const value = reader.byteString();
    visitor.put(map, {
      bytes: reader.bytes,
      keyStart: key.start,
      keyEnd: key.end,
      valueStart: value.start,
      valueEnd: value.end,
    });
  } else if (code === REMOVE && fieldCount === 3) {
    const map = reader.unsigned();
    const key = reader.byteString();
    visitor.remove(map, { bytes: reader.bytes, keyStart: key.start, keyEnd: key.end });
  } else {
    const fields = Array.from({ length: fieldCount - 1 }, () => reader.value());
    visitor.other(decodeRareOperation(code, fields));
  }
}

function decodeRareOperation(
  code: number,
  fields: readonly CborValue[],
): Exclude<Operation, { type: 'put' | 'remove' }> {
  const [first, second, third, fourth] = fields;
  const layout = `${code}/${fields.length}`;
  if (layout === `${CLEAR}/3` && isId(first) && isBound(second) && isBound(third)) {
    return { type: 'clear', map: first, start: second, end: third };
  }
  if (
    layout === `${DEFINE}/4` &&
    isId(first) &&
    isText(second) &&
    isText(third) &&
    isText(fourth)
  ) {
    return { type: 'define', map: first, name: second, keyEncoding: third, valueEncoding: fourth };
  }
  if (layout === `${DROP}/1` && isId(first)) return { type: 'drop', map: first };
  if (layout === `${EMPTY}/2` && isId(first) && isId(second)) {
    return { type: 'empty', map: first, next: second };
  }
  if (layout === `${QUOTA}/2` && isIdOrNull(first) && isIdOrNull(second)) {
    return { type: 'quota', map: first, bytes: second };
  }
  if (layout === `${ACKNOWLEDGE}/1` && isText(first)) {
    return { type: 'acknowledge', report: first };
  }
  if (layout === `${TOKEN}/1` && isToken(first)) return { type: 'token', token: first };
  throw new CborError(`operation ${code} with ${fields.length} fields is not known`);
}

function isId(value: CborValue | undefined): value is number {
  return typeof value === 'number' && value >= 0;
}

function isIdOrNull(value: CborValue | undefined): value is number | null {
  return value === null || isId(value);
}

function isBound(value: CborValue | undefined): value is Uint8Array | null {
  return value === null || value instanceof Uint8Array;
}

export function isToken(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length > 0 && value.length <= TOKEN_SIZE_MAX;
}

export function isStorableName(name: string): boolean {
  return name !== '' && utf8Encode(name).length <= NAME_SIZE_MAX;
}

function isText(value: CborValue | undefined): value is string {
  return typeof value === 'string';
}

/** Closes a WAL: a witness of its length and last id, never a permission to delete. */
export interface EndRecord {
  /** Frames before this one. */
  readonly frames: number;
  /** Offset of this frame. */
  readonly bytes: number;
  readonly last: number;
}

export function encodeEnd(end: EndRecord): Uint8Array {
  return encodeCbor({ bytes: end.bytes, frames: end.frames, last: end.last });
}

export function decodeEnd(body: Uint8Array): EndRecord {
  const fields = CborFields.decode(body);
  return {
    bytes: fields.unsigned('bytes'),
    frames: fields.unsigned('frames'),
    last: fields.unsigned('last'),
  };
}

/** What is known to be on the medium. */
export interface SyncRecord {
  /** The watermark: every commit up to this one. */
  readonly durable: number;
  /** The newest snapshot; undefined without one. */
  readonly snapshot: number | undefined;
}

export function encodeSync({ durable, snapshot }: SyncRecord): Uint8Array {
  return encodeCbor({ durable, snapshot: snapshot ?? null });
}

export function decodeSync(body: Uint8Array): SyncRecord {
  const fields = CborFields.decode(body);
  return {
    durable: fields.unsigned('durable'),
    snapshot: fields.has('snapshot') ? fields.unsigned('snapshot') : undefined,
  };
}

/** Names the generation in which commits go on. */
export function encodeSwitch(next: number): Uint8Array {
  return encodeCbor({ next });
}

export function decodeSwitch(body: Uint8Array): { readonly next: number } {
  return { next: CborFields.decode(body).unsigned('next') };
}
