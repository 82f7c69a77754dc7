/** The shapes of the benchmark in browsers. */
type Awaitable<T> = T | Promise<T>;

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** One open store of any engine. Whatever is written settles when it is on the medium. */
export interface BrowserEngine {
  put(key: Uint8Array, value: Uint8Array): Awaitable<unknown>;
  /** One commit. */
  commit(entries: readonly Entry[]): Awaitable<unknown>;
  get(key: Uint8Array): Awaitable<Uint8Array | undefined>;
  /** Visits the values of at most `limit` entries in the order of their keys. */
  scan(
    visit: (value: Uint8Array) => void,
    options: { readonly start?: Uint8Array; readonly limit?: number },
  ): Awaitable<void>;
  close(): Awaitable<unknown>;
}

export interface BrowserEngineKind {
  readonly name: string;
  /** What is done once in a worker before anything is opened. */
  load?(): Promise<void>;
  open(store: string): Promise<BrowserEngine>;
}

export interface BrowserScale {
  readonly entries: number;
  /** For how long each thing is measured. */
  readonly milliseconds: number;
  readonly seed: number;
}

/** What a worker is asked. `fill` makes the store, `measure` finds it in a worker of its own. */
export interface BrowserRequest {
  readonly task: 'fill' | 'measure';
  readonly engine: string;
  readonly store: string;
  readonly scale: BrowserScale;
}

export type BrowserAnswer =
  | { readonly figures: Record<string, number> }
  | { readonly error: string };
