/** What an open store holds, as text: equal for equal contents. */
import { toHex } from '../../src/bytes/bytes.ts';
import { mapCodecs } from '../../src/cli/map-handle.ts';
import { resolveKeyCodec } from '../../src/codec/key-codec.ts';
import { resolveValueCodec } from '../../src/codec/value-codec.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { Store } from '../../src/store.ts';
import { codeOf } from './errors.ts';

/** Of a read: bytes that verify need not be what their map's encoding makes. */
const READ_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['CORRUPT', 'INVALID_ARGUMENT']);

export interface Contents {
  readonly sequence: number;
  readonly maps: readonly (readonly [name: string, entries: readonly string[]])[];
}

/** Where a map cannot be read on, the code of the error stands in place of the rest. */
export function contentsOf(store: Store): Contents {
  const maps = store.maps.map((name) => [name, entriesOf(store, name)] as const);
  return { sequence: store.info.sequence, maps };
}

function entriesOf(store: Store, name: string): string[] {
  const entries: string[] = [];
  try {
    const stored = store.stats().maps[name];
    if (stored === undefined) return ['is not in the statistics'];
    const codecs = mapCodecs({ name, ...stored });
    const [keys, values] = [resolveKeyCodec(codecs.key), resolveValueCodec(codecs.value)];
    for (const { key, value } of store.map(name, codecs).getRange()) {
      entries.push(`${toHex(keys.encode(key))}=${toHex(values.encode(value))}`);
    }
  } catch (error) {
    entries.push(codeOf(error, READ_CODES));
  }
  return entries;
}
