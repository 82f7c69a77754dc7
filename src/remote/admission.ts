/**
 * What the other side sends to be stored is held against the map's encodings here: it may come from
 * anybody. A key that decodes but is not what its encoding gives would be a second key for the same.
 */
import { bytesEqual } from '../bytes/bytes.ts';
import { checkValue } from '../codec/value-check.ts';
import { LimitError, OnewalError, UsageError } from '../errors.ts';
import type { Inside } from '../store/inside.ts';
import type { MapTarget } from '../store/pending-write.ts';
import type { MapCodecs } from '../store/reads.ts';
import type { CheckedPolicy } from './policy.ts';
import { notAllowed } from './refusal.ts';

export class Admission {
  readonly #inside: Inside;
  readonly #policy: CheckedPolicy;

  constructor(inside: Inside, policy: CheckedPolicy) {
    this.#inside = inside;
    this.#policy = policy;
  }

  /** Throws NOT_ALLOWED. */
  requireReadable(map: string): void {
    if (!this.#policy.mayRead(map)) throw notAllowed(`map ${JSON.stringify(map)} may not be read`);
  }

  /** Throws NOT_ALLOWED. */
  requireWritable(map: string): void {
    if (this.#policy.mayWrite(map)) return;
    throw notAllowed(`map ${JSON.stringify(map)} may not be written`);
  }

  /** Throws NOT_ALLOWED, LIMIT, KEY_INVALID, VALUE_INVALID, MAP_ENCODING_MISMATCH. */
  checkPut(target: MapTarget, key: Uint8Array, value: Uint8Array): void {
    const codecs = this.#checkKey(target, key);
    requireSize('value', value, this.#policy.limits.valueBytes);
    reading('VALUE_INVALID', () => checkValue(codecs.value, value));
  }

  /** Throws NOT_ALLOWED, LIMIT, KEY_INVALID, MAP_ENCODING_MISMATCH. */
  checkKey(target: MapTarget, key: Uint8Array): void {
    this.#checkKey(target, key);
  }

  #checkKey(target: MapTarget, key: Uint8Array): MapCodecs<unknown, unknown> {
    this.requireWritable(target.name);
    requireSize('key', key, this.#policy.limits.keyBytes);
    const codecs = this.#codecsOf(target);
    const again = reading('KEY_INVALID', () => codecs.key.encode(codecs.key.decode(key)));
    if (bytesEqual(again, key)) return codecs;
    throw new UsageError('KEY_INVALID', `the key is not as ${codecs.key.name} writes it`, {
      committed: 'no',
    });
  }

  #codecsOf(target: MapTarget): MapCodecs<unknown, unknown> {
    const codecs = this.#inside.admit(target);
    if (codecs !== undefined) return codecs;
    throw new UsageError(
      'MAP_ENCODING_MISMATCH',
      `the owner knows no codecs ${target.keyEncoding} and ${target.valueEncoding} for map ` +
        `${JSON.stringify(target.name)}: call store.map with them there`,
      { committed: 'no' },
    );
  }
}

/** Throws LIMIT. */
export function requireSize(what: string, bytes: Uint8Array, sizeMax: number): void {
  if (bytes.length <= sizeMax) return;
  throw new LimitError(`the ${what} takes ${bytes.length} bytes, the limit is ${sizeMax}`);
}

function reading<T>(code: 'KEY_INVALID' | 'VALUE_INVALID', read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof OnewalError ? error.message : 'the bytes are of no such thing';
    throw new UsageError(code, reason, { cause: error, committed: 'no' });
  }
}
