/** From keys and values to the writes of a commit. */
import { LimitError } from '../errors.ts';
import type { RangeOptions } from '../options.ts';
import { KEY_SIZE_MAX, VALUE_SIZE_MAX } from './limits.ts';
import {
  type MapTarget,
  type PendingWrite,
  pendingSize,
  requireCommitSize,
} from './pending-write.ts';
import { checkClearedRange } from './range.ts';
import type { MapCodecs, Reads } from './reads.ts';

export type PendingPut = PendingWrite & { readonly type: 'put' };
export type PendingRemove = PendingWrite & { readonly type: 'remove' };
export type PendingClear = PendingWrite & { readonly type: 'clear' };

export class WriteEncoder<K, V> {
  readonly target: MapTarget;
  readonly #codecs: MapCodecs<K, V>;

  constructor(codecs: MapCodecs<K, V>) {
    const { name, key, value } = codecs;
    this.#codecs = codecs;
    this.target = { name, keyEncoding: key.name, valueEncoding: value.name };
  }

  /** Throws KEY_INVALID, VALUE_INVALID, LIMIT. */
  put(key: K, value: V): PendingPut {
    const { key: keyBytes } = this.remove(key);
    const valueBytes = this.#codecs.value.encode(value);
    if (valueBytes.length > VALUE_SIZE_MAX) {
      const size = valueBytes.length;
      throw new LimitError(`the value takes ${size} bytes, the limit is ${VALUE_SIZE_MAX}`);
    }
    return { type: 'put', target: this.target, key: keyBytes, value: valueBytes };
  }

  /** Throws KEY_INVALID, LIMIT. */
  remove(key: K): PendingRemove {
    const bytes = this.#codecs.key.encode(key);
    if (bytes.length > KEY_SIZE_MAX) {
      throw new LimitError(`the key takes ${bytes.length} bytes, the limit is ${KEY_SIZE_MAX}`);
    }
    return { type: 'remove', target: this.target, key: bytes };
  }

  /**
   * `limit`, `offset` and `reverse` choose keys one by one, as `reads` has them; bounds alone are
   * logged as they are. Throws INVALID_ARGUMENT, KEY_INVALID; LIMIT for a bound longer than any key,
   * and as soon as the keys are too many for a commit, since there may be no memory for all.
   */
  clear(
    range: RangeOptions<K> | undefined,
    reads: Pick<Reads<K, V>, 'getKeys'>,
  ): (PendingClear | PendingRemove)[] {
    const { bounds, limit, offset } = checkClearedRange(range, this.#codecs.key);
    if (limit === Number.POSITIVE_INFINITY && offset === 0) {
      return [{ type: 'clear', target: this.target, ...bounds }];
    }
    const removes: PendingRemove[] = [];
    let size = 0;
    for (const key of reads.getKeys(range)) {
      const remove = this.remove(key);
      size += pendingSize([remove]);
      requireCommitSize(size);
      removes.push(remove);
    }
    return removes;
  }
}
