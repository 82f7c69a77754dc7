/** The operations in one frame, with the names of their maps, keys and values as far as they are known. */
import { CborError } from '../bytes/cbor.ts';
import {
  type KeyPosition,
  type Operation,
  type OperationVisitor,
  type PutPosition,
  readOperations,
} from '../wal/record.ts';
import type { MapNames } from './map-names.ts';

/**
 * `map` is undefined where no file says which map it is; keys and values are then bytes, as they are
 * in maps with encodings of a program's own.
 */
export type LoggedOperation =
  | {
      readonly type: 'put';
      readonly map: string | undefined;
      readonly key: unknown;
      readonly value: unknown;
    }
  | { readonly type: 'remove'; readonly map: string | undefined; readonly key: unknown }
  | {
      readonly type: 'clear';
      readonly map: string | undefined;
      /** Undefined: from the first key. */
      readonly start: unknown;
      /** Exclusive. Undefined: to the last key. */
      readonly end: unknown;
    }
  | { readonly type: 'define'; readonly map: string }
  | { readonly type: 'drop' | 'empty'; readonly map: string | undefined }
  /** `map` is undefined for the quota of the store; `bytes` is undefined for none. */
  | {
      readonly type: 'quota';
      readonly map: string | undefined;
      readonly bytes: number | undefined;
    }
  | { readonly type: 'acknowledge'; readonly report: string }
  | { readonly type: 'token'; readonly token: Uint8Array }
  /** What follows in the frame is not what this version writes. */
  | { readonly type: 'malformed'; readonly reason: string };

/** Notes in `maps` what the body defines. */
export function loggedOperations(body: Uint8Array, maps: MapNames): LoggedOperation[] {
  const lister = new Lister(maps);
  try {
    readOperations(body, lister);
  } catch (error) {
    if (!(error instanceof CborError)) throw error;
    lister.operations.push({ type: 'malformed', reason: error.message });
  }
  return lister.operations;
}

class Lister implements OperationVisitor {
  readonly operations: LoggedOperation[] = [];
  readonly #maps: MapNames;

  constructor(maps: MapNames) {
    this.#maps = maps;
  }

  put(map: number, { bytes, keyStart, keyEnd, valueStart, valueEnd }: PutPosition): void {
    this.operations.push({
      type: 'put',
      map: this.#maps.nameOf(map),
      key: this.#maps.keyOf(map, bytes.subarray(keyStart, keyEnd)),
      value: this.#maps.valueOf(map, bytes.subarray(valueStart, valueEnd)),
    });
  }

  remove(map: number, { bytes, keyStart, keyEnd }: KeyPosition): void {
    const key = this.#maps.keyOf(map, bytes.subarray(keyStart, keyEnd));
    this.operations.push({ type: 'remove', map: this.#maps.nameOf(map), key });
  }

  other(operation: Exclude<Operation, { type: 'put' | 'remove' }>): void {
    if (operation.type === 'define') this.#maps.define(operation.map, operation);
    if (operation.type === 'empty') this.#maps.goOn(operation.map, operation.next);
    this.operations.push(this.#named(operation));
  }

  #named(operation: Exclude<Operation, { type: 'put' | 'remove' }>): LoggedOperation {
    switch (operation.type) {
      case 'define':
        return { type: 'define', map: operation.name };
      case 'clear': {
        const { map, start, end } = operation;
        const key = (bytes: Uint8Array | null) => bytes && this.#maps.keyOf(map, bytes);
        return {
          type: 'clear',
          map: this.#maps.nameOf(map),
          start: key(start) ?? undefined,
          end: key(end) ?? undefined,
        };
      }
      case 'quota': {
        const { map, bytes } = operation;
        const name = map === null ? undefined : this.#maps.nameOf(map);
        return { type: 'quota', map: name, bytes: bytes ?? undefined };
      }
      case 'token':
        return { type: 'token', token: operation.token.slice() };
      case 'acknowledge':
        return operation;
      default:
        return { type: operation.type, map: this.#maps.nameOf(operation.map) };
    }
  }
}
