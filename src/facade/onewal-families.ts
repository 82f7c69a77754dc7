/** Column families as the maps of one store, so that a batch over them is one commit. */
import type { FileSystem } from '../fs/file-system.ts';
import type { StoreOptions } from '../options.ts';
import type { Write } from '../store/map-handles.ts';
import type { StoreMap } from '../store/store-map.ts';
import { Store } from '../store.ts';
import type { Families, KeyValuePair } from './family-backend.ts';
import type { WriteOperation } from './write-batch.ts';

type BinaryMap = StoreMap<Uint8Array, Uint8Array>;

export class OnewalFamilies implements Families {
  readonly #store: Store;
  readonly #maps: ReadonlyMap<string, BinaryMap>;

  private constructor(store: Store, maps: ReadonlyMap<string, BinaryMap>) {
    this.#store = store;
    this.#maps = maps;
  }

  static async open(
    location: string | FileSystem,
    names: ReadonlySet<string>,
    options?: StoreOptions,
  ): Promise<OnewalFamilies> {
    const store = await Store.open(location, options);
    try {
      const open = (name: string): [string, BinaryMap] => [
        name,
        store.map(name, { key: 'binary', value: 'binary' }),
      ];
      return new OnewalFamilies(store, new Map([...names].map(open)));
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async get(family: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#map(family).get(key);
  }

  async write(operations: readonly WriteOperation[]): Promise<void> {
    await this.#store.batch(operations.map(toWrite));
  }

  async *scan(family: string, prefix: Uint8Array): AsyncGenerator<KeyValuePair> {
    for await (const { key, value } of this.#map(family).getRange({ prefix })) yield [key, value];
  }

  flush(): Promise<void> {
    return this.#store.flush();
  }

  async compact(): Promise<void> {
    await this.#store.compact();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #map(family: string): BinaryMap {
    return this.#maps.get(family) as BinaryMap;
  }
}

function toWrite(operation: WriteOperation): Write {
  const { family: map, key } = operation;
  return operation.type === 'put'
    ? { type: 'put', map, key, value: operation.value }
    : { type: 'remove', map, key };
}
