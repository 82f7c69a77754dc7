/**
 * The state that commits lead to: what they say, applied. Used alike for a commit that is about to
 * be logged and for one that is replayed, so that memory and disk cannot differ.
 *
 * A draft is over a state that it never changes. What is refused is dropped with its fork; what is
 * accepted is absorbed.
 */
import { CborError } from '../bytes/cbor.ts';
import type { Cursor, Slot } from '../bytes/cursor.ts';
import type { LossReport } from '../errors.ts';
import type { Entry, Memtable } from '../memtable/memtable.ts';
import type { SnapshotReader } from '../snapshot/snapshot-reader.ts';
import {
  isStorableName,
  type KeyPosition,
  type Operation,
  type OperationVisitor,
  type PutPosition,
  readOperations,
} from '../wal/record.ts';
import type { LoggedCommit } from '../wal/wal-writer.ts';
import type { Catalog, MapDefinition } from './catalog.ts';
import type { RawChange } from './change.ts';
import {
  ALL_KEYS,
  entriesCursor,
  findBeneath,
  findEntry,
  type KeyBounds,
  type Layers,
  walk,
} from './layers.ts';
import { KEY_SIZE_MAX, MAP_COUNT_MAX, VALUE_SIZE_MAX } from './limits.ts';
import { TokenTable } from './tokens.ts';
import { UsageTable } from './usage.ts';

/** What readers see: frozen, replaced as a whole when a commit becomes visible. */
export interface State extends Layers {
  readonly sequence: number;
  readonly catalog: Catalog;
  readonly loss: LossReport | undefined;
}

/** The tables that say something of a state and are not part of it. */
export interface Tables {
  readonly usage: UsageTable;
  readonly tokens: TokenTable;
}

export class Draft implements Layers, State, Tables {
  readonly frozen: Memtable | undefined;
  readonly snapshots: readonly SnapshotReader[];
  memtable: Memtable;
  catalog: Catalog;
  usage: UsageTable;
  readonly tokens: TokenTable;
  sequence: number;
  loss: LossReport | undefined;

  constructor(state: State, beneath: Tables) {
    this.frozen = state.frozen;
    this.snapshots = state.snapshots;
    this.memtable = state.memtable.fork();
    this.catalog = state.catalog;
    this.sequence = state.sequence;
    this.loss = state.loss;
    this.usage = new UsageTable(beneath.usage);
    this.tokens = new TokenTable(beneath.tokens);
  }

  fork(): Draft {
    return new Draft(this, this);
  }

  /** The same, independent of this draft from now on: both may change. */
  copy(): Draft {
    const copy = new Draft(this, this);
    copy.usage = this.usage.copy();
    return copy;
  }

  /** Requires: `fork` was forked from this draft, which has not changed since. */
  absorb(fork: Draft): void {
    this.memtable = fork.memtable;
    this.catalog = fork.catalog;
    this.sequence = fork.sequence;
    this.loss = fork.loss;
    this.usage.absorb(fork.usage);
    this.tokens.absorb(fork.tokens);
  }

  toState(): State {
    const { memtable, frozen, snapshots, sequence, catalog, loss } = this;
    return { memtable, frozen, snapshots, sequence, catalog, loss };
  }

  /** Throws CborError, with the draft half changed, on a record that means nothing. */
  apply(commit: LoggedCommit, onChange?: OnChange): void {
    this.sequence = commit.sequence;
    const application = new Application(this, { sequence: commit.sequence, onChange });
    for (const body of commit.bodies) readOperations(body, application);
  }
}

/** Is told of every entry that changes, in order. */
export type OnChange = (change: RawChange) => void;

/** Receives the operations of one commit. */
class Application implements OperationVisitor {
  readonly #draft: Draft;
  readonly #sequence: number;
  readonly #onChange: OnChange | undefined;

  constructor(
    draft: Draft,
    commit: { readonly sequence: number; readonly onChange: OnChange | undefined },
  ) {
    this.#draft = draft;
    this.#sequence = commit.sequence;
    this.#onChange = commit.onChange;
  }

  put(map: number, position: PutPosition): void {
    const target = this.#definition(map);
    checkSizes(position);
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = position;
    const before = this.#replace({
      map,
      bytes,
      keyStart,
      keyEnd,
      valueStart,
      valueEnd,
      isTombstone: false,
      sequence: this.#sequence,
    });
    this.#onChange?.({
      target,
      key: bytes.subarray(keyStart, keyEnd),
      before: before?.bytes.subarray(before.valueStart, before.valueEnd),
      after: bytes.subarray(valueStart, valueEnd),
    });
    const valueSize = valueEnd - valueStart;
    this.#draft.usage.add(
      map,
      before === undefined
        ? { count: 1, bytes: keyEnd - keyStart + valueSize }
        : { count: 0, bytes: valueSize - (before.valueEnd - before.valueStart) },
    );
  }

  /** The entry that was live before; one walk through the memtable puts and finds. */
  #replace(entry: Entry): Slot | undefined {
    const replaced = this.#draft.memtable.put(entry);
    if (replaced !== undefined) return replaced.isTombstone ? undefined : replaced;
    const key = entry.bytes.subarray(entry.keyStart, entry.keyEnd);
    return findBeneath(this.#draft, entry.map, key);
  }

  remove(map: number, { bytes, keyStart, keyEnd }: KeyPosition): void {
    const target = this.#definition(map);
    const before = findEntry(this.#draft, map, bytes.subarray(keyStart, keyEnd));
    if (before === undefined) return;
    this.#onChange?.({
      target,
      key: bytes.subarray(keyStart, keyEnd),
      before: before.bytes.subarray(before.valueStart, before.valueEnd),
      after: undefined,
    });
    const removed = keyEnd - keyStart + before.valueEnd - before.valueStart;
    this.#draft.usage.add(map, { count: -1, bytes: -removed });
    this.#bury(map, { bytes, keyStart, keyEnd });
  }

  other(operation: Exclude<Operation, { type: 'put' | 'remove' }>): void {
    const draft = this.#draft;
    switch (operation.type) {
      case 'clear':
        this.#clear(operation.map, {
          start: operation.start ?? undefined,
          end: operation.end ?? undefined,
        });
        return;
      case 'define':
        this.#define(operation);
        return;
      case 'drop':
        this.#tellOfAll(this.#definition(operation.map));
        draft.usage.set(operation.map, { count: 0, bytes: 0 });
        draft.catalog = draft.catalog.withoutMap(operation.map);
        return;
      case 'empty':
        this.#empty(this.#definition(operation.map), operation.next);
        return;
      case 'quota':
        this.#setQuota(operation);
        return;
      case 'acknowledge':
        if (draft.loss?.id === operation.report) draft.loss = undefined;
        return;
      case 'token':
        draft.tokens.add(operation.token, this.#sequence);
    }
  }

  #define({ map, name, keyEncoding, valueEncoding }: Operation & { type: 'define' }): void {
    const { catalog } = this.#draft;
    const areNames = [name, keyEncoding, valueEncoding].every(isStorableName);
    if (!areNames || catalog.count >= MAP_COUNT_MAX)
      throw new CborError(`map ${map} passes a limit`);
    if (map < catalog.nextMapId || catalog.named(name) !== undefined) {
      throw new CborError(`map ${map} is defined twice`);
    }
    const definition = { id: map, name, keyEncoding, valueEncoding, quota: undefined };
    this.#draft.catalog = catalog.withMap(definition);
  }

  #empty(definition: MapDefinition, next: number): void {
    const draft = this.#draft;
    if (next < draft.catalog.nextMapId) throw new CborError(`map id ${next} is used twice`);
    this.#tellOfAll(definition);
    draft.usage.set(definition.id, { count: 0, bytes: 0 });
    draft.catalog = draft.catalog.withMap({ ...definition, id: next });
  }

  #setQuota({ map, bytes }: Operation & { type: 'quota' }): void {
    const draft = this.#draft;
    const quota = bytes ?? undefined;
    draft.catalog =
      map === null
        ? draft.catalog.withQuota(quota)
        : draft.catalog.withMap({ ...this.#definition(map), quota });
  }

  #clear(map: number, bounds: KeyBounds): void {
    const found: KeyPosition[] = [];
    let bytes = 0;
    const target = this.#definition(map);
    walk(entriesCursor(this.#draft, map), bounds, (cursor) => {
      this.#tellOfRemoval(target, cursor);
      found.push({ bytes: cursor.bytes, keyStart: cursor.keyStart, keyEnd: cursor.keyEnd });
      bytes += cursor.keyEnd - cursor.keyStart + cursor.valueEnd - cursor.valueStart;
      return 'go on';
    });
    this.#draft.usage.add(map, { count: -found.length, bytes: -bytes });
    // A copy of the key: the block or the body in which it stands need not stay in memory for it.
    for (const { bytes: source, keyStart, keyEnd } of found) {
      const key = source.slice(keyStart, keyEnd);
      this.#bury(map, { bytes: key, keyStart: 0, keyEnd: key.length });
    }
  }

  /** A map that goes as a whole is not walked over but for a listener. */
  #tellOfAll(target: MapDefinition): void {
    if (this.#onChange === undefined) return;
    walk(entriesCursor(this.#draft, target.id), ALL_KEYS, (cursor) => {
      this.#tellOfRemoval(target, cursor);
      return 'go on';
    });
  }

  #tellOfRemoval(target: MapDefinition, cursor: Cursor): void {
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor;
    this.#onChange?.({
      target,
      key: bytes.subarray(keyStart, keyEnd),
      before: bytes.subarray(valueStart, valueEnd),
      after: undefined,
    });
  }

  #bury(map: number, { bytes, keyStart, keyEnd }: KeyPosition): void {
    this.#draft.memtable.put({
      map,
      bytes,
      keyStart,
      keyEnd,
      valueStart: keyEnd,
      valueEnd: keyEnd,
      isTombstone: true,
      sequence: this.#sequence,
    });
  }

  #definition(map: number): MapDefinition {
    const definition = this.#draft.catalog.byId(map);
    if (definition === undefined) throw new CborError(`map ${map} is not defined`);
    return definition;
  }
}

/** Held on writing too; a forged record must not bring in what no snapshot could hold. */
function checkSizes({ keyStart, keyEnd, valueStart, valueEnd }: PutPosition): void {
  if (keyEnd - keyStart > KEY_SIZE_MAX) throw new CborError('a key passes its limit');
  if (valueEnd - valueStart > VALUE_SIZE_MAX) throw new CborError('a value passes its limit');
}
