/** A store that is elsewhere, as its clients see it: the methods of `Store`, with promises. */
import { cborValue } from '../codec/cbor-value.ts';
import { builtInKeyCodec, type KeyEncoding, resolveKeyCodec } from '../codec/key-codec.ts';
import { builtInValueCodec, resolveValueCodec, type ValueEncoding } from '../codec/value-codec.ts';
import { ConflictError, type OnewalError } from '../errors.ts';
import {
  type CheckedTransactionOptions,
  checkQuotaOptions,
  checkSignal,
  checkToken,
  checkTransactionOptions,
  invalid,
  type QuotaOptions,
  type StoreEvent,
  type TransactionOptions,
  type WorkOptions,
  type WriteOptions,
} from '../options.ts';
import { type Change, decodeChange } from '../store/change.ts';
import type { CheckpointReport } from '../store/checkpoint-report.ts';
import type { Commit } from '../store/commit-request.ts';
import type { CommitEvent } from '../store/listeners.ts';
import { checkName, type MapOptions, type Write } from '../store/map-handles.ts';
import type { Outcome } from '../store/outcomes.ts';
import { checkEncodings } from '../store/pending-write.ts';
import type { MapCodecs } from '../store/reads.ts';
import type { StoreInfo, StoreStats } from '../store/store-facts.ts';
import type { VerifyReport } from '../store/verify.ts';
import { fromFailure } from './error-field.ts';
import type { Link } from './link.ts';
import type { AnswerOf, Notice, Welcome, WireWrite } from './protocol.ts';
import { portClosed } from './refusal.ts';
import { commit, RemoteMap, wireOptions } from './remote-map.ts';
import { RemoteTransaction } from './remote-transaction.ts';
import { RemoteView } from './remote-view.ts';

export type ReportType = 'checkpoint' | 'error' | 'lost' | 'resolved' | 'closed';
const REPORT_TYPES: ReadonlySet<unknown> = new Set<ReportType>([
  ...(['checkpoint', 'error', 'lost', 'resolved', 'closed'] as const),
]);

export class RemoteStore {
  /** Resolves when the port is of no use any more: to why. Connect again then. */
  readonly closed: Promise<OnewalError>;
  readonly #link: Link;
  readonly #logger: (event: StoreEvent) => void;
  #welcome: Welcome | undefined;
  #stored: ReadonlyMap<string, Welcome['maps'][number]> = new Map();
  readonly #maps = new Map<string, { map: RemoteMap<unknown, unknown>; codecs: AnyCodecs }>();

  /** Use `connect`. */
  constructor(link: Link, logger: (event: StoreEvent) => void) {
    this.closed = link.closed;
    this.#link = link;
    this.#logger = logger;
  }

  /** Of the store, when the port was connected. */
  get uuid(): string {
    return this.#link.welcome.uuid;
  }

  get readOnly(): boolean {
    return this.#link.welcome.readOnly;
  }

  /**
   * A handle on a map. Encodings that are not named are those that the map had when the port was
   * connected, else the defaults. Throws INVALID_ARGUMENT, LIMIT, MAP_ENCODING_MISMATCH.
   */
  map<K = unknown, V = unknown>(
    name: string,
    options: Pick<MapOptions<K, V>, 'key' | 'value'> = {},
  ): RemoteMap<K, V> {
    checkName(name);
    const known = this.#maps.get(name);
    if (known !== undefined && options.key === undefined && options.value === undefined) {
      return known.map as unknown as RemoteMap<K, V>;
    }
    const stored = this.#storedMap(name);
    const codecs: AnyCodecs = {
      name,
      key: resolveKeyCodec((options.key ?? stored?.keyEncoding ?? 'ordered') as KeyEncoding),
      value: resolveValueCodec((options.value ?? stored?.valueEncoding ?? 'cbor') as ValueEncoding),
    };
    if (stored !== undefined) {
      checkEncodings(
        { name, keyEncoding: codecs.key.name, valueEncoding: codecs.value.name },
        stored,
      );
    }
    const map = new RemoteMap(this.#link, codecs);
    this.#maps.set(name, { map, codecs });
    return map as unknown as RemoteMap<K, V>;
  }

  /** Names of the maps that this side may read or write. */
  async maps(): Promise<readonly string[]> {
    return this.#link.call('maps', {});
  }

  async dropMap(name: string, options?: WriteOptions): Promise<Commit> {
    return this.#link.call('drop', { map: name, ...wireOptions(options) });
  }

  /** One commit of all writes, or nothing. They must fit into one message. */
  async batch(writes: Iterable<Write>, options?: WriteOptions): Promise<Commit> {
    return commit(
      this.#link,
      Array.from(writes, (write) => this.#encode(write)),
      options,
    );
  }

  /** As that of `Store`: the callback runs here, what it relied on is checked by the owner. */
  async transaction<T>(
    run: (transaction: RemoteTransaction, attempt: number) => T | Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    const checked = checkTransactionOptions(options);
    for (let attempt = 1; ; attempt++) {
      checkSignal(checked.signal);
      const transaction = await this.#begin(checked);
      try {
        const value = await run(transaction, attempt);
        await transaction.settle();
        return value;
      } catch (error) {
        if (transaction.state === 'open') transaction.abort();
        const isUndone = transaction.state === 'aborted';
        const isWorthAnother =
          isUndone && (error instanceof ConflictError || transaction.isLeftBehind);
        if (!isWorthAnother || attempt > checked.maxRetries) throw error;
      }
    }
  }

  /** A transaction for the caller to commit or to abort: the owner holds its view until then. */
  async begin(options?: TransactionOptions): Promise<RemoteTransaction> {
    return this.#begin(checkTransactionOptions(options));
  }

  /** A consistent state over all maps, the present one. Release it: the owner holds it until then. */
  async view(): Promise<RemoteView> {
    const { id, answer } = this.#link.ask('view', {});
    return new RemoteView(this.#link, { handle: id, sequence: await answer });
  }

  async outcomeOf(token: Uint8Array | string): Promise<Outcome> {
    return this.#link.call('outcome', { token: checkToken(token) });
  }

  async flush(): Promise<void> {
    await this.#link.call('flush', {});
  }

  async checkpoint(options: WorkOptions = {}): Promise<CheckpointReport> {
    return factOf(await this.#link.work('checkpoint', {}, options));
  }

  async compact(options: WorkOptions = {}): Promise<CheckpointReport> {
    return factOf(await this.#link.work('compact', {}, options));
  }

  async verify(options: WorkOptions = {}): Promise<VerifyReport> {
    return factOf(await this.#link.work('verify', {}, options));
  }

  async setQuota(quota: QuotaOptions): Promise<Commit> {
    const { bytes, maps = {} } = checkQuotaOptions(quota);
    return this.#link.call('quota', {
      store: bytes,
      maps: Object.entries(maps).map(([name, quota]) => ({ name, quota })),
    });
  }

  async stats(): Promise<StoreStats> {
    const { maps, ...rest } = factOf<Omit<StoreStats, 'maps'> & { maps: Map<string, never> }>(
      await this.#link.call('stats', {}),
    );
    return { ...rest, maps: Object.fromEntries(maps) };
  }

  async info(): Promise<StoreInfo> {
    return factOf(await this.#link.call('info', {}));
  }

  /**
   * Calls `listener` at every such event until what this resolves to is called. Of a commit, with the
   * changes in maps that this side may read, or in those that `maps` names; keys and values of maps
   * that this side has no handle on are bytes. A side that takes too little of it gets an 'error',
   * and no more events.
   */
  on(
    type: 'commit',
    listener: (event: CommitEvent) => void,
    options?: { readonly maps?: readonly string[] },
  ): Promise<() => void>;
  on(type: ReportType, listener: (event: StoreEvent) => void): Promise<() => void>;
  async on(
    type: 'commit' | ReportType,
    listener: (event: never) => void,
    options: { readonly maps?: readonly string[] } = {},
  ): Promise<() => void> {
    if (typeof listener !== 'function') throw invalid('a listener is a function');
    if (type === 'commit') return this.#onCommit(listener as (event: CommitEvent) => void, options);
    if (!REPORT_TYPES.has(type)) throw invalid(`there is no event ${JSON.stringify(type)}`);
    return this.#link.subscribe({ kind: 'reports', maps: undefined }, (notice) => {
      if (notice.type === 'report' && notice.event === type) {
        this.tell(listener as (event: StoreEvent) => void, reportOf(notice));
      }
    });
  }

  /** Waits for writes that are on their way, and lets go of the port. The store itself stays open. */
  close(): Promise<void> {
    return this.#link.close(portClosed('this side has closed the port'));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #begin(options: CheckedTransactionOptions): Promise<RemoteTransaction> {
    const { isolation, mode, lockTimeout, signal, write } = options;
    const fields = { isolation, mode, lockTimeout, ...wireOptions(write) };
    const { id: handle, answer } = this.#link.ask('begin', fields);
    const decode = (changes: AnswerOf<'changes'>): Change[] => this.#decodeChanges(changes);
    return new RemoteTransaction({ link: this.#link, handle, ...(await answer), signal, decode });
  }

  #onCommit(
    listener: (event: CommitEvent) => void,
    { maps }: { readonly maps?: readonly string[] },
  ): Promise<() => void> {
    return this.#link.subscribe({ kind: 'commits', maps }, (notice) => {
      if (notice.type === 'report') {
        this.#log(reportOf(notice));
        return;
      }
      const { sequence } = notice;
      const changes = this.#decodeChanges(notice.changes);
      const message = `commit ${sequence} is visible`;
      this.tell(listener, { type: 'commit', message, sequence, changes });
    });
  }

  #decodeChanges(changes: AnswerOf<'changes'>): Change[] {
    return changes.map(({ map: name, key, before, after }) => {
      const target = { name, keyEncoding: '', valueEncoding: '' };
      return decodeChange({ target, key, before, after }, this.#codecsOf(name));
    });
  }

  #codecsOf(name: string): AnyCodecs | undefined {
    const known = this.#maps.get(name);
    if (known !== undefined) return known.codecs;
    const stored = this.#storedMap(name);
    const key = builtInKeyCodec(stored?.keyEncoding ?? '');
    const value = builtInValueCodec(stored?.valueEncoding ?? '');
    return key === undefined || value === undefined ? undefined : { name, key, value };
  }

  /** As the owner knew it when the port was connected. */
  #storedMap(name: string): Welcome['maps'][number] | undefined {
    const { welcome } = this.#link;
    if (this.#welcome !== welcome)
      this.#stored = new Map(welcome.maps.map((map) => [map.name, map]));
    this.#welcome = welcome;
    return this.#stored.get(name);
  }

  #encode(write: Write): WireWrite {
    const reference: unknown = write?.map;
    const map = reference instanceof RemoteMap ? reference : this.map(nameOf(reference));
    map.codecsIn(this.#link);
    switch (write.type) {
      case 'put':
        return map.writeOf('put', write.key, write.value);
      case 'remove':
        return map.writeOf('remove', write.key);
      case 'clear':
        return map.clearOf(write.range);
      default:
        throw invalid(`a write is put, remove or clear, not ${String((write as Write).type)}`);
    }
  }

  /** What a listener throws is its own affair. */
  protected tell<E>(listener: (event: E) => void, event: E): void {
    try {
      listener(event);
    } catch (error) {
      this.#log({ type: 'error', message: 'a listener failed', error });
    }
  }

  #log(event: StoreEvent): void {
    try {
      this.#logger(event);
    } catch {
      // A logger that fails must not decide what happens to the port.
    }
  }
}

type AnyCodecs = MapCodecs<unknown, unknown>;

/** Throws INVALID_ARGUMENT. */
function nameOf(reference: unknown): string {
  const name = typeof reference === 'string' ? reference : (reference as { name?: string })?.name;
  if (name === undefined) throw invalid('a write names its map');
  return name;
}

function factOf<T>(bytes: Uint8Array): T {
  return cborValue.decode(bytes) as T;
}

function reportOf(notice: Notice & { readonly type: 'report' }): StoreEvent {
  const { event: type, message, error } = notice;
  return { type, message, ...(error === undefined ? {} : { error: fromFailure(error) }) };
}
