/** Writes the entries of a dump in large commits, between a mark and its removal. */
import { Store } from '../index-node.ts';
import type { Write } from '../store/map-handles.ts';
import type { StoreMap } from '../store/store-map.ts';
import type { DumpHeader, DumpMap } from './dump-format.ts';
import type { LoadedEntry } from './entry-decoder.ts';
import { mapCodecs, openMap } from './map-handle.ts';
import { hasUnfinishedLoad, UNFINISHED_LOAD_MAP } from './unfinished-load.ts';

export interface LoadTarget {
  readonly directory: string;
  readonly state: 'absent' | 'empty' | 'filled';
}

/** Bytes of keys and values in one commit. */
export const CHUNK_SIZE = 8 << 20;
const CHUNK_ENTRY_COUNT = 50_000;
/** In the map that marks an unfinished load: whether the quotas of the dump are taken over. */
const QUOTAS_KEY = 'quotas';

export class Loader {
  readonly #target: LoadTarget;
  readonly #header: DumpHeader;
  #store: Store | undefined;
  #handles: ReadonlyMap<string, StoreMap<unknown, unknown>> = new Map();
  #chunk: LoadedEntry[] = [];
  #chunkSize = 0;
  #count = 0;
  #hasWritten = false;

  constructor(target: LoadTarget, header: DumpHeader) {
    this.#target = target;
    this.#header = header;
  }

  /** The store may hold some of the dump, and is marked if it does. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Wait for what it returns, if anything. Throws what the store throws. */
  add(entry: LoadedEntry): Promise<void> | undefined {
    this.#chunk.push(entry);
    this.#chunkSize += entry.size;
    const isFull = this.#chunkSize >= CHUNK_SIZE || this.#chunk.length >= CHUNK_ENTRY_COUNT;
    return isFull ? this.#writeChunk() : undefined;
  }

  /** Requires: the dump has proved whole. When it returns, all of it is durable. */
  async finish(): Promise<{ readonly count: number; readonly sequence: number }> {
    await this.#writeChunk();
    const store = await this.#openMarked();
    const takesQuotas = store.map(UNFINISHED_LOAD_MAP).get(QUOTAS_KEY) === true;
    if (takesQuotas) await setQuotas(store, this.#header);
    const { sequence } = await store.dropMap(UNFINISHED_LOAD_MAP);
    this.#hasWritten = false;
    return { count: this.#count, sequence };
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }

  async #writeChunk(): Promise<void> {
    const store = await this.#openMarked();
    const writes = this.#chunk.map(({ map, key, value }): Write => {
      return { type: 'put', map: this.#handles.get(map) ?? map, key, value };
    });
    await store.batch(writes, { durability: 'buffered' });
    this.#count += writes.length;
    this.#chunk = [];
    this.#chunkSize = 0;
  }

  async #openMarked(): Promise<Store> {
    if (this.#store !== undefined) return this.#store;
    const { directory, state } = this.#target;
    const store = await Store.open(directory, { create: state === 'absent' ? 'new' : false });
    this.#store = store;
    const { maps } = this.#header;
    this.#handles = new Map(maps.map((map) => [map.name, openMap(store, map)]));
    const mark: Write[] = hasUnfinishedLoad(store)
      ? []
      : [{ type: 'put', map: UNFINISHED_LOAD_MAP, key: QUOTAS_KEY, value: state !== 'filled' }];
    await store.batch([...mark, ...maps.flatMap((map) => this.#definition(map))]);
    this.#hasWritten = true;
    return store;
  }

  /** An entry put and removed: the map is there afterwards, also if the dump has none of its entries. */
  #definition(map: DumpMap): Write[] {
    const handle = this.#handles.get(map.name) as StoreMap<unknown, unknown>;
    if (handle.getCount() > 0) return [];
    const codecs = mapCodecs(map);
    const key = isText(codecs.key) ? '-' : Uint8Array.of(0);
    const value = isText(codecs.value) ? '-' : Uint8Array.of(0);
    return [
      { type: 'put', map: handle, key, value },
      { type: 'remove', map: handle, key },
    ];
  }
}

function isText(codec: unknown): boolean {
  return typeof codec === 'string' && codec !== 'binary';
}

async function setQuotas(store: Store, { byteQuota, maps }: DumpHeader): Promise<void> {
  const quotas = maps.flatMap(({ name, byteQuota: quota }) =>
    quota === null ? [] : [[name, quota]],
  );
  await store.setQuota({
    ...(byteQuota === null ? {} : { bytes: byteQuota }),
    maps: Object.fromEntries(quotas),
  });
}
