/** One entry that a commit, or a transaction, changes: as bytes, and as the map's codecs read it. */
import type { MapTarget } from './pending-write.ts';
import type { MapCodecs } from './reads.ts';

export interface Change {
  readonly map: string;
  readonly key: unknown;
  /** Undefined: it was not there. */
  readonly before: unknown;
  /** Undefined: removed. */
  readonly after: unknown;
  readonly kind: 'put' | 'remove';
}

export interface RawChange {
  readonly target: MapTarget;
  readonly key: Uint8Array;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

/** Without codecs, or where they fail, keys and values are bytes. */
export function decodeChange(
  { target, key, before, after }: RawChange,
  codecs: MapCodecs<unknown, unknown> | undefined,
): Change {
  return {
    map: target.name,
    key: decodeIf(key, codecs?.key),
    before: before && decodeIf(before, codecs?.value),
    after: after && decodeIf(after, codecs?.value),
    kind: after === undefined ? 'remove' : 'put',
  };
}

export function decodeIf(
  bytes: Uint8Array,
  codec: { decode(bytes: Uint8Array): unknown } | undefined,
): unknown {
  if (codec === undefined) return bytes.slice();
  try {
    return codec.decode(bytes);
  } catch {
    return bytes.slice();
  }
}
