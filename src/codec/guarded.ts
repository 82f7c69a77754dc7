/**
 * A user's codec, made safe to call: it never shares memory with the store, and what it throws
 * arrives as the cause of a UsageError.
 */
import { copyBytes } from '../bytes/bytes.ts';
import { UsageError } from '../errors.ts';
import { isByteArray } from './binary.ts';
import type { Codec, CodecErrorCode } from './codec.ts';

export class GuardedCodec<T> implements Codec<T> {
  readonly name: string;
  readonly code: CodecErrorCode;
  readonly codec: Codec<T>;

  constructor(codec: Codec<T>, code: CodecErrorCode) {
    this.name = codec.name;
    this.code = code;
    this.codec = codec;
  }

  encode(value: T): Uint8Array {
    return this.ownedBytes('encode', () => this.codec.encode(value));
  }

  decode(bytes: Uint8Array): T {
    return this.attempt('decode', () => this.codec.decode(copyBytes(bytes)));
  }

  ownedBytes(method: string, run: () => unknown): Uint8Array {
    const bytes = this.attempt(method, run);
    if (isByteArray(bytes)) return copyBytes(bytes);
    throw this.failure(`${method} must return a Uint8Array`);
  }

  private attempt<R>(method: string, run: () => R): R {
    try {
      return run();
    } catch (cause) {
      throw this.failure(`${method} failed`, cause);
    }
  }

  private failure(what: string, cause?: unknown): UsageError {
    return new UsageError(this.code, `codec ${JSON.stringify(this.name)}: ${what}`, { cause });
  }
}

/** Refuses names that a store could not tell apart from its own encodings. */
export function requireOwnName(codec: { readonly name: string }, taken: ReadonlySet<string>): void {
  if (typeof codec.name === 'string' && codec.name !== '' && !taken.has(codec.name)) return;
  throw new UsageError(
    'INVALID_ARGUMENT',
    `a codec needs a name, other than ${[...taken].join(', ')}: the map remembers it`,
  );
}
