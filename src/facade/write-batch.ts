/** Writes over any number of column families that are to be one commit. */
import { copyBytes } from '../bytes/bytes.ts';

export type WriteOperation =
  | {
      readonly type: 'put';
      readonly family: string;
      readonly key: Uint8Array;
      readonly value: Uint8Array;
    }
  | { readonly type: 'delete'; readonly family: string; readonly key: Uint8Array };

/** Copies what it is given. A later write to a key wins over an earlier one. */
export class WriteBatch implements Iterable<WriteOperation> {
  #operations: WriteOperation[] = [];

  get length(): number {
    return this.#operations.length;
  }

  put(family: string, key: Uint8Array, value: Uint8Array): this {
    this.#operations.push({ type: 'put', family, key: copyBytes(key), value: copyBytes(value) });
    return this;
  }

  delete(family: string, key: Uint8Array): this {
    this.#operations.push({ type: 'delete', family, key: copyBytes(key) });
    return this;
  }

  clear(): this {
    this.#operations = [];
    return this;
  }

  [Symbol.iterator](): Iterator<WriteOperation> {
    return this.#operations[Symbol.iterator]();
  }
}
