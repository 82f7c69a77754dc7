/**
 * Which maps there are: names, encodings, quotas. Immutable: a change gives a new catalog, so that
 * a view keeps the one it was made with.
 */
export interface MapDefinition {
  /**
   * Stands for the map's present content in WAL records and snapshots. Emptying a map gives it a
   * new id, so that what was written under the old one is gone at once; ids are never reused.
   */
  readonly id: number;
  readonly name: string;
  readonly keyEncoding: string;
  readonly valueEncoding: string;
  readonly quota: number | undefined;
}

export class Catalog {
  static readonly EMPTY = new Catalog([], { nextMapId: 1, quota: undefined });

  readonly nextMapId: number;
  /** Of the whole store. */
  readonly quota: number | undefined;
  readonly #byName: ReadonlyMap<string, MapDefinition>;
  readonly #byId: ReadonlyMap<number, MapDefinition>;

  constructor(
    maps: Iterable<MapDefinition>,
    rest: { readonly nextMapId: number; readonly quota: number | undefined },
  ) {
    const definitions = [...maps];
    this.#byName = new Map(definitions.map((map) => [map.name, map]));
    this.#byId = new Map(definitions.map((map) => [map.id, map]));
    this.nextMapId = rest.nextMapId;
    this.quota = rest.quota;
  }

  get maps(): Iterable<MapDefinition> {
    return this.#byName.values();
  }

  get count(): number {
    return this.#byName.size;
  }

  named(name: string): MapDefinition | undefined {
    return this.#byName.get(name);
  }

  byId(id: number): MapDefinition | undefined {
    return this.#byId.get(id);
  }

  withMap(map: MapDefinition): Catalog {
    const others = [...this.maps].filter((other) => other.name !== map.name);
    const nextMapId = Math.max(this.nextMapId, map.id + 1);
    return new Catalog([...others, map], { nextMapId, quota: this.quota });
  }

  withoutMap(id: number): Catalog {
    const others = [...this.maps].filter((map) => map.id !== id);
    return new Catalog(others, { nextMapId: this.nextMapId, quota: this.quota });
  }

  withQuota(quota: number | undefined): Catalog {
    return new Catalog(this.maps, { nextMapId: this.nextMapId, quota });
  }
}
