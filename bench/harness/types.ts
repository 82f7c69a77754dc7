/** The shapes that questions, engines and the harness share. */
import type { Entries } from './entries.mjs';

type Awaitable<T> = T | Promise<T>;

/** One open store of any engine: three maps, binary keys and values. */
export interface Engine {
  /** A commit of one entry of the first map; settles at the durability of the open. */
  put(key: Uint8Array, value: Uint8Array): Awaitable<unknown>;
  /** The same, blocking, where the engine can wait for the medium in that way. */
  putNow?(key: Uint8Array, value: Uint8Array): unknown;
  /** One commit over the maps 0 to 2. */
  commit(writes: readonly Write[]): Awaitable<unknown>;
  get(key: Uint8Array): Uint8Array | undefined;
  /** Visits at most `limit` entries of the first map in the order of their keys. */
  scan(visit: Visit, options: ScanOptions): Awaitable<void>;
  /** Everything so far is durable when it settles, as far as the engine can. */
  flush(): Awaitable<unknown>;
  compact(): Awaitable<unknown>;
  close(): Awaitable<unknown>;
}

type Visit = (key: Uint8Array, value: Uint8Array) => void;

interface ScanOptions {
  readonly start?: Uint8Array;
  readonly limit?: number;
}

export interface Write {
  readonly map: 0 | 1 | 2;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What a commit waits for. */
export type Durability = 'synced' | 'buffered';

export interface OpenOptions {
  readonly durability: Durability;
  readonly cacheBytes: number;
}

export interface EngineKind {
  readonly name: string;
  /** How it is opened, for the page: what makes a commit durable, and what does not. */
  readonly options: string;
  /** `synced` where a commit can wait for the medium; others are only compared unsynced. */
  readonly durability: 'synced' | 'none';
  /** Whether native code is installed with it, or comes with Node. */
  readonly isNative: boolean;
  /** Data are still there after a close. */
  readonly isPersistent: boolean;
  /** Another Node, for an engine that this one does not have. */
  readonly node?: () => string;
  version(): string;
  /** Imports the library, so that this can be timed apart. */
  load(): Promise<unknown>;
  open(directory: string, options: OpenOptions): Promise<Engine>;
}

export type Unit = 'per second' | 'ms' | 'bytes' | 'MiB' | 'MB/s' | 'times' | 'KiB';

export interface Row {
  readonly name: string;
  readonly unit: Unit;
  /** What is set beside it where an engine would cost nothing. */
  readonly bare?: string;
}

export interface Scale {
  readonly entries: number;
  /** For how long each thing is measured. */
  readonly milliseconds: number;
  readonly seed: number;
  /** What an engine may keep in memory of what is on disk, where it can be told. */
  readonly cacheBytes: number;
}

export interface Context {
  readonly kind: EngineKind;
  readonly directory: string;
  readonly scale: Scale;
  readonly entries: Entries;
}

/** One value for each row; a row that cannot be measured here is absent. */
export type Figures = Record<string, number>;

export interface Question {
  readonly name: string;
  readonly asks: string;
  /** `loaded`: the directory holds `scale.entries` entries. `empty`: it is made for this alone. */
  readonly directory: 'empty' | 'loaded';
  /** `any` engine can be asked, those that keep what they hold, or only ours. */
  readonly engines: 'any' | 'persistent' | 'onewal';
  readonly rows: readonly Row[];
  measure(context: Context): Promise<Figures>;
  /** The limits beside the rows that name one. */
  bare?(context: Context): Promise<Figures>;
}
