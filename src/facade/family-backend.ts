/** What every backend has in common: it checks what a caller passes, and hands on the rest. */
import { copyBytes } from '../bytes/bytes.ts';
import { isByteArray } from '../codec/binary.ts';
import { describeValue } from '../codec/text.ts';
import { type ErrorDetails, UsageError } from '../errors.ts';
import { invalid } from '../options.ts';
import type { WriteOperation } from './write-batch.ts';

export type KeyValuePair = readonly [key: Uint8Array, value: Uint8Array];

/**
 * Every method refuses a family that was not configured with UNKNOWN_FAMILY, `committed: 'no'`,
 * and everything with CLOSED once it is closed. A write resolves when it is durable. Bytes are
 * copied on the way in and on the way out.
 */
export interface StorageBackend {
  /** Undefined when the key is missing. */
  get(family: string, key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Replaces a value that is there. */
  put(family: string, key: Uint8Array, value: Uint8Array): Promise<void>;
  /** A missing key is fine. */
  delete(family: string, key: Uint8Array): Promise<void>;
  /** All of it or nothing; an empty batch does nothing. */
  batchWrite(batch: Iterable<WriteOperation>): Promise<void>;
  /**
   * What begins with the prefix, in the order of the bytes: the state of the moment in which the
   * iteration begins. An empty prefix is the whole family.
   */
  prefixScan(family: string, prefix: Uint8Array): AsyncIterable<KeyValuePair>;
  /** Everything written so far is durable when it resolves, as far as the engine can say. */
  flush(): Promise<void>;
  /** Gives room back, where the engine has a way to. */
  compact(): Promise<void>;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** What an engine does for a backend: everything it is asked for was checked before. */
export interface Families {
  get(family: string, key: Uint8Array): Promise<Uint8Array | undefined>;
  /** There is at least one operation. */
  write(operations: readonly WriteOperation[]): Promise<void>;
  scan(family: string, prefix: Uint8Array): AsyncIterable<KeyValuePair>;
  flush(): Promise<void>;
  compact(): Promise<void>;
  close(): Promise<void>;
}

export class FamilyBackend implements StorageBackend {
  readonly #names: ReadonlySet<string>;
  readonly #families: Families;
  #closing: Promise<void> | undefined;

  constructor(names: ReadonlySet<string>, families: Families) {
    this.#names = names;
    this.#families = families;
  }

  async get(family: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#check(family);
    return this.#families.get(family, requireKey(key));
  }

  async put(family: string, key: Uint8Array, value: Uint8Array): Promise<void> {
    await this.batchWrite([{ type: 'put', family, key, value }]);
  }

  async delete(family: string, key: Uint8Array): Promise<void> {
    await this.batchWrite([{ type: 'delete', family, key }]);
  }

  async batchWrite(batch: Iterable<WriteOperation>): Promise<void> {
    this.#requireOpen();
    const operations = [...batch];
    for (const operation of operations) this.#checkOperation(operation);
    if (operations.length > 0) await this.#families.write(operations);
  }

  prefixScan(family: string, prefix: Uint8Array): AsyncIterable<KeyValuePair> {
    this.#check(family);
    return this.#scan(family, copyBytes(requireKey(prefix)));
  }

  async flush(): Promise<void> {
    this.#requireOpen();
    await this.#families.flush();
  }

  async compact(): Promise<void> {
    this.#requireOpen();
    await this.#families.compact();
  }

  close(): Promise<void> {
    this.#closing ??= this.#families.close();
    return this.#closing;
  }

  async *#scan(family: string, prefix: Uint8Array): AsyncGenerator<KeyValuePair> {
    this.#requireOpen();
    yield* this.#families.scan(family, prefix);
  }

  #checkOperation(operation: WriteOperation): void {
    const { type } = operation;
    if (type !== 'put' && type !== 'delete') {
      throw invalid(`a write is put or delete, not ${String(type)}`);
    }
    this.#check(operation.family, NOT_WRITTEN);
    requireKey(operation.key, NOT_WRITTEN);
    if (operation.type === 'put') requireBytes(operation.value, 'VALUE_INVALID', NOT_WRITTEN);
  }

  #check(family: string, details?: ErrorDetails): void {
    this.#requireOpen();
    if (this.#names.has(family)) return;
    const message = `there is no column family ${JSON.stringify(family)}`;
    throw new UsageError('UNKNOWN_FAMILY', message, details);
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new UsageError('CLOSED', 'the backend is closed');
  }
}

const NOT_WRITTEN: ErrorDetails = { committed: 'no' };

function requireKey(key: Uint8Array, details?: ErrorDetails): Uint8Array {
  return requireBytes(key, 'KEY_INVALID', details);
}

function requireBytes(
  bytes: Uint8Array,
  code: 'KEY_INVALID' | 'VALUE_INVALID',
  details?: ErrorDetails,
): Uint8Array {
  if (isByteArray(bytes)) return bytes;
  throw new UsageError(code, `expected a Uint8Array, got ${describeValue(bytes)}`, details);
}
