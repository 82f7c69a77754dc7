/** Whether commits of others have touched what a transaction relies on. Costs what they changed. */

import type { Catalog } from '../store/catalog.ts';
import { ALL_KEYS, type KeyBounds } from '../store/layers.ts';
import {
  type KeyPosition,
  type Operation,
  type OperationVisitor,
  readOperations,
} from '../wal/record.ts';
import type { LoggedCommit } from '../wal/wal-writer.ts';
import type { Footprint } from './footprint.ts';

export interface Conflict {
  readonly sequence: number;
  readonly map: string;
  /** Undefined where a whole range was removed. */
  readonly key: Uint8Array | undefined;
}

/** `catalog`: from before the commits. */
export function findConflict(
  commits: readonly LoggedCommit[],
  footprints: readonly Footprint[],
  catalog: Catalog,
): Conflict | undefined {
  const finder = new ConflictFinder(footprints, catalog);
  for (const { sequence, bodies } of commits) {
    for (const body of bodies) readOperations(body, finder);
    if (finder.found !== undefined) return { sequence, ...finder.found };
  }
  return undefined;
}

class ConflictFinder implements OperationVisitor {
  found: Pick<Conflict, 'map' | 'key'> | undefined;
  readonly #footprints: readonly Footprint[];
  readonly #catalog: Catalog;
  readonly #names = new Map<number, string>();

  constructor(footprints: readonly Footprint[], catalog: Catalog) {
    this.#footprints = footprints;
    this.#catalog = catalog;
  }

  put(map: number, position: KeyPosition): void {
    this.#touchKey(map, position);
  }

  remove(map: number, position: KeyPosition): void {
    this.#touchKey(map, position);
  }

  /** A definition alone changes nothing that anybody could have read. */
  other(operation: Exclude<Operation, { type: 'put' | 'remove' }>): void {
    switch (operation.type) {
      case 'define':
        this.#names.set(operation.map, operation.name);
        return;
      case 'clear': {
        const { start, end } = operation;
        this.#touchRange(operation.map, { start: start ?? undefined, end: end ?? undefined });
        return;
      }
      case 'empty':
      case 'drop':
        // Under which id the map goes on does not matter: all that anybody has of it is touched.
        this.#touchRange(operation.map, ALL_KEYS);
    }
  }

  #touchKey(map: number, { bytes, keyStart, keyEnd }: KeyPosition): void {
    if (this.found !== undefined) return;
    const name = this.#nameOf(map);
    const key = bytes.subarray(keyStart, keyEnd);
    const isHit = this.#footprints.some((footprint) => footprint.hasKey(name, key));
    if (isHit) this.found = { map: name, key };
  }

  #touchRange(map: number, bounds: KeyBounds): void {
    if (this.found !== undefined) return;
    const name = this.#nameOf(map);
    const isHit = this.#footprints.some((footprint) => footprint.touches(name, bounds));
    if (isHit) this.found = { map: name, key: undefined };
  }

  #nameOf(map: number): string {
    return this.#names.get(map) ?? this.#catalog.byId(map)?.name ?? '';
  }
}
