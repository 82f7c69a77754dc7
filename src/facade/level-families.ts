/**
 * Column families as the sublevels of any database with the interface of abstract-level 3, named
 * here by its shape alone: the package needs no Level to be installed.
 */
import { copyBytes } from '../bytes/bytes.ts';
import type { Committed, OnewalError } from '../errors.ts';
import { toStorageError } from '../store/host-error.ts';
import { endOfPrefix } from '../store/range.ts';
import type { Families, KeyValuePair } from './family-backend.ts';
import type { WriteOperation } from './write-batch.ts';

type BinaryEncodings = { readonly keyEncoding: 'view'; readonly valueEncoding: 'view' };
type Bounds = { gte: Uint8Array; lt?: Uint8Array };

export interface LevelFamily {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  iterator(bounds: Bounds): AsyncIterable<[Uint8Array, Uint8Array]>;
}

export interface LevelDatabase {
  open(): Promise<void>;
  close(): Promise<void>;
  sublevel(name: string, encodings: BinaryEncodings): LevelFamily;
  /** Of its own keys and values by type, which those of a sublevel need not be. */
  batch(operations: never[], options: never): Promise<void>;
}

type LevelOperation =
  | { type: 'put'; sublevel: LevelFamily; key: Uint8Array; value: Uint8Array }
  | { type: 'del'; sublevel: LevelFamily; key: Uint8Array };

/** Some databases can compact, over a range of keys. */
type Compactable = { compactRange?(start: string, end: string): Promise<void> };

const VIEWS: BinaryEncodings = { keyEncoding: 'view', valueEncoding: 'view' };
// Sublevels begin with the one and end before the other.
const SUBLEVELS = { start: '!', end: '"' } as const;

export class LevelFamilies implements Families {
  readonly #database: LevelDatabase;
  readonly #sublevels: ReadonlyMap<string, LevelFamily>;

  private constructor(database: LevelDatabase, sublevels: ReadonlyMap<string, LevelFamily>) {
    this.#database = database;
    this.#sublevels = sublevels;
  }

  static async open(database: LevelDatabase, names: ReadonlySet<string>): Promise<LevelFamilies> {
    try {
      await database.open();
    } catch (error) {
      throw failure(error, 'opened');
    }
    const sublevels = [...names].map((name) => [name, database.sublevel(name, VIEWS)] as const);
    return new LevelFamilies(database, new Map(sublevels));
  }

  async get(family: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      // A database in memory returns the very bytes it holds.
      const value = await this.#sublevel(family).get(key);
      return value === undefined ? undefined : copyBytes(value);
    } catch (error) {
      throw failure(error, 'read');
    }
  }

  async write(operations: readonly WriteOperation[]): Promise<void> {
    try {
      const copies = operations.map((operation) => this.#toLevel(operation));
      await this.#database.batch(copies as never[], { sync: true } as never);
    } catch (error) {
      throw failure(error, 'written', 'unknown');
    }
  }

  async *scan(family: string, prefix: Uint8Array): AsyncGenerator<KeyValuePair> {
    const end = endOfPrefix(prefix);
    const bounds: Bounds = end === undefined ? { gte: prefix } : { gte: prefix, lt: end };
    try {
      for await (const [key, value] of this.#sublevel(family).iterator(bounds)) {
        yield [copyBytes(key), copyBytes(value)];
      }
    } catch (error) {
      throw failure(error, 'read');
    }
  }

  /** Every write was synced, where the database can. */
  async flush(): Promise<void> {}

  async compact(): Promise<void> {
    try {
      const database = this.#database as LevelDatabase & Compactable;
      await database.compactRange?.(SUBLEVELS.start, SUBLEVELS.end);
    } catch (error) {
      throw failure(error, 'compacted');
    }
  }

  async close(): Promise<void> {
    try {
      await this.#database.close();
    } catch (error) {
      throw failure(error, 'closed');
    }
  }

  #sublevel(family: string): LevelFamily {
    return this.#sublevels.get(family) as LevelFamily;
  }

  #toLevel(operation: WriteOperation): LevelOperation {
    const sublevel = this.#sublevel(operation.family);
    const key = copyBytes(operation.key);
    if (operation.type === 'delete') return { type: 'del', sublevel, key };
    return { type: 'put', sublevel, key, value: copyBytes(operation.value) };
  }
}

function failure(error: unknown, verb: string, committed?: Committed): OnewalError {
  const doing = `the database could not be ${verb}`;
  return toStorageError(error, committed === undefined ? { doing } : { doing, committed });
}
